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

/** One delete of an address that nothing here uses, with nothing asked between the last look and it (I4, I8). */
export async function release(desk: MendDesk, row: Row): Promise<RowEnd | NoRights> {
  const kept = (await whyKept(desk, row)) ?? stalled(desk, row);
  if (kept !== undefined) return kept;
  const { panel, item } = row;
  const outcome = await sendOnce(() => panel.release(item.ip));
  if (outcome.kind !== 'done' && outcome.kind !== 'absent') return notDone(outcome);
  const after = await readBack(panel, item.ip);
  if (after === 'unread') return notReadBack;
  if (after !== undefined) return { kind: 'sent', why: 'IPmanager answered done, and it is still held there' };
  return released(desk, row);
}

/** Gone there. What was parked on it until its quarantine was over ends with it. */
export async function released({ deps, owner }: MendDesk, { item, known }: Row): Promise<RowEnd> {
  if (known.parked.has(item.ip)) {
    const saved = await deps.ledger.repairs.unparked({ ip: item.ip, run: owner });
    if (saved === 'lock-lost') return lockLost;
  }
  return ended('done');
}

/** Whatever the plan says: an address somebody uses, waits for or argues about is not released (I3, I4, I9). */
async function whyKept({ deps }: MendDesk, { item, row, known, held }: Row): Promise<RowEnd | undefined> {
  if (row !== undefined && (row.state === 'reserved' || row.state === 'active' || row.state === 'releasing')) {
    return changed(`here it is ${row.state}`);
  }
  if (row?.protected === true && row.state !== 'released') return changed('it is protected');
  if (known.conflicts.has(item.ip)) return changed('a conflict is open on it');
  if (known.parked.get(item.ip) === 'running') return changed('it is parked until its quarantine ends');
  for (const order of known.orders.values()) {
    if (order.open && (await deps.runs.closedAt(order.owner)) === undefined) {
      return changed(`order ${order.id} is at it`);
    }
  }
  return held === undefined ? changed('it is not held in IPmanager any more') : undefined;
}
