import { parseHostname, samePtr } from '../../workflows/domain/hostname.ts';
import { lostItsTag } from '../../workflows/domain/sighting.ts';
import { tagOf, withTag } from '../../workflows/domain/tag.ts';
import type { RemoteAddress, RemoteChange } from '../ipmanager/ip-manager.ts';
import type { AddressRecord } from '../ledger/records.ts';
import type { PlannedItem } from '../ledger/sync/sync-store.ts';
import {
  changed,
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
import { markOf } from './occupy.ts';

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

/** The PTR the ledger wants goes onto the address; a tag that was lost goes along, or the next sync had it to write (I10). */
export async function writePtr(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const both = bothOf(seen);
  if ('kind' in both) return both;
  const { held, row } = both;
  const ptr = row.ptr ?? '';
  const tagged = lostItsTag({ tag: tagOf(held.note) ?? null }, { tag: row.mark?.tag ?? null });
  const note = tagged && row.mark !== null ? withTag(held.note, row.mark.tag) : held.note;
  const after = samePtr(held.ptr, ptr) && note === held.note ? held : await write(desk, both, { ptr, note });
  if (!('ip' in after)) return after;
  if (!samePtr(after.ptr, ptr)) return ended('failed', `IPmanager answered done, and the PTR reads ${after.ptr}`);
  return keepPtr(desk, { ip: row.ip, ptrSeen: after.ptr }, tagged ? both : undefined);
}

/** The ledger takes the PTR a person wrote at the panel. Never an empty, invalid or tag-shaped one, nor the conflict mark. */
export async function adopt(desk: MendDesk, seen: Row): Promise<RowEnd | NoRights> {
  const both = bothOf(seen);
  if ('kind' in both) return both;
  const { held, row } = both;
  const parsed = parseHostname(held.ptr);
  if ('problem' in parsed) return ended('failed', `the PTR ${parsed.problem}; it is not taken over`);
  const mark = row.mark;
  if (mark === null || !lostItsTag({ tag: tagOf(held.note) ?? null }, mark)) {
    return { kind: 'adopt', ptr: parsed.name, version: row.version };
  }
  const after = await write(desk, both, { ptr: held.ptr, note: withTag(held.note, mark.tag) });
  if (!('ip' in after)) return after;
  return keepPtr(desk, { ip: row.ip, ptr: parsed.name, ptrSeen: parsed.name }, both);
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
  if (tagOf(after.note) !== mark.tag) {
    await desk.deps.ledger.settings.integrations.markTagNotKept(desk.integration);
    return noteLost(desk, ended('failed', 'the panel does not keep our tag in the note (tag-not-kept)'), row);
  }
  const saved = await desk.deps.ledger.repairs.tagged({ ip: row.ip, mark, run: desk.owner });
  return saved === 'saved' ? ended('done') : lockLost;
}

/** The tag is gone and stays gone for now: the row says so, and a later release goes by the row (I2). */
async function noteLost(desk: MendDesk, end: RowEnd | NoRights, row: AddressRecord): Promise<RowEnd | NoRights> {
  const final = end.kind === 'no-rights' || (end.kind === 'ended' && end.outcome === 'failed');
  if (final) await desk.deps.ledger.repairs.untagged({ ip: row.ip, run: desk.owner });
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
  const late = stalled(desk, row);
  if (late !== undefined) return late;
  const { panel, item } = row;
  const outcome = await sendOnce(() => panel.write({ ip: item.ip, ...change }));
  if (outcome.kind === 'absent') return changed('it is not held in IPmanager any more');
  if (outcome.kind !== 'done') return notDone(outcome);
  const after = await readBack(panel, item.ip);
  if (after === 'unread') return notReadBack;
  return after ?? changed('it is not held in IPmanager any more');
}

async function keepPtr(
  { deps, owner }: MendDesk,
  read: { readonly ip: string; readonly ptr?: string; readonly ptrSeen: string },
  taggedToo: Both | undefined,
): Promise<RowEnd> {
  const saved = await deps.ledger.addresses.savePtr({ ...read, unlock: false, run: owner });
  if (saved === 'lock-lost') return lockLost;
  const mark = taggedToo?.row.mark ?? null;
  if (mark !== null) await deps.ledger.repairs.tagged({ ip: read.ip, mark, run: owner });
  return ended('done');
}
