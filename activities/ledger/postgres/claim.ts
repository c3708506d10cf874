import { familyOf } from '../../../workflows/domain/address.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { Claim, Orders } from '../ledger.ts';
import { addressRecord, type AddressRow, bound, lockCurrent, retire, type SeenRow, tell } from './address-rows.ts';
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
  // Taken over or closed meanwhile: this run no longer decides, as if its lock were gone.
  if (!sameRun(ownerOf(order), request.run) || order.outcome !== null) return { kind: 'lock-lost' };
  const claiming = { request, order, service };
  const row = await lockCurrent(db, ip);
  if (row?.order_id === order.id && bound.includes(row.state)) return { kind: 'claimed', address: addressRecord(row) };
  const known = row === undefined ? undefined : await knownElsewhere(db, claiming, row);
  if (known !== undefined) return known;
  // One order, one address (I7): another one is an extra.
  if (order.ip !== null) return { kind: 'extra', has: ipText(order.ip) };
  if (order.family !== familyOf(ip)) return { kind: 'wrong-family' };
  if (isLeaving(service, order.generation)) return { kind: 'removing' };
  if (row !== undefined) await retire(db, row, { reason: reasonToRetire(row, order), run: request.run });
  return bind(db, claiming);
}

/**
 * What another row knows stays held and on record, also when this order cannot use any address more: given back, the
 * panel would offer it again (I3, I9).
 */
async function knownElsewhere(db: Db, claiming: Claiming, row: SeenRow): Promise<Claim | undefined> {
  const { request, order, service } = claiming;
  const state = row.reads_as ?? row.state;
  switch (state) {
    case 'reserved':
    case 'active': {
      const conflict = await recordConflict(db, { row, order, run: request.run });
      return { kind: 'in-use', conflict, mark: row.integration === order.integration };
    }
    case 'releasing':
      return withhold(db, claiming, row);
    case 'quarantined': {
      // A service without a customer is nobody's "same customer" (I9).
      const same = service.customer !== null && service.customer === row.customer;
      const takesOne = order.ip === null && order.family === row.family && !isLeaving(service, order.generation);
      return same && takesOne ? undefined : withhold(db, claiming, row);
    }
    case 'released':
      return undefined;
    default:
      return unreachable(state);
  }
}

function reasonToRetire(row: SeenRow, order: OrderRow): string {
  return row.reads_as === 'released' ? 'its quarantine is over' : `back to the same customer by the order ${order.id}`;
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
