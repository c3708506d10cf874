import { samePtr } from '../../workflows/domain/hostname.ts';
import { ownership, tagOf, withTag, type Mark } from '../../workflows/domain/tag.ts';
import type { AllocateOutcome, IpManager, RemoteAddress } from '../ipmanager/ip-manager.ts';
import type { AddressRecord } from '../ledger/records.ts';
import type { PlannedItem } from '../ledger/sync/sync-store.ts';
import { lockAddress, unlockAddress } from '../locking.ts';
import {
  changed,
  ended,
  lockLost,
  notDone,
  notReadBack,
  readBack,
  sendOnce,
  stalled,
  unread,
  type MendDesk,
  type NoRights,
  type Row,
  type RowEnd,
} from './desk.ts';

/** The row's own mark. An imported row has none yet: the same one is made for it however often it is asked for. */
export async function markOf({ deps }: MendDesk, item: PlannedItem, row: AddressRecord): Promise<Mark> {
  return row.mark ?? deps.ledger.repairs.markFor(`sync/${item.ip}/${item.version ?? 0}`);
}

/** The mark that is sent for a row, which the ledger knows of before the panel does. Nothing: the row is not ours to mark now. */
export async function markToSend(
  desk: MendDesk,
  { item, row }: { readonly item: PlannedItem; readonly row: AddressRecord },
): Promise<Mark | undefined> {
  const mark = await markOf(desk, item, row);
  if (row.mark !== null) return mark;
  const kept = await desk.deps.ledger.repairs.marked({ ip: row.ip, mark, run: desk.owner });
  return kept === 'saved' ? mark : undefined;
}

/** A mark that was first kept for what turned out to be clearly refused, or not sent, would read as one that was lost. */
export async function dropUnsent(
  { deps, owner }: MendDesk,
  { row, mark, outcome }: { readonly row: AddressRecord; readonly mark: Mark | undefined; readonly outcome: string },
): Promise<void> {
  if (row.mark !== null || mark === undefined || outcome === 'unknown') return;
  await deps.ledger.repairs.unmarked({ ip: row.ip, mark, run: owner });
}

/**
 * The very address a service has here and the panel has forgotten: one POST by address, with PTR and tag in it (design.md
 * 5). Pending, blocked or held by another login is the panel's own word, and the row's outcome.
 */
export async function occupy(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const { item, row, panel } = seen;
  const gone = await whyNot(desk, seen);
  if (gone !== undefined) return gone;
  if (row === undefined) return changed('it is on no service here any more');
  if (panel.capabilities.tagInAllocation === 'none') {
    return ended('denied', 'the panel keeps no note, so what is taken there could not be found again (tag-not-kept)');
  }
  const mark = await markToSend(desk, { item, row });
  if (mark === undefined) return lockLost;
  const late = stalled(desk, seen);
  if (late !== undefined) {
    await dropUnsent(desk, { row, mark, outcome: 'not-sent' });
    return late;
  }
  const request = { family: row.family, group: row.group, mark, address: item.ip, ptr: row.ptr ?? '' };
  const outcome: AllocateOutcome = await sendOnce(() => panel.allocate(request));
  if (outcome.kind === 'allocated') {
    if (outcome.ip !== item.ip) return giveBackExtra(desk, panel, { item, extra: outcome.ip });
    const held = await readBack(panel, item.ip);
    if (held === 'unread') return notReadBack;
    return settleOccupied(desk, { ...seen, held });
  }
  await dropUnsent(desk, { row, mark, outcome: outcome.kind });
  const end = notDone(outcome);
  // A clear no to taking it is a no of the panel's, whatever its reason is.
  return outcome.kind === 'refused' && end.kind === 'ended' ? ended('denied', outcome.failure.message) : end;
}

/** On no service any more, or in the hands of a run that began since. */
async function whyNot({ deps }: MendDesk, { item, row, known }: Row): Promise<RowEnd | undefined> {
  if (row === undefined || (row.state !== 'active' && row.state !== 'reserved')) {
    return changed('it is on no service here any more');
  }
  const order = row.state === 'reserved' ? known.ordersOfRows.get(item.ip) : undefined;
  if (order === undefined || (await deps.runs.closedAt(order.owner)) !== undefined) return undefined;
  return changed(`${order.owner.workflowId} works on it`);
}

