import { parseHostname, samePtr } from '../../workflows/domain/hostname.ts';
import { tagIsDue } from '../../workflows/domain/sighting.ts';
import { tagOf, withTag, type Mark } from '../../workflows/domain/tag.ts';
import type { RemoteAddress, RemoteChange } from '../ipmanager/ip-manager.ts';
import type { AddressRecord } from '../ledger/records.ts';
import type { Repaired } from '../ledger/sync/repairs.ts';
import type { PlannedItem } from '../ledger/sync/sync-store.ts';
import {
  changed,
  differs,
  ended,
  lockLost,
  notDone,
  notReadBack,
  readBack,
  sendOnce,
  stalled,
  type MendDesk,
  type NoRights,
  type Row,
  type RowEnd,
} from './desk.ts';
import { dropUnsent, markToSend, markOf } from './occupy.ts';

/** Both sides of an address that is on a service here and held there. */
interface Both extends Row {
  readonly held: RemoteAddress;
  readonly row: AddressRecord;
}

function bothOf(row: Row): Both | RowEnd {
  const { held, row: record, known, item } = row;
  if (held === undefined) return changed('it is not held in IPmanager any more');
  if (record === undefined || (record.state !== 'active' && record.state !== 'reserved')) {
    return changed('it is on no service here any more');
  }
  // A conflict's mark is never taken over, and never written over (I5).
  return known.conflicts.has(item.ip) ? changed('a conflict is open on it') : { ...row, held, row: record };
}

/** The PTR the ledger wants goes onto the address, and the tag along where one is due. */
export async function writePtr(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const both = bothOf(seen);
  if ('kind' in both) return both;
  const { held, row } = both;
  const ptr = row.ptr ?? '';
  const mark = await tagAlong(desk, both);
  const note = mark === undefined ? held.note : withTag(held.note, mark.tag);
  const after = samePtr(held.ptr, ptr) && note === held.note ? held : await write(desk, both, { ptr, note });
  if (!('ip' in after)) return after;
  const marked = await keepMark(desk, { ...after, mark });
  if (!samePtr(after.ptr, ptr)) return ended('failed', `IPmanager answered done, and the PTR reads ${after.ptr}`);
  return keepPtr(desk, row, { marked, ptrSeen: after.ptr });
}

/** The ledger takes the PTR a person wrote at the panel. Never an empty, invalid or tag-shaped one, nor the conflict mark. */
export async function adopt(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const both = bothOf(seen);
  if ('kind' in both) return both;
  const { held, row, item } = both;
  const parsed = parseHostname(held.ptr);
  if ('problem' in parsed) return ended('failed', `the PTR ${parsed.problem}; it is not taken over`);
  const mark = await tagAlong(desk, both);
  if (mark === undefined) return { kind: 'adopt', ptr: parsed.name, version: item.version ?? row.version };
  const note = withTag(held.note, mark.tag);
  const after = note === held.note ? held : await write(desk, both, { ptr: held.ptr, note });
  if (!('ip' in after)) return after;
  const marked = await keepMark(desk, { ...after, mark });
  return keepPtr(desk, row, { marked, ptr: parsed.name, ptrSeen: parsed.name });
}

/** A copy of this step wrote the tag along: that is kept whatever else changed since; the PTR only if it is as planned. */
export async function settleAdopted(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const { item, held, row } = seen;
  const tag = held === undefined ? null : (tagOf(held.note) ?? null);
  const what = differs({ ...item, remote: item.remote === null ? null : { ...item.remote, tag } }, held, row);
  if (what === undefined) return adopt(desk, seen);
  const end = await tagAgain(desk, seen);
  return end.kind === 'ended' && end.outcome === 'done' ? changed(what) : end;
}

/**
 * The tag that goes along with a PTR, or the next sync had it to write (I10): one that is due, or one that a copy of this
 * step wrote and did not come to keep.
 */
async function tagAlong(desk: MendDesk, { item, held, row }: Both): Promise<Mark | undefined> {
  const there = tagOf(held.note) ?? null;
  const due = tagIsDue({ tag: there }, { tag: row.mark?.tag ?? null }, desk);
  if (!due && (there === null || !row.untagged)) return undefined;
  const mark = await markOf(desk, item, row);
  return due || there === mark.tag ? mark : undefined;
}

