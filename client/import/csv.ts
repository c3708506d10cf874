/** One record: its cells, and the line of the file it begins on. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A file that is no CSV from this line on: where the next record begins nobody can know. */
export class CsvError extends Error {
  readonly line: number;
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.name = 'CsvError';
    this.line = line;
  }
}

/** A quote that is never closed must not swallow a file of gigabytes. */
const longestRecord = 1_000_000;

/** Strict RFC 4180: quotes around whole cells only, doubled inside; line ends LF or CRLF. Empty lines are skipped. */
export async function* csvRecords(lines: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let number = 0;
  let begun = 0;
  let length = 0;
  let open: string[] = [];
  for await (const line of lines) {
    number += 1;
    if (open.length === 0 && (line === '' || line === '\r')) continue;
    if (open.length === 0) [begun, length] = [number, 0];
    open.push(line);
    length += line.length + 1;
    if (length > longestRecord) throw new CsvError(begun, `a record of more than ${longestRecord} characters`);
    // An open quote is closed only by a line with an odd number of quotes: looked at once, however long it is.
    if (open.length > 1 && line.split('"').length % 2 === 1) continue;
    const cells = cellsOf(open.join('\n').replace(/\r$/, ''));
    if (cells === 'open') continue;
    if (typeof cells === 'string') throw new CsvError(begun, cells);
    yield { line: begun, cells };
    open = [];
  }
  if (open.length > 0) throw new CsvError(begun, 'a quote is opened and never closed');
}

/** The cells of a record; `open` when a quoted cell goes on in the next line; else what is wrong. */
function cellsOf(text: string): readonly string[] | 'open' | `a ${string}` {
  const cells: string[] = [];
  for (let at = 0; ; at += 1) {
    const end = text[at] === '"' ? endOfQuoted(text, at) : endOfPlain(text, at);
    if (end === undefined) return 'open';
    const cell = text.slice(at, end);
    if (cell.startsWith('"')) cells.push(cell.slice(1, -1).replaceAll('""', '"'));
    else if (cell.includes('"')) return 'a quote inside a cell that is not quoted';
    else if (cell.includes('\r')) return 'a line end of an unknown kind (CR alone)';
    else cells.push(cell);
    if (end === text.length) return cells;
    if (text[end] !== ',') return 'a quoted cell with text after its closing quote';
    at = end;
  }
}

function endOfPlain(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  return comma === -1 ? text.length : comma;
}

/** Just after the closing quote. */
function endOfQuoted(text: string, from: number): number | undefined {
  for (let at = from + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at === -1) return undefined;
    if (text[at + 1] !== '"') return at + 1;
  }
}
