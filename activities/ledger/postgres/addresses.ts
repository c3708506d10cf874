import type { Addresses, AddressFilter } from '../ledger.ts';
import type { AddressRecord, HistoryRecord } from '../records.ts';
import { addressRecord, bound, changeAddress, findAddress, lockCurrent, selectAddresses } from './address-rows.ts';
import { conflictMarked, conflictRecord, conflictResolved, openConflicts } from './conflicts.ts';
import type { Database } from './database.ts';
import { beginPtrChange, revertPtr, savePtr } from './ptr.ts';
import type { Db } from './tables.ts';
import { canonical, ipText, time } from './values.ts';

export function addressesIn(database: Database): Addresses {
  return {
    savePtr: (request) => database.transact((db) => savePtr(db, request)),
    beginPtrChange: (request) => database.transact((db) => beginPtrChange(db, request)),
    revertPtr: (request) => database.transact((db) => revertPtr(db, request)),
    conflictMarked: (request) => database.transact((db) => conflictMarked(db, request)),
    conflictResolved: (request) => database.transact((db) => conflictResolved(db, request)),
    openConflict: (ip) =>
      database.read(async (db) => {
        const open = await openConflicts(db, canonical(ip)).execute();
        // Of several, the one of which something must come back in IPmanager: resolving it ends them all.
        const row = open.find(({ mark }) => mark) ?? open[0];
        return row === undefined ? undefined : conflictRecord(row);
      }),
    protect: (ip, on) => database.transact((db) => protect(db, ip, on)),
    find: (ip) =>
      database.read(async (db) => {
        const row = await findAddress(db, canonical(ip));
        return row === undefined ? undefined : addressRecord(row);
      }),
    list: (filter = {}) => database.read((db) => list(db, filter)),
    history: (ip) => database.read((db) => history(db, ip)),
    conflicts: (filter = {}) =>
      database.read(async (db) => {
        let query = db.selectFrom('conflict').selectAll().orderBy('ip').orderBy('since').orderBy('id');
        if (filter.open !== undefined) query = query.where('resolved_at', filter.open ? 'is' : 'is not', null);
        if (filter.order !== undefined) query = query.where('order_id', '=', filter.order);
        return (await query.execute()).map(conflictRecord);
      }),
    parked: () => database.read(parked),
  };
}

/** Only what is held can be protected: an address on its way out is kept by `keep`, not by a flag. */
async function protect(db: Db, ip: string, on: boolean): Promise<AddressRecord | undefined> {
  const row = await lockCurrent(db, canonical(ip));
  if (row === undefined || !bound.includes(row.state)) return undefined;
  if (row.protected === on) return addressRecord(row);
  const event = on ? 'protected' : 'unprotected';
  return addressRecord(
    await changeAddress(db, { row, set: { protected: on }, event, holder: 'after', reason: null, run: null }),
  );
}

/** Plain rows in address order: no entity is built, however many there are (reference/performance.md 2.2). */
async function list(db: Db, filter: AddressFilter): Promise<readonly AddressRecord[]> {
  let query = selectAddresses(db).orderBy('address.ip').orderBy('address.id');
  const { service, integration, order, state } = filter;
  if (service !== undefined) query = query.where('address.service', '=', service);
  if (integration !== undefined) query = query.where('address.integration', '=', integration);
  if (order !== undefined) {
    query = query.where('address.order_id', '=', order);
    if (state === undefined) query = query.where('address.state', 'in', bound);
  }
  if (state === 'released' || state === 'quarantined') {
    // The row of a quarantine that is over still says `quarantined`.
    query = query.where((eb) => {
      const isOver = eb.and([
        eb('address.state', '=', 'quarantined'),
        eb('address.quarantine_until', '<=', eb.fn<string>('now')),
      ]);
      const says = eb('address.state', '=', state);
      return state === 'released' ? eb.or([says, isOver]) : eb.and([says, eb.not(isOver)]);
    });
  } else if (state !== undefined) {
    query = query.where('address.state', '=', state);
  }
  return (await query.execute()).map(addressRecord);
}

async function history(db: Db, ip: string): Promise<readonly HistoryRecord[]> {
  const rows = await db
    .selectFrom('address_history')
    .selectAll()
    .where('ip', '=', canonical(ip))
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    ip: ipText(row.ip),
    at: time(row.at),
    event: row.event,
    service: row.service,
    customer: row.customer,
    order: row.order_id,
    workflowId: row.workflow_id,
    reason: row.reason,
  }));
}

async function parked(db: Db): ReturnType<Addresses['parked']> {
  const rows = await db
    .selectFrom('parked')
    .selectAll()
    .where('ended_at', 'is', null)
    .orderBy('ip')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    ip: ipText(row.ip),
    order: row.order_id,
    integration: row.integration,
    since: time(row.since),
  }));
}