/** Held again: PTR and tag as they should be, then the ledger. */
export async function settleOccupied(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const { item, row, panel } = seen;
  if (row === undefined) return changed('it is on no service here any more');
  const mark = await markOf(desk, item, row);
  if (seen.held === undefined || ownership(seen.held, mark) !== 'ours') {
    return ended('failed', 'IPmanager answered done, and it is not held there with our tag');
  }
  const { owner } = seen.held;
  if (owner !== undefined && desk.login !== null && owner !== desk.login) {
    const words = `IPmanager holds it with our tag for ${owner}, not for ${desk.login}: change its owner there`;
    return ended('failed', words);
  }
  const after = await withPtr(panel, seen.held, { ptr: row.ptr ?? '', mark });
  if (!('ip' in after)) return after;
  if (tagOf(after.note) !== mark.tag)
    return ended('failed', 'the panel does not keep our tag in the note (tag-not-kept)');
  const saved = await desk.deps.ledger.repairs.occupied({ ip: item.ip, mark, ptrSeen: after.ptr, run: desk.owner });
  if (saved !== 'saved') return lockLost;
  if (samePtr(after.ptr, row.ptr ?? '')) return ended('done');
  return ended('failed', `held again, but its PTR reads ${after.ptr === '' ? 'nothing' : after.ptr}`);
}

/** Where the mark took the place of the PTR, or the panel left it out, one more write. */
async function withPtr(
  panel: IpManager,
  held: RemoteAddress,
  want: { readonly ptr: string; readonly mark: Mark },
): Promise<RemoteAddress | RowEnd | NoRights> {
  const note = withTag(held.note, want.mark.tag);
  if (samePtr(held.ptr, want.ptr) && note === held.note) return held;
  const outcome = await sendOnce(() => panel.write({ ip: held.ip, ptr: want.ptr, note }));
  if (outcome.kind === 'absent') return notReadBack;
  if (outcome.kind !== 'done') {
    const end = notDone(outcome);
    // Taken already: whatever is missing now, the row must be looked at again.
    return end.kind === 'later' ? { kind: 'sent', why: end.failure.message } : end;
  }
  const after = await readBack(panel, held.ip);
  return after === undefined || after === 'unread' ? notReadBack : after;
}

/** The panel gave another address than was asked for: an extra, which goes back under its own lock (I7, I8). */
export async function giveBackExtra(
  desk: MendDesk,
  panel: IpManager,
  { item, extra }: { readonly item: PlannedItem; readonly extra: string },
): Promise<RowEnd | NoRights> {
  const { deps, owner, fenceMs } = desk;
  const instead = `IPmanager gave ${extra} instead`;
  const row = await deps.ledger.addresses.find(item.ip);
  if (row === undefined) return ended('failed', instead);
  const mark = await markOf(desk, item, row);
  const reason = `sync ${desk.run}: ${extra} was given instead of ${item.ip}`;
  const lock = await lockAddress(deps, extra, { run: owner, reason, fenceMs });
  if (lock.kind === 'locked') return ended('failed', `${instead}; ${lock.by.owner.workflowId} works on that`);
  const end = await deleteExtra(desk, panel, { extra, mark });
  if (end?.kind === 'sent') return end;
  await unlockAddress(deps, extra, owner);
  return end?.kind === 'later'
    ? { kind: 'sent', extra, why: end.failure.message }
    : ended('failed', `${instead}; ${end === undefined ? 'it went back' : wordsOf(end)}`);
}

async function deleteExtra(
  { deps }: MendDesk,
  panel: IpManager,
  { extra, mark }: { readonly extra: string; readonly mark: Mark },
): Promise<RowEnd | NoRights | undefined> {
  let held: RemoteAddress | undefined;
  try {
    held = await panel.read(extra);
  } catch (error) {
    return unread(error);
  }
  if (held?.state !== 'held' || ownership(held, mark) !== 'ours') return undefined;
  const known = await deps.ledger.addresses.find(extra);
  if (known !== undefined && known.state !== 'released') return changed(`${extra} is ${known.state} here`);
  const outcome = await sendOnce(() => panel.release(extra));
  if (outcome.kind === 'done' || outcome.kind === 'absent') return undefined;
  const end = notDone(outcome);
  return end.kind === 'sent' ? { ...end, extra } : end;
}

function wordsOf(end: RowEnd | NoRights): string {
  if (end.kind === 'no-rights') return end.failure.message;
  return end.kind === 'ended' ? (end.reason ?? 'it stays') : 'it stays';
}
