import type { OpenedOrder, OpenOrder } from '../ledger.ts';
import { addressRecord, type AddressRow, changeAddress, selectAddresses } from './address-rows.ts';
import { lockOrder, orderRecord, type OrderRow, storeOutcome } from './order-rows.ts';
import type { ServiceRow } from './service-rows.ts';
import type { Db } from './tables.ts';
import { ipText, ownerOf, sameRun } from './values.ts';

interface HandOver {
  readonly request: OpenOrder;
  readonly service: ServiceRow;
  /** Writes the new order, with the address it begins with. */
  readonly insert: (ip: string) => Promise<OrderRow>;
}

/**
 * A fitting address of this service, reserved by a run that is over, goes to the new order instead of a second one
 * being taken (I7). Whether that run is over is asked of Temporal by the caller: first its owner is named, and when
 * the caller comes back with it, the address moves.
 */
export async function orderHandOver(db: Db, { request, service, insert }: HandOver): Promise<OpenedOrder | undefined> {
  const rows = await reservedBefore(db, request, service);
  const first = rows[0];
  if (first === undefined) return undefined;
  const from = request.takeOverFrom;
  const closed = from === undefined ? undefined : rows.find((row) => sameRun(ownerOf(row), from));
  if (closed === undefined) return { kind: 'owned', owner: ownerOf(first) };

  const former = closed.order_id === null ? undefined : await lockOrder(db, closed.order_id);
  // Its owner may have changed since it was read: then the answer is another one.
  if (former === undefined || !sameRun(ownerOf(former), ownerOf(closed)))
    return { kind: 'owned', owner: ownerOf(closed) };
  const order = await insert(closed.ip);
  const moved = await move(db, { row: closed, order, service, former });
  return { kind: 'holds', order: orderRecord(order), address: addressRecord(moved) };
}

/** Reserved rows of the service that would do for this order and are another run's; those of siblings stay theirs. */
async function reservedBefore(db: Db, request: OpenOrder, service: ServiceRow) {
  const rows = await selectAddresses(db)
    .innerJoin('address_order', 'address_order.id', 'address.order_id')
    .select(['address_order.owner_workflow', 'address_order.owner_run'])
    .where('address.service', '=', service.id)
    .where('address.state', '=', 'reserved')
    .where('address.family', '=', request.family)
    .where('address.address_group', '=', request.group)
    .where('address.integration', '=', request.integration)
    .orderBy('address.ip')
    .forUpdate('address')
    .execute();
  const left = [request.run, ...(request.running ?? [])];
  return rows.filter(
    (row) =>
      (request.wanted === null || ipText(row.ip) === request.wanted) &&
      !left.some((run) => sameRun(ownerOf(row), run)) &&
      !(request.siblings ?? []).includes(row.order_id ?? ''),
  );
}

/** The address keeps its mark: that is what the remote carries. Its PTR becomes the new order's. */
async function move(
  db: Db,
  change: {
    readonly row: AddressRow;
    readonly order: OrderRow;
    readonly service: ServiceRow;
    readonly former: OrderRow;
  },
): Promise<AddressRow> {
  const { row, order, service, former } = change;
  await storeOutcome(db, former, {
    code: 'order-superseded',
    message: `The address ${ipText(row.ip)} of the order ${former.id} went to the order ${order.id} of the same service.`,
    field: 'order',
    value: former.id,
    next: `Look at the order ${order.id}.`,
  });
  return changeAddress(db, {
    row,
    set: { order_id: order.id, ptr: order.ptr ?? service.domain },
    event: 'moved',
    holder: 'after',
    reason: `from the order ${former.id}, whose run is over, to the order ${order.id}`,
    run: ownerOf(order),
  });
}
