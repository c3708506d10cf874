import type { Action, Discrepancy } from './discrepancy.ts';
import type { Sighting } from './sighting.ts';
import type { ledgerIs, remoteIs } from './truth-columns.ts';

/** One row of design.md 6. Its words are what the docs show; its columns and `when` are what decides. */
export interface TruthRow {
  readonly remote: keyof typeof remoteIs;
  readonly ledger: keyof typeof ledgerIs;
  readonly and?: string;
  readonly discrepancy: Discrepancy;
  readonly action: Action | 'refuse the run' | null;
  /** What policy `all` does instead. */
  readonly underAll?: Action;
  /** Absent: the columns say it all. */
  readonly when?: (seen: Sighting) => boolean;
  readonly reason: (seen: Sighting) => string;
}
