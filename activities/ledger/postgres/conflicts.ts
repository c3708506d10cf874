import { LedgerContractBroken } from '../contract-broken.ts';
import type { Addresses } from '../ledger.ts';
import type { ConflictRecord, RunRef } from '../records.ts';
import { bound, changeAddress, lockCurrent, tell, type AddressRow } from './address-rows.ts';
import { addressKey, dropLock, holdsLock } from './locks.ts';
import type { OrderRow } from './order-rows.ts';
import type { Db, Row } from './tables.ts';
import { canonical, ipText, time, timeOrNull } from './values.ts';

export function conflictRecord(row: Row<'conflict'>): ConflictRecord {
  return {
    ip: ipText(row.ip),
    integration: row.integration,
    holder: row.holder,
    holderPtr: row.holder_ptr,
    holderTag: row.holder_tag,
    order: row.order_id,
    since: time(row.since),
    mark: row.mark,
    markedAt: timeOrNull(row.marked_at),
    resolvedAt: timeOrNull(row.resolved_at),
  };
}

/** Recorded before anything is written into the panel, once for an address and an order; the first record stays. */
export async function recordConflict(
  db: Db,
  conflict: { readonly row: AddressRow; readonly order: OrderRow; readonly run: RunRef },
): Promise<ConflictRecord> {
  const { row, order, run } = conflict;
  const inserted = await db
    .insertInto('conflict')
    .values({
      ip: row.ip,
      integration: order.integration,
      holder: row.service,
      holder_ptr: row.ptr,
      holder_tag: row.tag,
      order_id: order.id,
      mark: row.integration === order.integration,
    })
    .onConflict((on) => on.columns(['ip', 'order_id']).where('resolved_at', 'is', null).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted !== undefined) {
    await tell(db, row, { event: 'conflict', reason: `offered to the order ${order.id} of ${order.service}`, run });
    return conflictRecord(inserted);
  }
  const known = await openConflicts(db, row.ip).where('order_id', '=', order.id).executeTakeFirstOrThrow();
  return conflictRecord(known);
}

/** Open conflicts of an address, oldest first. */
export function openConflicts(db: Db, ip: string) {
  return db
    .selectFrom('conflict')
    .selectAll()
    .where('ip', '=', ip)
    .where('resolved_at', 'is', null)
    .orderBy('since')
    .orderBy('id');
}

/** Ends every open conflict of an address, or those of one integration, and says whether there was one. */
export async function endConflicts(db: Db, ip: string, integration?: string): Promise<boolean> {
  let query = db
    .updateTable('conflict')
    .set((eb) => ({ resolved_at: eb.fn<string>('now') }))
    .where('ip', '=', ip)
    .where('resolved_at', 'is', null);
  if (integration !== undefined) query = query.where('integration', '=', integration);
  return (await query.returning('id').execute()).length > 0;
}

/** The mark stands in IPmanager. Said again after an answer that was lost: the lock is gone and the mark is there. */
export async function conflictMarked(db: Db, request: Parameters<Addresses['conflictMarked']>[0]): Promise<void> {
  const { ip, order, run } = request;
  const key = addressKey(canonical(ip));
  const mine = await holdsLock(db, key, run);
  const conflict = await openConflicts(db, ip).where('order_id', '=', order).executeTakeFirst();
  if (!mine) {
    if (conflict !== undefined && conflict.marked_at !== null) return;
    throw new LedgerContractBroken('lock-lost', ip);
  }
  const marked = await db
    .updateTable('conflict')
    .set((eb) => ({ marked_at: eb.fn<string>('now') }))
    .where('ip', '=', ip)
    .where('order_id', '=', order)
    .where('resolved_at', 'is', null)
    .where('marked_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  const row = await lockCurrent(db, ip);
  if (marked !== undefined && row !== undefined) {
    await tell(db, row, { event: 'marked', reason: `for the order ${order}`, run });
  }
  await dropLock(db, key);
}

/** The holder's PTR and tag are back in IPmanager. */
export async function conflictResolved(db: Db, request: Parameters<Addresses['conflictResolved']>[0]): Promise<void> {
  const { ip, ptrSeen, run } = request;
  const key = addressKey(canonical(ip));
  if (!(await holdsLock(db, key, run))) {
    if ((await openConflicts(db, ip).executeTakeFirst()) === undefined) return;
    throw new LedgerContractBroken('lock-lost', ip);
  }
  const ended = await endConflicts(db, ip);
  const row = await lockCurrent(db, ip);
  if (ended && row !== undefined) {
    const held = bound.includes(row.state);
    await changeAddress(db, {
      row,
      set: held ? { ptr_seen: ptrSeen } : {},
      event: 'resolved',
      holder: 'after',
      reason: null,
      run,
    });
  }
  await dropLock(db, key);
}
