import { familyOf } from '../../../workflows/domain/address.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { Claim, Orders } from '../ledger.ts';
import { addressRecord, bound, lockCurrent, retire, selectAddresses, tell, type AddressRow } from './address-rows.ts';
import { endParking, park } from './parked.ts';
import { recordConflict } from './conflicts.ts';
import { addressKey, holdsLock } from './locks.ts';
import { lockOrder, type OrderRow, serviceOfOrder } from './order-rows.ts';
import { isLeaving, type ServiceRow, shareService } from './service-rows.ts';
import type { Db } from './tables.ts';
import { canonical, ipText, ownerOf, sameRun, timeOrNull, unreachable } from './values.ts';

type Request = Parameters<Orders['claim']>[0];

interface Claiming {
  readonly request: Request;
  readonly order: OrderRow;
  readonly service: ServiceRow;
}

/** Binds an address to an order under the address's lock, or says why not (design.md 3, step 4). */
export async function claimAddress(db: Db, request: Request): Promise<Claim> {
  const ip = canonical(request.ip);
  if (!(await holdsLock(db, addressKey(ip), request.run))) return { kind: 'lock-lost' };
  const service = await shareService(db, await serviceOfOrder(db, request.order));
  const order = await lockOrder(db, request.order);
  if (order === undefined) throw new LedgerContractBroken('no-such-order', request.order);
  if (order.family !== familyOf(ip)) throw new LedgerContractBroken('wrong-family', `${order.id}: ${ip}`);
  // Taken over or closed meanwhile: this run no longer decides, as if its lock were gone.
  if (!sameRun(ownerOf(order), request.run) || order.outcome !== null) return { kind: 'lock-lost' };
  if (order.ip !== null) return claimedBefore(db, order, ip);
  if (isLeaving(service, order.generation)) return { kind: 'removing' };
  return decide(db, { request, order, service });
}

/** One order, one address (I7): the same again is the same answer, another one is an extra. */
async function claimedBefore(db: Db, order: OrderRow, ip: string): Promise<Claim> {
  const row = await selectAddresses(db)
    .where('address.order_id', '=', order.id)
    .where('address.state', 'in', bound)
    .executeTakeFirst();
  if (row !== undefined && ipText(row.ip) === ip) return { kind: 'claimed', address: addressRecord(row) };
  return { kind: 'extra', has: ipText(row?.ip ?? order.ip ?? ip) };
}

async function decide(db: Db, claiming: Claiming): Promise<Claim> {
  const { request, order, service } = claiming;
  const row = await lockCurrent(db, request.ip);
  if (row === undefined) return bind(db, claiming);
  const { run } = request;
  const state = row.reads_as ?? row.state;
  switch (state) {
    case 'reserved':
    case 'active': {
      const conflict = await recordConflict(db, { row, order, run });
      return { kind: 'in-use', conflict, mark: row.integration === order.integration };
    }
    case 'releasing':
      return withhold(db, claiming, row);
    case 'quarantined':
      // A service without a customer is nobody's "same customer" (I9).
      if (service.customer === null || service.customer !== row.customer) return withhold(db, claiming, row);
      await retire(db, row, { reason: `back to the same customer by the order ${order.id}`, run });
      return bind(db, claiming);
    case 'released':
      await retire(db, row, { reason: 'its quarantine is over', run });
      return bind(db, claiming);
    default:
      return unreachable(state);
  }
}

async function withhold(db: Db, { request, order }: Claiming, row: AddressRow): Promise<Claim> {
  await park(db, { row, order, run: request.run });
  return { kind: 'withheld', until: timeOrNull(row.quarantine_until), state: row.state };
}

async function bind(db: Db, { request, order, service }: Claiming): Promise<Claim> {
  // The unique index decides whoever else inserts at this moment (I1): the loser's transaction is said again.
  const row = await db
    .insertInto('address')
    .values({
      ip: request.ip,
      family: order.family,
      state: 'reserved',
      service: service.id,
      generation: service.generation,
      customer: service.customer,
      integration: order.integration,
      address_group: request.group,
      order_id: order.id,
      tag: order.tag,
      label: order.label,
      ptr: order.ptr ?? service.domain,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await db.updateTable('address_order').set({ ip: request.ip }).where('id', '=', order.id).execute();
  await endParking(db, request.ip);
  await tell(db, row, { event: 'reserved', reason: null, run: request.run });
  return { kind: 'claimed', address: addressRecord(row) };
}
