import { pipeline } from 'node:stream';
import { type CsvErrorCode, type InfoRecord, parse } from 'csv-parse';
import { errorCode, isRecord } from '../../worker/local/values.ts';

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

const problems: Readonly<Partial<Record<CsvErrorCode, string>>> = {
  INVALID_OPENING_QUOTE: 'a quote inside a cell that is not quoted',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted cell with text after its closing quote',
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_MAX_RECORD_SIZE: `a record of more than ${longestRecord} bytes`,
};

/** Strict RFC 4180: quotes around whole cells only, doubled inside; line ends LF or CRLF. Empty lines are skipped. */
export async function* csvRecords(text: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const lines = new Lines();
  const options = {
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
    on_record: (cells: readonly string[], { empty_lines }: InfoRecord) => lines.record(cells, empty_lines),
  };
  // Its types know records of another kind only together with named columns.
  const parser = parse(options as object);
  // What goes wrong before the parser comes out of it, like its own errors.
  pipeline(text, parser, () => undefined);
  try {
    for await (const record of parser) yield record as CsvRecord;
  } catch (error) {
    const problem = Object.entries(problems).find(([code]) => code === errorCode(error))?.[1];
    if (problem === undefined || !isRecord(error)) throw error;
    throw new CsvError(lines.next(Number(error['empty_lines'])), problem);
  }
}

/** Which line a record begins on: the parser's own count takes a CRLF inside quotes for two. */
class Lines {
  /** Lines of the records so far, without the empty ones between them. */
  #told = 0;

  next(emptyLines: number): number {
    return this.#told + emptyLines + 1;
  }

  record(cells: readonly string[], emptyLines: number): CsvRecord {
    const line = this.next(emptyLines);
    // Files of some old editors end lines with it: no record of them would be one.
    if (cells.some((cell) => /\r(?!\n)/.test(cell))) {
      throw new CsvError(line, 'a line end of an unknown kind (CR alone)');
    }
    this.#told += 1;
    for (const cell of cells) this.#told += cell.split('\n').length - 1;
    return { line, cells };
  }
}
