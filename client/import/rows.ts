import { type ImportField, importFields } from '../../workflows/domain/import-row.ts';
import { IptallyError } from '../../worker/iptally-error.ts';
import { isRecord } from '../../worker/local/values.ts';
import { CsvError, csvRecords } from './csv.ts';
import { LineTooLong, linesOf } from './lines.ts';

/** One row as it stands in the file, or why it is none. */
export type RawRow =
  | { readonly line: number; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly problem: string; readonly value: string };

const needed: readonly ImportField[] = ['service', 'kind', 'domain', 'server', 'tariff'];
const acceptedFile = 'UTF-8: CSV with a header line, or JSON lines (one object a line)';

/** So long may one line of JSON be, and what stands before the first row. */
const longest = 1_000_000;

/** The rows of a file, CSV or JSON lines by its first character. Throws where the file as a whole cannot be read. */
export async function* rowsOf(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawRow> {
  const text = textOf(name, chunks);
  const { emptyLines, begun } = await beginning(name, text);
  if (begun.startsWith('[')) throw unreadable(name, 'it is one JSON array: put one object on each line');
  const all = withBeginning('\n'.repeat(emptyLines) + begun, text);
  yield* begun.startsWith('{') ? jsonRows(name, all) : csvRows(name, all);
}

/** Characters of other encodings would become names of nobody. The byte order mark is no character. */
async function* textOf(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw unreadable(name, 'it is not UTF-8');
    }
  };
  for await (const chunk of chunks) yield decoded(chunk);
  yield decoded();
}

/** Up to where the first row begins, and how many lines stand before it. */
async function beginning(
  name: string,
  text: AsyncGenerator<string>,
): Promise<{ readonly emptyLines: number; readonly begun: string }> {
  for (let begun = ''; begun.length <= longest;) {
    const { value, done } = await text.next();
    if (done === true) throw unreadable(name, 'it is empty');
    begun += value;
    const row = begun.trimStart();
    if (row !== '') return { emptyLines: begun.slice(0, -row.length).split('\n').length - 1, begun: row };
  }
  throw unreadable(name, `it begins with more than ${longest} blanks`);
}

async function* withBeginning(begun: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield begun;
  yield* rest;
}

async function* csvRows(name: string, text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  let header: readonly string[] | undefined;
  try {
    for await (const { line, cells } of csvRecords(text)) {
      if (header === undefined) header = headerOf(name, cells);
      else yield csvRow(line, header, cells);
    }
  } catch (error) {
    throw error instanceof CsvError ? unreadable(name, `it is no CSV: ${error.message}`) : error;
  }
}

function headerOf(name: string, cells: readonly string[]): readonly string[] {
  const columns = cells.map((cell) => cell.trim().toLowerCase());
  const known: readonly string[] = importFields;
  const odd = columns.find((column, at) => !known.includes(column) || columns.indexOf(column) !== at);
  if (odd !== undefined)
    throw wrongHeader(name, `the column "${odd.slice(0, 60)}" is ${known.includes(odd) ? 'there twice' : 'unknown'}`);
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0)
    throw wrongHeader(name, `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`);
  return columns;
}

function csvRow(line: number, header: readonly string[], cells: readonly string[]): RawRow {
  if (cells.length !== header.length) {
    const problem = `has ${cells.length} cells, and the header has ${header.length}`;
    return { line, problem, value: cells.join(',').slice(0, 120) };
  }
  return { line, fields: Object.fromEntries(header.map((column, at) => [column, cells[at]])) };
}

async function* jsonRows(name: string, text: AsyncIterable<string>): AsyncGenerator<RawRow> {
  let line = 0;
  try {
    for await (const written of linesOf(text, longest)) {
      line += 1;
      if (written.trim() === '') continue;
      const fields = parsed(written);
      if (isRecord(fields)) yield { line, fields };
      else yield { line, problem: 'is not one JSON object', value: written.slice(0, 120) };
    }
  } catch (error) {
    throw error instanceof LineTooLong ? unreadable(name, error.message) : error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function unreadable(name: string, why: string): IptallyError {
  return new IptallyError({
    code: 'file-not-readable',
    message: `${name} cannot be read as an import: ${why}`,
    field: 'file',
    value: name,
    accepted: acceptedFile,
    next: 'correct the file and run the command again; nothing was imported',
    exitStatus: 2,
  });
}

function wrongHeader(name: string, why: string): IptallyError {
  return new IptallyError({
    code: 'invalid-input',
    message: `${name}: in its header line ${why}`,
    field: 'header',
    value: name,
    accepted: `${importFields.join(', ')}; needed: ${needed.join(', ')}`,
    next: 'correct the header line and run the command again; nothing was imported',
    exitStatus: 2,
  });
}
