import { ownership, parseTag, tagOf } from '../../workflows/domain/tag.ts';
import type { IpManager } from '../ipmanager/ip-manager.ts';
import type { PlannedItem } from '../ledger/sync/sync-store.ts';
import { lockAddress } from '../locking.ts';
import { adopt, isTagged, settleAdopted, tagAgain, writePtr } from './change.ts';
import {
  changed,
  differs,
  ended,
  forbiddenNow,
  unread,
  type MendDesk,
  type NoRights,
  type Row,
  type RowEnd,
} from './desk.ts';
import { giveBackExtra, markOf, occupy, settleOccupied } from './occupy.ts';
import { release, released } from './release.ts';
import { samePtr } from '../../workflows/domain/hostname.ts';

/** A row that was tried before in this run, and how that went. */
export interface Again {
  readonly ip: string;
  /** The row before it in the plan: where it is found again. */
  readonly before: string | null;
  readonly tries: number;
  /** Something was sent; its fence is over by the time the row comes back. */
  readonly sent: boolean;
  /** Another address the panel gave instead, which is still to go back. */
  readonly extra: string | null;
  readonly why: string;
}

export interface Turn {
  readonly item: PlannedItem;
  readonly again: Again | undefined;
  /** Our lock was on it before: a copy of this step that ended in the middle may have sent something. */
  readonly resumed: boolean;
}

/** How often one row is tried; then its outcome says what stands in the way. */
const mostTries = 5;

/**
 * One row of the plan: under its address's lock, with a fresh look on both sides at the moment of the act (I4, I8). Not
 * as planned any more is an outcome; so is a missing right. The lock is left to the caller, who lets it go once the
 * outcome is kept.
 */
export async function mendRow(desk: MendDesk, turn: Turn): Promise<RowEnd> {
  const { item, again } = turn;
  const lock = await lockAddress(desk.deps, item.ip, {
    run: desk.owner,
    reason: `sync ${desk.run}: ${item.action} ${item.ip}`,
    fenceMs: desk.fenceMs,
  });
  if (lock.kind === 'locked') {
    return changed(`${lock.by.owner.workflowId} works on it (${lock.by.reason})`);
  }
  const user = await desk.deps.panels.of(desk.integration);
  if (again?.extra !== undefined && again.extra !== null) {
    return again.tries > mostTries
      ? ended('failed', `IPmanager gave ${again.extra} instead, which could not be given back: ${again.why}`)
      : asFailed(await giveBackExtra(desk, user, { item, extra: again.extra }));
  }
  const first = await tryRow(desk, turn, { panel: user, asAdministrator: false });
  if (first.kind !== 'no-rights') return lastWord(first, again);
  const administrator = await desk.deps.panels.administratorOf(desk.integration);
  if (administrator === undefined) return denied(desk, item, [first]);
  const second = await tryAsAdministrator(desk, turn, administrator).catch(refusedToo);
  if (second.kind !== 'no-rights') return lastWord(second, again);
  return denied(desk, item, [first, second]);
}

/** The last word on a missing right. A tag that stays gone is noted: a later release goes by the row (I2). */
async function denied(desk: MendDesk, { ip }: PlannedItem, tries: readonly NoRights[]): Promise<RowEnd> {
  if (tries.some(({ tagGone }) => tagGone === true)) await desk.deps.ledger.repairs.untagged({ ip, run: desk.owner });
  return ended('denied', tries.map(({ failure }) => failure.message).join(" The administrator's login, too: "));
}

/** Never changing an owner: under a panel that does not act as the user nothing is tried (design.md 5). */
async function tryAsAdministrator(desk: MendDesk, turn: Turn, panel: IpManager): Promise<RowEnd | NoRights> {
  try {
    if (!(await panel.actsAsUser())) return actsAsItself;
  } catch (error) {
    return unread(error);
  }
  return tryRow(desk, turn, { panel, asAdministrator: true });
}

const actsAsItself: NoRights = {
  kind: 'no-rights',
  failure: {
    code: 'su-not-heeded',
    message: 'The panel does not act as the user for it (su), so nothing was tried.',
    next: 'Give the user login the right at the panel, or do it by hand there; see integration test',
  },
};

/** An administrator's login that does not work is no more than one right less. */
function refusedToo(error: unknown): NoRights {
  if (typeof error === 'object' && error !== null && 'type' in error && error.type === 'login-refused') {
    const message = error instanceof Error ? error.message : 'the login was refused';
    return { kind: 'no-rights', failure: { code: 'login-refused', message, next: 'see integration test' } };
  }
  throw error;
}

