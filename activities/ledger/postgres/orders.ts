import type { AttemptRef, Orders } from '../ledger.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { StoredOutcome } from '../records.ts';
import { bound } from './address-rows.ts';
import { claimAddress } from './claim.ts';
import type { Database } from './database.ts';
import { installationOf } from './installation.ts';
import { openOrder } from './order-opening.ts';
import { lockOrder, orderRecord, serviceOfOrder, storeOutcome } from './order-rows.ts';
import { isLeaving, shareService } from './service-rows.ts';
import type { Db } from './tables.ts';
import { ownerOf, sameRun } from './values.ts';

export function ordersIn(database: Database): Orders {
  // It never changes, so one look serves the process; a look that failed is not kept.
  let known: string | undefined;
  const installation = async (): Promise<string> => (known ??= await installationOf(database));
  return {
    open: async (request) => {
      const name = await installation();
      return database.transact((db) => openOrder(db, name, request));
    },
    beginAttempt: (request) => database.transact((db) => beginAttempt(db, request)),
    endAttempt: (request) => database.transact((db) => endAttempt(db, request)),
    claim: (request) => database.transact((db) => claimAddress(db, request)),
    close: (request) => database.transact((db) => close(db, request)),
    find: (id) =>
      database.read(async (db) => {
        const row = await db.selectFrom('address_order').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : orderRecord(row);
      }),
    ofLife: (service) =>
      database.read(async (db) => {
        const rows = await db
          .selectFrom('address_order')
          .innerJoin('service', 'service.id', 'address_order.service')
          .selectAll('address_order')
          .where('service.id', '=', service)
          .whereRef('service.generation', '=', 'address_order.generation')
          .orderBy('address_order.created_at')
          .orderBy('address_order.id')
          .execute();
        return rows.filter(({ outcome }) => outcome?.failure.code !== 'order-superseded').map(orderRecord);
      }),
    listOpen: (filter = {}) =>
      database.read(async (db) => {
        let query = db.selectFrom('address_order').selectAll().where('outcome', 'is', null).where('ip', 'is', null);
        if (filter.integration !== undefined) query = query.where('integration', '=', filter.integration);
        if (filter.service !== undefined) query = query.where('service', '=', filter.service);
        return (await query.orderBy('created_at').orderBy('id').execute()).map(orderRecord);
      }),
  };
}

/** The key (order, attempt) lets one copy of an attempt through: a zombie of it sends nothing (I7). */
async function beginAttempt(db: Db, request: AttemptRef): ReturnType<Orders['beginAttempt']> {
  const service = await shareService(db, await serviceOfOrder(db, request.order));
  const order = await lockOrder(db, request.order);
  if (order === undefined) throw new LedgerContractBroken('no-such-order', request.order);
  if (!sameRun(ownerOf(order), request.run) || order.outcome !== null) return { kind: 'not-owner' };
  if (order.ip !== null) return { kind: 'taken' };
  if (isLeaving(service, order.generation)) return { kind: 'removing' };
  // A stalled copy of an attempt whose fence is over: a later one is on its way, and two may not be.
  if (request.attempt < order.attempts) return { kind: 'taken' };
  const begun = await db
    .insertInto('order_attempt')
    .values({
      order_id: order.id,
      attempt: request.attempt,
      workflow_id: request.run.workflowId,
      run_id: request.run.runId,
    })
    .onConflict((conflict) => conflict.columns(['order_id', 'attempt']).doNothing())
    .returning('attempt')
    .executeTakeFirst();
  if (begun === undefined) return { kind: 'taken' };
  await db.updateTable('address_order').set({ attempts: request.attempt }).where('id', '=', order.id).execute();
  return { kind: 'begun' };
}

/** What the attempt came to. The first word stays: what a zombie says later changes nothing. */
async function endAttempt(db: Db, request: Parameters<Orders['endAttempt']>[0]): Promise<void> {
  await db
    .updateTable('order_attempt')
    .set((eb) => ({ result: request.result, ip: request.ip ?? null, ended_at: eb.fn<string>('now') }))
    .where('order_id', '=', request.order)
    .where('attempt', '=', request.attempt)
    .where('ended_at', 'is', null)
    .execute();
}

async function close(db: Db, request: Parameters<Orders['close']>[0]): Promise<StoredOutcome> {
  const order = await lockOrder(db, request.order);
  if (order === undefined) throw new LedgerContractBroken('no-such-order', request.order);
  if (order.outcome !== null) return order.outcome;
  if (order.ip !== null && (await holdsAddress(db, order.id))) {
    throw new LedgerContractBroken('order-holds-address', order.id);
  }
  if (!sameRun(ownerOf(order), request.run)) throw new LedgerContractBroken('not-owner', order.id);
  return storeOutcome(db, order, request.failure);
}

/** One that was given back on the way no longer stands against the end of its order. */
async function holdsAddress(db: Db, order: string): Promise<boolean> {
  const row = await db
    .selectFrom('address')
    .select('id')
    .where('order_id', '=', order)
    .where('state', 'in', bound)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
