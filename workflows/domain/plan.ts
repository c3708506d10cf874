import { isAddress, parseAddress } from './address.ts';
import type { Action, Discrepancy, Judgement, Sides } from './discrepancy.ts';
import { samePtr } from './hostname.ts';
import { compareIps } from './ip-order.ts';

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
    remote: remote.kind === 'used' ? { tag: remote.tag, group: remote.group, ptr: remote.ptr } : null,
    version: ledger.kind === 'row' ? ledger.version : null,
  };
}

/** Counts with one row more. */
export function withRow(counts: Counts, { action }: Pick<PlanRow, 'action'>): Counts {
  return { ...counts, [action]: (counts[action] ?? 0) + 1 };
}

export function countRows(rows: Iterable<Pick<PlanRow, 'action'>>): Counts {
  const counts: Partial<Record<Action, number>> = {};
  for (const { action } of rows) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

/** Planned actions that change something: everything but what is only reported. */
export function changesOf(counts: Counts): number {
  return Object.entries(counts).reduce((sum, [action, count]) => (action === 'report' ? sum : sum + count), 0);
}

/** The order of a plan: by address; what stands in a list and is no address comes last, by its text. */
export function inPlanOrder(one: Pick<PlanRow, 'ip'>, other: Pick<PlanRow, 'ip'>): number {
  const [left, right] = [isOneAddress(one.ip), isOneAddress(other.ip)];
  if (left && right) return compareIps(one.ip, other.ip);
  if (left !== right) return left ? -1 : 1;
  return one.ip === other.ip ? 0 : one.ip < other.ip ? -1 : 1;
}

function isOneAddress(text: string): boolean {
  return isAddress(parseAddress(text));
}

/**
 * The canonical text of one row: a plan's checksum is the SHA-256 over those of its rows, in their order. It holds all a
 * person saw when approving, and ends in a newline, which no JSON text has inside.
 */
export function rowText({ ip, discrepancy, action, reason, remote, version }: PlanRow): string {
  const seen = remote === null ? null : [remote.tag, remote.group, remote.ptr];
  return `${JSON.stringify([ip, discrepancy, action, reason, seen, version])}\n`;
}

/** Same tag, group and PTR there, and the same row version here (design.md 5); else the row's outcome is `changed`. */
export function stillAsPlanned(row: PlanRow, remoteNow: PlanRow['remote'], versionNow: number | null): boolean {
  return whatChanged(row, remoteNow, versionNow) === null;
}

/** In words, what is not as planned any more; `null`: all is. */
export function whatChanged(row: PlanRow, remoteNow: PlanRow['remote'], versionNow: number | null): string | null {
  const { remote, version } = row;
  if (version !== versionNow) return 'the ledger has changed it since it was planned';
  if (remote === null || remoteNow === null) {
    if (remote === remoteNow) return null;
    return remoteNow === null ? 'it is not held there any more' : 'it is held there now';
  }
  if (remote.tag !== remoteNow.tag) return `its tag there is ${remoteNow.tag ?? 'gone'}, not ${remote.tag ?? 'none'}`;
  if (remote.group !== remoteNow.group) return `its group there is ${remoteNow.group}, not ${remote.group}`;
  if (samePtr(remote.ptr, remoteNow.ptr)) return null;
  return `its PTR there is ${remoteNow.ptr || 'gone'}, not ${remote.ptr || 'none'}`;
}
