import type { Services, ServiceStateChange } from '../ledger.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import { bound, changeAddress, selectAddresses } from './address-rows.ts';
import type { Database } from './database.ts';
import { changeService, openService, serviceSetting } from './service-opening.ts';
import { beginRemoval, finishRemoval } from './service-removal.ts';
import { isLeaving, lockService, serviceRecord } from './service-rows.ts';
import type { Db } from './tables.ts';
import { canonical, ipText } from './values.ts';

export function servicesIn(database: Database): Services {
  return {
    open: (request) => database.transact((db) => openService(db, request)),
    change: (change) => database.transact((db) => changeService(db, change)),
    setState: (change) => database.transact((db) => setState(db, change)),
    activate: (request) => database.transact((db) => activate(db, request)),
    beginRemoval: (request) => database.transact((db) => beginRemoval(db, request)),
    finishRemoval: (request) => database.transact((db) => finishRemoval(db, request)),
    setting: (id) => database.transact((db) => serviceSetting(db, id)),
    find: (id) =>
      database.read(async (db) => {
        const row = await db.selectFrom('service').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : serviceRecord(row);
      }),
    list: (filter = {}) =>
      database.read(async (db) => {
        let query = db.selectFrom('service').selectAll().orderBy('id');
        if (filter.state !== undefined) query = query.where('state', '=', filter.state);
        if (filter.server !== undefined) query = query.where('server', '=', filter.server);
        return (await query.execute()).map(serviceRecord);
      }),
  };
}

/**
 * Only while it is being set up: a run that comes late neither wakes a removed service nor unsettles a complete one. Of a
 * service that is being removed only the reason changes.
 */
async function setState(db: Db, change: ServiceStateChange): Promise<void> {
  await db
    .updateTable('service')
    .set((eb) => ({ state: change.state, reason: change.reason, updated_at: eb.fn<string>('now') }))
    .where('id', '=', change.service)
    .where('state', 'in', change.state === 'removing' ? ['removing'] : ['provisioning', 'waiting'])
    .execute();
}

async function activate(db: Db, request: Parameters<Services['activate']>[0]): Promise<void> {
  const service = await lockService(db, request.service);
  if (service === undefined) throw new LedgerContractBroken('no-such-service', request.service);
  if (isLeaving(service)) throw new LedgerContractBroken('service-not-live', service.id);
  const ips = request.ips.map(canonical);
  const rows =
    ips.length === 0
      ? []
      : await selectAddresses(db)
          .where('address.service', '=', service.id)
          .where('address.ip', 'in', ips)
          .where('address.state', 'in', bound)
          .orderBy('address.ip')
          .forUpdate('address')
          .execute();
  const held = new Set(rows.map((row) => ipText(row.ip)));
  const missing = ips.filter((ip) => !held.has(ip));
  if (missing.length > 0) throw new LedgerContractBroken('address-not-bound', `${service.id}: ${missing.join(', ')}`);
  for (const row of rows) {
    if (row.state !== 'reserved') continue;
    // One after the other, in address order: two transactions over the same rows cannot cross.
    await changeAddress(db, {
      row,
      set: { state: 'active' },
      event: 'active',
      reason: null,
      run: request.run,
      holder: 'after',
    });
  }
  if (request.addressesOnly === true) return;
  await db
    .updateTable('service')
    .set((eb) => ({
      // A suspended service stays suspended when it is given another address.
      state: service.state === 'suspended' ? 'suspended' : 'active',
      reason: null,
      updated_at: eb.fn<string>('now'),
    }))
    .where('id', '=', service.id)
    .execute();
}
