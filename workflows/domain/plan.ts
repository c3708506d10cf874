import type { Action, Discrepancy } from './discrepancy.ts';

/** One planned action: what is to be mended, why, and what both sides must still look like when it is applied. */
export interface PlanRow {
  readonly ip: string;
  readonly discrepancy: Discrepancy;
  readonly action: Action;
  readonly reason: string;
  /** As seen at the remote; `null`: the address was free there. */
  readonly remote: { readonly tag: string | null; readonly group: string; readonly ptr: string } | null;
  /** The version of the ledger's row; `null`: there was none. */
  readonly version: number | null;
}

export type Counts = Readonly<Partial<Record<Action, number>>>;

/** How one row ended. `changed`: not as planned any more, left for the next run. */
export const outcomes = ['done', 'failed', 'denied', 'changed'] as const;
export type Outcome = (typeof outcomes)[number];

export const policies = ['observe', 'owned', 'all'] as const;
export type Policy = (typeof policies)[number];
