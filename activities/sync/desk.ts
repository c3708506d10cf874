import type { Failure } from '../../workflows/domain/failure.ts';
import { heldAs, whatChanged, type Outcome } from '../../workflows/domain/plan.ts';
import { notMeant, type Intent } from '../../workflows/domain/policy.ts';
import type { Deps } from '../deps.ts';
import { applicationFailure } from '../failures.ts';
import {
  RemoteError,
  type IpManager,
  type MutationOutcome,
  type NoAnswer,
  type RemoteAddress,
} from '../ipmanager/ip-manager.ts';
import type { AddressRecord, RunRef } from '../ledger/records.ts';
import type { Known, PlannedItem } from '../ledger/sync/sync-store.ts';
import { remoteSide } from './remote-side.ts';

/** What every row of one batch is mended with. */
export interface MendDesk {
  readonly deps: Deps;
  readonly run: string;
  readonly owner: RunRef;
  readonly integration: string;
  readonly fenceMs: number;
  /** Nothing is done that was not begun: the run was stopped. */
  readonly settleOnly: boolean;
  /** Under an administrator only what is ours is released, unless `all` was set on purpose (design.md 5). */
  readonly allOnPurpose: boolean;
  readonly installation: string;
  /** Addresses that were imported get their tag from the sync. */
  readonly tagImported: boolean;
  /** The integration still speaks to the panel and login that the plan was made of. */
  readonly samePanel: boolean;
  /** What the integration says now, which may be less than when the plan was made. */
  readonly intent: Intent;
  /** The integration's user: what is taken must be held by it, also when an administrator took it. */
  readonly login: string | null;
}

/** One row, looked at on both sides under its address's lock. */
export interface Row {
  readonly item: PlannedItem;
  readonly panel: IpManager;
  readonly asAdministrator: boolean;
  /** As IPmanager holds it now; pending and blocked addresses are held by nobody. */
  readonly held: RemoteAddress | undefined;
  /** The ledger's row that counts now. */
  readonly row: AddressRecord | undefined;
  readonly known: Known;
  /** When both sides were looked at: nothing is sent long after (I4). */
  readonly lookedAt: number;
}

/** What one try at a row came to. */
export type RowEnd =
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly reason: string | null }
  /** Something was sent and its outcome is not known: the lock stays until the fence is over. */
  | { readonly kind: 'sent'; readonly extra?: string; readonly why: string }
  /** Nothing was sent: tried again a little later. */
  | { readonly kind: 'later'; readonly failure: Failure }
  /** To be finished by its own workflow. */
  | { readonly kind: 'start-release' }
  /** The ledger takes the PTR; many at once, one transaction. */
  | { readonly kind: 'adopt'; readonly ptr: string; readonly version: number };

/** The login lacks the right: the administrator's may do. */
export interface NoRights {
  readonly kind: 'no-rights';
  readonly failure: Failure;
  /** What could not be written was our tag, which is gone. */
  readonly tagGone?: true;
}

export function ended(outcome: Outcome, reason: string | null = null): RowEnd {
  return { kind: 'ended', outcome, reason };
}

export const changed = (what: string): RowEnd => ended('changed', `not as planned any more: ${what}`);

const missingRights: readonly string[] = ['access-denied', 'group-not-allowed'];

/** A read or a login that failed before anything was sent. */
export function unread(error: unknown): RowEnd | NoRights {
  if (!(error instanceof RemoteError)) throw error;
  const { failure } = error;
  if (missingRights.includes(failure.code)) return { kind: 'no-rights', failure };
  if (failure.code === 'login-refused') throw applicationFailure(failure, false);
  return error.retryable ? { kind: 'later', failure } : ended('failed', failure.message);
}

type Unfinished = RowEnd | NoRights;

/** One mutation; `access` had no effect, so it is said once more on a fresh session (design.md 3, step 2). */
export async function sendOnce<Done extends MutationOutcome | { readonly kind: 'allocated' }>(
  call: () => Promise<Done | NoAnswer>,
): Promise<Done | NoAnswer> {
  const first = await call();
  return first.kind === 'not-logged-in' && first.failure.code !== 'login-refused' ? call() : first;
}

/** What a mutation that was not done means for its row. */
export function notDone(outcome: NoAnswer): Unfinished {
  const { kind, failure } = outcome;
  switch (kind) {
    case 'unknown':
      return { kind: 'sent', why: failure.message };
    case 'not-sent':
      return { kind: 'later', failure };
    case 'not-logged-in':
      if (failure.code === 'login-refused') throw applicationFailure(failure, false);
      return { kind: 'no-rights', failure };
    case 'refused':
      return missingRights.includes(failure.code) ? { kind: 'no-rights', failure } : ended('failed', failure.message);
  }
}

/** Nothing is sent later than this after both sides were looked at: a stalled worker must not act on what was. */
const sendWithinMs = 5_000;

export function stalled({ deps }: MendDesk, { lookedAt }: Row): RowEnd | undefined {
  if (deps.now() - lookedAt <= sendWithinMs) return undefined;
  const message = 'more than 5 s passed since both sides were looked at, so nothing was sent';
  return { kind: 'later', failure: { code: 'worker-stalled', message, next: 'nothing: it is tried again' } };
}

/** A look after something was sent: when it fails, what was sent is as good as not heard of. */
export async function readBack(panel: IpManager, ip: string): Promise<RemoteAddress | undefined | 'unread'> {
  try {
    const seen = await panel.read(ip);
    return seen?.state === 'held' ? seen : undefined;
  } catch (error) {
    if (error instanceof RemoteError) return 'unread';
    throw error;
  }
}

export const notReadBack: RowEnd = { kind: 'sent', why: 'it could not be read back' };
export const lockLost: RowEnd = changed('its lock went to another run');

/** What is not as planned any more, on either side; nothing when the row still stands (design.md 5). */
export function differs(
  item: PlannedItem,
  held: RemoteAddress | undefined,
  row: AddressRecord | undefined,
): string | undefined {
  return whatChanged(item, { remote: heldAs(remoteSide(held)), ledger: row ?? null });
}

/** Whether it is still to be done: there, with its group not ignored by now and the policy not narrower (design.md 5). */
export function forbiddenNow(desk: MendDesk, { item, held, row }: Row): string | undefined {
  const { intent, samePanel, tagImported } = desk;
  if (item.action === 'tag' && row?.mark === null && !tagImported) return 'imported addresses get no tag any more';
  if (!samePanel) return 'the integration points to another panel or login since it was planned';
  const here = row === undefined || row.state === 'released' ? [] : [row.group];
  return notMeant(item, [...(held === undefined ? [] : [held.group]), ...here], intent) ?? undefined;
}
