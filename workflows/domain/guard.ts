import type { Counts } from './plan.ts';

/** What decides over a finished plan, before the first write (design.md 5). All thresholds are per integration. */
export interface Thresholds {
  /** Refused when either side fell by more than max(`shrinkRows`, `shrinkPercent` %) since the last good run. */
  readonly shrinkRows: number;
  readonly shrinkPercent: number;
  /** A person is asked when one kind of action is planned more than max(`askRows`, `askPercent` % of the ledger) times. */
  readonly askRows: number;
  readonly askPercent: number;
}

export const defaultThresholds: Thresholds = { shrinkRows: 10, shrinkPercent: 5, askRows: 10, askPercent: 1 };

export interface Situation {
  readonly proven: boolean;
  readonly remoteCount: number;
  readonly ledgerCount: number;
  /** Of the last good run of the same login. */
  readonly baseline: { readonly remoteCount: number; readonly ledgerCount: number } | null;
  /** Our own confirmed changes since then, to be taken out of what fell. */
  readonly ownReleases: number;
  readonly counts: Counts;
  /** Some plan of this integration was approved before. */
  readonly everApproved: boolean;
  readonly thresholds: Thresholds;
}

export type Verdict =
  | { readonly verdict: 'apply'; readonly reason: null }
  | {
      readonly verdict: 'needs-approval' | 'refuse';
      readonly reason: { readonly code: string; readonly message: string };
    };