function asFailed(end: RowEnd | NoRights): RowEnd {
  return end.kind === 'no-rights' ? ended('failed', end.failure.message) : end;
}

/** A row that never comes to a clear end is given up with what was heard last; the next sync looks at it anew. */
function lastWord(end: RowEnd, again: Again | undefined): RowEnd {
  const tries = (again?.tries ?? 0) + 1;
  if (tries < mostTries || end.kind !== 'later') return end;
  return ended('failed', end.failure.message);
}

interface Login {
  readonly panel: IpManager;
  readonly asAdministrator: boolean;
}

async function tryRow(desk: MendDesk, turn: Turn, login: Login): Promise<RowEnd | NoRights> {
  const { item, again, resumed } = turn;
  let row: Row;
  try {
    row = await lookAtRow(desk, item, login);
  } catch (error) {
    return unread(error);
  }
  if ((resumed || again?.sent === true) && (await reached(desk, row))) return settle(desk, row);
  const what = differs(item, row.held, row.row) ?? forbiddenNow(desk, row);
  if (what !== undefined) return changed(what);
  if (again?.sent === true && again.tries >= mostTries) {
    return ended('failed', `after ${again.tries} tries it is not known whether it was done: ${again.why}`);
  }
  if (desk.settleOnly) return ended('failed', `the run was stopped: ${again?.why ?? 'it was not begun'}`);
  return act(desk, row);
}

/** The remote first, the ledger last: between the look at it and the act nothing is asked (I4). */
async function lookAtRow({ deps }: MendDesk, item: PlannedItem, login: Login): Promise<Row> {
  const seen = await login.panel.read(item.ip).catch((error: unknown) => unseen(error, item));
  const held = seen?.state === 'held' ? seen : undefined;
  const lookedAt = deps.now();
  const row = await deps.ledger.addresses.find(item.ip);
  const tag = held === undefined ? undefined : tagOf(held.note);
  const label = held?.ptr.split('.')[0];
  const known = await deps.ledger.syncs.lookUp({
    ips: [item.ip],
    tags: tag === undefined ? [] : [tag],
    labels: label === undefined || label === '' ? [] : [label],
  });
  return { item, ...login, held, row, known, lookedAt };
}

/**
 * An address that this login may not look at is held by another one, or withheld: free to take it is not, and the panel's
 * own words on an attempt to occupy it say so.
 */
function unseen(error: unknown, { action }: PlannedItem): undefined {
  if (action === 'occupy' && unread(error).kind === 'no-rights') return undefined;
  throw error;
}

/** It is as the action would have it: what was sent has been done. */
async function reached(desk: MendDesk, { item, held, row }: Row): Promise<boolean> {
  switch (item.action) {
    case 'release':
      return held === undefined;
    case 'occupy':
      return held !== undefined && row !== undefined && ownership(held, await markOf(desk, item, row)) === 'ours';
    case 'write-ptr':
      return held !== undefined && row !== undefined && samePtr(held.ptr, row.ptr ?? '');
    case 'tag':
      return held !== undefined && row !== undefined && (await isTagged(desk, { item, held, row }));
    case 'adopt-ptr':
      // Only where the tag was to go along: a copy of this step has written it.
      return (
        item.remote?.tag === null &&
        held !== undefined &&
        row !== undefined &&
        (await isTagged(desk, { item, held, row }))
      );
    case 'report':
      return false;
  }
}

async function settle(desk: MendDesk, row: Row): Promise<RowEnd | NoRights> {
  switch (row.item.action) {
    case 'release':
      return released(desk, row);
    case 'occupy':
      return settleOccupied(desk, row);
    case 'write-ptr':
      return writePtr(desk, row);
    case 'tag':
      return tagAgain(desk, row);
    case 'adopt-ptr':
      return settleAdopted(desk, row);
    case 'report':
      return ended('done');
  }
}

async function act(desk: MendDesk, row: Row): Promise<RowEnd | NoRights> {
  const { item, held, asAdministrator } = row;
  switch (item.action) {
    case 'release': {
      if (item.discrepancy === 'release-unfinished') return { kind: 'start-release' };
      const ours = held !== undefined && parseTag(held.note)?.installation === desk.installation;
      if (asAdministrator && !ours && !desk.allOnPurpose) {
        return ended('denied', 'as administrator only what carries our tag is released, unless policy `all` is set');
      }
      return release(desk, row);
    }
    case 'occupy':
      return occupy(desk, row);
    case 'write-ptr':
      return writePtr(desk, row);
    case 'tag':
      return tagAgain(desk, row);
    case 'adopt-ptr':
      return adopt(desk, row);
    case 'report':
      return ended('done');
  }
}
