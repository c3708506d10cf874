import { createHash } from 'node:crypto';
import { mostAddresses } from '../../../workflows/domain/states.ts';
import { formatTag, type Mark } from '../../../workflows/domain/tag.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { OpenedOrder, OpenOrder } from '../ledger.ts';
import type { StoredOutcome } from '../records.ts';
import { addressRecord, bound, selectAddresses } from './address-rows.ts';
import { orderHandOver } from './order-hand-over.ts';
import { attemptsOf, lockOrder, markedBy, orderRecord, type OrderRow } from './order-rows.ts';
import { isLeaving, lockService, type ServiceRow } from './service-rows.ts';
import type { Db } from './tables.ts';
import { canonical, ipText, ipTextOrNull, ownerOf, sameRun, time } from './values.ts';

/** Writes the order before anything is asked, or says what it came to (design.md 3, step 1). */
export async function openOrder(db: Db, installation: string, request: OpenOrder): Promise<OpenedOrder> {
  if (request.wanted !== null) canonical(request.wanted);
  const service = await lockService(db, request.service);
  if (service === undefined) throw new LedgerContractBroken('no-such-service', request.service);
  const known = await lockOrder(db, request.order);
  if (known !== undefined) return reopen(db, { known, service, request });

  if (isLeaving(service)) return { kind: 'removing' };
  await shareIntegration(db, request.integration);
  const insert = (ip: string | null): Promise<OrderRow> => insertOrder(db, { installation, service, request, ip });
  const handedOver = await orderHandOver(db, { request, service, insert });
  if (handedOver !== undefined) return handedOver;
  if ((await countFor(db, service)) >= mostAddresses) return { kind: 'too-many', most: mostAddresses };
  return { kind: 'open', order: orderRecord(await insert(null)) };
}

interface Known {
  readonly known: OrderRow;
  readonly service: ServiceRow;
  readonly request: OpenOrder;
}

async function reopen(db: Db, { known, service, request }: Known): Promise<OpenedOrder> {
  const fields = differing(known, request);
  if (fields.length > 0) return { kind: 'differs', fields };
  if (known.outcome !== null) return { kind: 'closed', outcome: known.outcome };
  if (known.ip !== null) return holding(db, { known, service, request });
  if (isLeaving(service, known.generation)) return { kind: 'removing' };
  const order = await owned(db, known, request);
  return order === undefined ? { kind: 'owned', owner: ownerOf(known) } : { kind: 'open', order: orderRecord(order) };
}

/** An order that was given an address: it has it still, or it is over. */
async function holding(db: Db, { known, service, request }: Known): Promise<OpenedOrder> {
  const row = await selectAddresses(db)
    .where('address.order_id', '=', known.id)
    .where('address.state', 'in', bound)
    .executeTakeFirst();
  if (row === undefined) return { kind: 'closed', outcome: await addressGone(db, known) };
  if (row.state === 'active') return { kind: 'holds', order: orderRecord(known), address: addressRecord(row) };
  if (isLeaving(service, known.generation)) return { kind: 'removing' };
  const order = await owned(db, known, request);
  if (order === undefined) return { kind: 'owned', owner: ownerOf(known) };
  return { kind: 'holds', order: orderRecord(order), address: addressRecord(row) };
}

/** Group and integration come from settings, which may change; the rest is what the caller asked for. */
function differing(known: OrderRow, request: OpenOrder): readonly string[] {
  const fields: string[] = [];
  if (known.service !== request.service) fields.push('service');
  if (known.family !== request.family) fields.push('family');
  if (known.ptr !== request.ptr) fields.push('ptr');
  if (ipTextOrNull(known.wanted) !== request.wanted) fields.push('address');
  return fields;
}

/** Ours already, or taken over from the very owner the caller asked Temporal about; else nothing. */
async function owned(db: Db, known: OrderRow, request: OpenOrder): Promise<OrderRow | undefined> {
  const owner = ownerOf(known);
  if (sameRun(owner, request.run)) return known;
  if (request.takeOverFrom === undefined || !sameRun(owner, request.takeOverFrom)) return undefined;
  return db
    .updateTable('address_order')
    .set({ owner_workflow: request.run.workflowId, owner_run: request.run.runId })
    .where('id', '=', known.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

async function addressGone(db: Db, order: OrderRow): Promise<StoredOutcome> {
  const ip = order.ip === null ? '' : ipText(order.ip);
  // By the address too: an extra that went back is also a row of this order.
  const row = await selectAddresses(db)
    .where('address.order_id', '=', order.id)
    .where('address.ip', '=', ip)
    .orderBy('address.id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const when = row === undefined ? 'released' : `${row.reads_as ?? row.state} since ${time(row.since)}`;
  return {
    failure: {
      code: 'order-closed',
      message: `The order ${order.id} had the address ${ip}, which is ${when}.`,
      field: 'order',
      value: order.id,
      next: 'Order again under a new order id: one order takes at most one address.',
    },
    attempts: await attemptsOf(db, order.id),
    marked: await markedBy(db, order.id),
  };
}

/** The integration stays until the order is written: it cannot be removed under an order being opened. */
async function shareIntegration(db: Db, name: string): Promise<void> {
  const row = await db.selectFrom('integration').select('name').where('name', '=', name).forShare().executeTakeFirst();
  if (row === undefined) throw new LedgerContractBroken('no-such-integration', name);
}

/** Addresses of the service, and orders that may become some. */
async function countFor(db: Db, service: ServiceRow): Promise<number> {
  const held = await db
    .selectFrom('address')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('service', '=', service.id)
    .where('state', 'in', bound)
    .executeTakeFirstOrThrow();
  const open = await db
    .selectFrom('address_order')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('service', '=', service.id)
    .where('generation', '=', service.generation)
    .where('outcome', 'is', null)
    .where('ip', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(held.count) + Number(open.count);
}

function insertOrder(
  db: Db,
  order: {
    readonly installation: string;
    readonly service: ServiceRow;
    readonly request: OpenOrder;
    readonly ip: string | null;
  },
): Promise<OrderRow> {
  const { request, service, ip } = order;
  const mark = markFor(order.installation, request.order);
  return db
    .insertInto('address_order')
    .values({
      id: request.order,
      service: service.id,
      generation: service.generation,
      integration: request.integration,
      family: request.family,
      address_group: request.group,
      ptr: request.ptr,
      wanted: request.wanted,
      tag: mark.tag,
      label: mark.label,
      owner_workflow: request.run.workflowId,
      owner_run: request.run.runId,
      ip,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** What an order is found by at the remote. Hashed: order ids of callers may be long, and say more than a panel need know. */
export function markFor(installation: string, order: string): Mark {
  const hash = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
  return {
    tag: formatTag({ installation, order: hash(order).slice(0, 16) }),
    label: `iptally-${hash(`${installation}:${order}`).slice(0, 32)}`,
  };
}