/** Our tag goes (back) into the note; what people wrote there stays. */
export async function tagAgain(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const both = bothOf(seen);
  if ('kind' in both) return both;
  const { held, row, item } = both;
  const mark = await markOf(desk, item, row);
  const done = tagOf(held.note) === mark.tag;
  const after = done ? held : await write(desk, both, { ptr: held.ptr, note: withTag(held.note, mark.tag) });
  if (!('ip' in after)) return noteLost(desk, after, row);
  if (tagOf(after.note) !== mark.tag) return tagNotKept(desk, row);
  const saved = await desk.deps.ledger.repairs.tagged({ ip: row.ip, mark, run: desk.owner });
  return saved === 'saved' ? ended('done') : lockLost;
}

async function tagNotKept(desk: MendDesk, row: AddressRecord): Promise<RowEnd | NoRights> {
  await desk.deps.ledger.settings.integrations.markTagNotKept(desk.integration);
  return noteLost(desk, ended('failed', 'the panel does not keep our tag in the note (tag-not-kept)'), row);
}

/**
 * The tag is gone and stays gone for now: the row says so, and a later release goes by the row (I2). A missing right is not
 * the last word: an administrator's login may have it, and finds the row as it was planned.
 */
async function noteLost(desk: MendDesk, end: RowEnd | NoRights, row: AddressRecord): Promise<RowEnd | NoRights> {
  if (end.kind === 'no-rights') return { ...end, tagGone: true };
  if (end.kind === 'ended' && end.outcome === 'failed')
    await desk.deps.ledger.repairs.untagged({ ip: row.ip, run: desk.owner });
  return end;
}

/** What the tag of this row is to be stands on the address. */
export async function isTagged(
  desk: MendDesk,
  { item, held, row }: { readonly item: PlannedItem; readonly held: RemoteAddress; readonly row: AddressRecord },
): Promise<boolean> {
  return tagOf(held.note) === (await markOf(desk, item, row)).tag;
}

/** One write of the whole form, read back. */
async function write(
  desk: MendDesk,
  row: Both,
  change: Required<Omit<RemoteChange, 'ip'>>,
): Promise<RemoteAddress | RowEnd | NoRights> {
  const { panel, item } = row;
  const first = row.row.mark === null && tagOf(change.note) !== tagOf(row.held.note);
  const mark = first ? await markToSend(desk, row) : undefined;
  if (first && mark === undefined) return lockLost;
  const late = stalled(desk, row);
  if (late !== undefined) {
    await dropUnsent(desk, { row: row.row, mark, outcome: 'not-sent' });
    return late;
  }
  const outcome = await sendOnce(() => panel.write({ ip: item.ip, ...change }));
  if (outcome.kind !== 'done') await dropUnsent(desk, { row: row.row, mark, outcome: outcome.kind });
  if (outcome.kind === 'absent') return changed('it is not held in IPmanager any more');
  if (outcome.kind !== 'done') return notDone(outcome);
  const after = await readBack(panel, item.ip);
  if (after === 'unread') return notReadBack;
  return after ?? changed('it is not held in IPmanager any more');
}

/** A tag that went along, before all else: an address that carries a mark no row knows would be nobody's (I3). */
async function keepMark(
  { deps, owner }: MendDesk,
  { ip, note, mark }: Pick<RemoteAddress, 'ip' | 'note'> & { readonly mark: Mark | undefined },
): Promise<Repaired | 'not-kept'> {
  if (mark === undefined) return 'saved';
  return tagOf(note) === mark.tag ? deps.ledger.repairs.tagged({ ip, mark, run: owner }) : 'not-kept';
}

async function keepPtr(
  desk: MendDesk,
  row: AddressRecord,
  read: { readonly marked: Repaired | 'not-kept'; readonly ptr?: string; readonly ptrSeen: string },
): Promise<RowEnd | NoRights> {
  const { marked, ...ptrs } = read;
  if (marked === 'lock-lost' || marked === 'not-bound') return lockLost;
  const { addresses } = desk.deps.ledger;
  const saved = await addresses.savePtr({ ip: row.ip, ...ptrs, unlock: false, run: desk.owner });
  if (saved === 'lock-lost') return lockLost;
  return marked === 'saved' ? ended('done') : tagNotKept(desk, row);
}
