import type { ImportRow, RowProblem } from '../../workflows/domain/import-row.ts';

/** The port to take in what exists already: services with their addresses (design.md 9). */
export interface ImportStore {
  /**
   * All rows in one transaction, or none; under `skipBad` those of all good lines. Services become `active`, addresses `active` and
   * `untagged`, with history. What is here already, just so, is left as it is: again is harmless. Rows are put aside as
   * they come, so memory does not grow with the file. Nothing is written while another import is at that.
   */
  import(request: ImportRequest): Promise<Imported | 'another-runs'>;
}

/** A row that was checked by itself (workflows/domain/import-row.ts), with its line in the file. */
export interface ImportLine {
  readonly line: number;
  readonly row: ImportRow;
}

export interface BadLine {
  readonly line: number;
  readonly problem: RowProblem;
}

export interface ImportRequest {
  readonly lines: AsyncIterable<readonly ImportLine[]>;
  /** Everything is checked, nothing is written. */
  readonly dryRun: boolean;
  readonly skipBad: boolean;
  /** Services removed here begin a new life, addresses they gave back are theirs again; otherwise such lines are bad. */
  readonly restoreRemoved?: boolean | undefined;
  /** Lines the caller found bad by itself; asked when all lines were read. Without `skipBad` one of them keeps all out. */
  readonly badLines?: () => number;
  /** What the ledger says against lines, in their order. */
  readonly onBad: (bad: readonly BadLine[]) => void;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  readonly phase: 'reading' | 'checking' | 'writing';
  /** Lines read so far. */
  readonly lines: number;
}

export interface Imported {
  /** Whether anything was written, or would be but for `dryRun`. */
  readonly outcome: 'imported' | 'checked' | 'refused';
  readonly lines: number;
  /** Lines the ledger has something against. */
  readonly bad: number;
  readonly services: ImportedCount;
  readonly addresses: ImportedCount;
}

export interface ImportedCount {
  /** New (in a dry run: that would be). */
  readonly added: number;
  /** Here already, just so. */
  readonly known: number;
}
