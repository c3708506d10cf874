import type { Action, Discrepancy, Judgement, ListedSide, Sides } from './discrepancy.ts';
import { samePtr } from './hostname.ts';
import type { AddressState } from './states.ts';

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

/**
 * Plans are kept whole so long: of the last runs, and of all runs of the last days. A night of 50,000 reports is some 15 MB.
 */
export const keptRuns = 30;
export const keptDays = 30;

/** A row before a policy has seen it (policy.ts). */
export interface DraftRow extends PlanRow {
  readonly policyAction: Action | null;
}

/** What a judgement asks for, or nothing when it asks for nothing. */
export function draftRow(ip: string, { remote, ledger }: Sides, judgement: Judgement): DraftRow | undefined {
  const { discrepancy, action, reason, policyAction } = judgement;
  if (action === null) return undefined;
  return {
    ip,
    discrepancy,
    action,
    reason,
    policyAction,
    remote: heldAs(remote),
    version: ledger.kind === 'row' ? ledger.version : null,
  };
}

/** What a plan keeps of the remote's side; `null`: it is held by nobody there. */
export function heldAs(remote: ListedSide): PlanRow['remote'] {
  return remote.kind === 'used' ? { tag: remote.tag, group: remote.group, ptr: remote.ptr } : null;
}

/** Planned actions that change something: everything but what is only reported. */
export function changesOf(counts: Counts): number {
  return Object.entries(counts).reduce((sum, [action, count]) => (action === 'report' ? sum : sum + count), 0);
}

/**
 * The canonical text of one row: a plan's checksum is the SHA-256 over those of its rows, in their order. It holds all a
 * person saw when approving, and ends in a newline, which no JSON text has inside.
 */
export function rowText({ ip, discrepancy, action, reason, remote, version }: PlanRow): string {
  const seen = remote === null ? null : [remote.tag, remote.group, remote.ptr];
  return `${JSON.stringify([ip, discrepancy, action, reason, seen, version])}\n`;
}

/** Both sides of a planned address as they are at the moment of the act. */
export interface SidesNow {
  readonly remote: PlanRow['remote'];
  readonly ledger: { readonly state: AddressState; readonly version: number } | null;
}

/**
 * What is not as planned any more, in words; nothing when the row still stands: same tag, group and PTR there, and the
 * same row version here (design.md 5). Else its outcome is `changed`.
 */
export function whatChanged(row: PlanRow, { remote, ledger }: SidesNow): string | undefined {
  return changedThere(row.remote, remote) ?? changedHere(row.version, ledger);
}

function changedThere(planned: PlanRow['remote'], now: PlanRow['remote']): string | undefined {
  if (planned === null) return now === null ? undefined : 'it is held in IPmanager again';
  if (now === null) return 'it is not held in IPmanager any more';
  if (now.tag !== planned.tag) return 'its tag in IPmanager is another';
  if (now.group !== planned.group) return `its group in IPmanager is ${now.group}`;
  return samePtr(now.ptr, planned.ptr)
    ? undefined
    : `its PTR in IPmanager reads ${now.ptr === '' ? 'nothing' : now.ptr}`;
}

/** Where no row was planned, one that is only history counts as none. */
function changedHere(planned: number | null, now: SidesNow['ledger']): string | undefined {
  if (planned === null) return now === null || now.state === 'released' ? undefined : `here it is ${now.state} now`;
  if (now === null) return 'the ledger has no row of it';
  return now.version === planned ? undefined : `its row here changed meanwhile; it is ${now.state}`;
}
