import { LedgerContractBroken } from '../contract-broken.ts';
import type { Failure } from '../../../workflows/domain/failure.ts';
import type { OrderRecord, StoredOutcome } from '../records.ts';
import type { Db, Row } from './tables.ts';
import { ipText, ipTextOrNull, ownerOf, time } from './values.ts';

export type OrderRow = Row<'address_order'>;

export function orderRecord(row: OrderRow): OrderRecord {
  return {
    id: row.id,
    service: row.service,
    integration: row.integration,
    family: row.family,
    group: row.address_group,
    ptr: row.ptr,
    wanted: ipTextOrNull(row.wanted),
    mark: { tag: row.tag, label: row.label },
    owner: ownerOf(row),
    attempts: row.attempts,
    createdAt: time(row.created_at),
  };
}

/** The order, kept as it is until the transaction ends. */
export function lockOrder(db: Db, id: string): Promise<OrderRow | undefined> {
  return db.selectFrom('address_order').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
}

/** The service of an order, which never changes: read first, since services are locked before orders. */
export async function serviceOfOrder(db: Db, id: string): Promise<string> {
  const row = await db.selectFrom('address_order').select('service').where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new LedgerContractBroken('no-such-order', id);
  return row.service;
}

/** Writes the end of an order that has no address, with all that was tried on the way. */
export async function storeOutcome(db: Db, order: OrderRow, failure: Failure): Promise<StoredOutcome> {
  const outcome: StoredOutcome = {
    failure,
    attempts: await attemptsOf(db, order.id),
    marked: await markedBy(db, order.id),
  };
  await db
    .updateTable('address_order')
    .set((eb) => ({ outcome, closed_at: eb.fn<string>('now') }))
    .where('id', '=', order.id)
    .execute();
  return outcome;
}

export async function attemptsOf(db: Db, order: string): Promise<StoredOutcome['attempts']> {
  const rows = await db
    .selectFrom('order_attempt')
    .select(['attempt', 'sent_at', 'result'])
    .where('order_id', '=', order)
    .orderBy('attempt')
    .execute();
  return rows.map((row) => ({ attempt: row.attempt, sentAt: time(row.sent_at), result: row.result }));
}

/** Addresses marked for this order, also those whose conflict is resolved by now. */
export async function markedBy(db: Db, order: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('conflict')
    .select('ip')
    .where('order_id', '=', order)
    .where('marked_at', 'is not', null)
    .orderBy('ip')
    .distinct()
    .execute();
  return rows.map((row) => ipText(row.ip));
}
