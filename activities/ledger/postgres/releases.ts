import { familyOf } from '../../../workflows/domain/address.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { Releases, ReleaseStart } from '../ledger.ts';
import type { AddressRecord } from '../records.ts';
import { addressRecord, changeAddress, findAddress, lockCurrent, retire, tell } from './address-rows.ts';
import type { Database } from './database.ts';
import { lockOrder } from './order-rows.ts';
import { finishedBefore, finishRelease, rebind } from './release-ends.ts';
import { addressKey, holdsLock } from './locks.ts';
import type { Db } from './tables.ts';
import { canonical, unreachable } from './values.ts';

export function releasesIn(database: Database): Releases {
  return {
    begin: (request) => database.transact((db) => begin(db, request)),
    extra: (request) => database.transact((db) => extra(db, request)),
    stillUnused: (request) => database.transact((db) => stillUnused(db, request)),
    finished: (request) => database.read((db) => finishedBefore(db, request)),
    finish: (request) => database.transact((db) => finishRelease(db, request)),
    rebind: (request) => database.transact((db) => rebind(db, request)),
  };
}

/** Off the service and `releasing`. What it was stays in the row, for `keep` and for "same customer". */
async function begin(db: Db, request: Parameters<Releases['begin']>[0]): Promise<ReleaseStart> {
  const { ip, reason, run } = request;
  if (!(await holdsLock(db, addressKey(canonical(ip)), run))) return { kind: 'lock-lost' };
  const row = await lockCurrent(db, ip);
  if (row === undefined) {
    const last = await findAddress(db, ip);
    return { kind: 'not-held', state: last === undefined ? null : 'released' };
  }
  switch (row.state) {
    case 'reserved':
    case 'active': {
      if (row.protected) return { kind: 'protected' };
      const changed = await changeAddress(db, {
        row,
        set: {
          state: 'releasing',
          service: null,
          former_service: row.service,
          former_state: row.state,
          ptr_change: null,
        },
        event: 'releasing',
        holder: 'before',
        reason,
        run,
      });
      return { kind: 'releasing', address: addressRecord(changed) };
    }
    case 'releasing':
      return { kind: 'releasing', address: addressRecord(row) };
    case 'quarantined':
    case 'released':
      return { kind: 'not-held', state: row.reads_as ?? row.state };
    default:
      return unreachable(row.state);
  }
}

/** An address that carries our tag and that no row knows: it goes back by the release steps, never by a bare delete (I3). */
async function extra(db: Db, request: Parameters<Releases['extra']>[0]): Promise<'releasing' | 'known'> {
  const ip = canonical(request.ip);
  const order = await lockOrder(db, request.order);
  if (order === undefined) throw new LedgerContractBroken('no-such-order', request.order);
  const known = await lockCurrent(db, ip);
  if (known !== undefined) {
    // Said again: taken in already, for this very order.
    if (known.state === 'releasing' && known.order_id === order.id) return 'releasing';
    if (known.reads_as !== 'released') return 'known';
    await retire(db, known, { reason: 'its quarantine is over', run: request.run });
  }
  const service = await db
    .selectFrom('service')
    .select(['id', 'customer', 'generation'])
    .where('id', '=', order.service)
    .executeTakeFirstOrThrow();
  const row = await db
    .insertInto('address')
    .values({
      ip,
      family: familyOf(ip),
      state: 'releasing',
      former_service: service.id,
      customer: service.customer,
      integration: order.integration,
      address_group: request.group,
      order_id: order.id,
      tag: order.tag,
      label: order.label,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await tell(db, row, { event: 'releasing', reason: request.reason, run: request.run });
  return 'releasing';
}

/**
 * The look by address just before the delete (I4). One that was protected meanwhile is not given back either. That its
 * delete begins is told in the row alone: nobody has the address on account of it, so its history has nothing to say.
 */
async function stillUnused(
  db: Db,
  request: Parameters<Releases['stillUnused']>[0],
): Promise<AddressRecord | 'in-use' | 'lock-lost'> {
  if (!(await holdsLock(db, addressKey(canonical(request.ip)), request.run))) return 'lock-lost';
  const row = await lockCurrent(db, request.ip);
  if (row === undefined || row.state !== 'releasing' || row.protected) return 'in-use';
  await db
    .updateTable('address')
    .set((eb) => ({ delete_begun_at: eb.fn<string>('now') }))
    .where('id', '=', row.id)
    .where('delete_begun_at', 'is', null)
    .execute();
  return addressRecord(row);
}
