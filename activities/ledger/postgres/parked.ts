import type { RunRef } from '../records.ts';
import { tell, type AddressRow } from './address-rows.ts';
import type { OrderRow } from './order-rows.ts';
import type { Db } from './tables.ts';

/** Kept held at the remote until our quarantine or release of it is over; recorded once for an order (I9). */
export async function park(
  db: Db,
  parking: { readonly row: AddressRow; readonly order: OrderRow; readonly run: RunRef },
): Promise<void> {
  const { row, order, run } = parking;
  const parked = await db
    .insertInto('parked')
    .values({ ip: row.ip, order_id: order.id, integration: order.integration })
    .onConflict((conflict) => conflict.columns(['ip', 'order_id']).where('ended_at', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst();
  if (parked === undefined) return;
  await tell(db, row, { event: 'parked', reason: `offered to the order ${order.id} while ${row.state}`, run });
}

/** The address is bound, or given back: nothing is parked on it any more. */
export async function endParking(db: Db, ip: string): Promise<void> {
  await db
    .updateTable('parked')
    .set((eb) => ({ ended_at: eb.fn<string>('now') }))
    .where('ip', '=', ip)
    .where('ended_at', 'is', null)
    .execute();
}
