import { LedgerContractBroken } from '../contract-broken.ts';
import type { Releases } from '../ledger.ts';
import type { AddressRecord, RunRef } from '../records.ts';
import { addressRecord, type AddressRow, bound, changeAddress, lockCurrent, selectAddresses } from './address-rows.ts';
import { endConflicts } from './conflicts.ts';
import { addressKey, dropLock, holdsLock } from './locks.ts';
import { endParking } from './parked.ts';
import { isLeaving, shareService } from './service-rows.ts';
import type { Db } from './tables.ts';
import { canonical } from './values.ts';

/** Gone at the remote: nobody but the same customer has it until the quarantine is over (I9). */
export async function finishRelease(db: Db, request: Parameters<Releases['finish']>[0]): Promise<AddressRecord> {
  const { ip, quarantineMs, run } = request;
  const key = addressKey(canonical(ip));
  const mine = await holdsLock(db, key, run);
  const row = await lockCurrent(db, ip);
  // Said again after an answer that was lost: the lock went with the first one.
  if (row?.state === 'quarantined') {
    if (mine) await dropLock(db, key);
    return addressRecord(row);
  }
  if (!mine) throw new LedgerContractBroken('lock-lost', ip);
  if (row === undefined || row.state !== 'releasing') throw new LedgerContractBroken('address-not-releasing', ip);
  const until = await timeFromNow(db, quarantineMs);
  await changeAddress(db, {
    row,
    set: { state: 'quarantined', quarantine_until: until },
    event: 'quarantined',
    holder: 'before',
    reason: null,
    run,
  });
  // What another integration's panel holds of it goes back there by itself (I3).
  await endConflicts(db, ip, row.integration);
  await endParking(db, ip);
  await dropLock(db, key);
  return addressRecord(await selectAddresses(db).where('address.id', '=', row.id).executeTakeFirstOrThrow());
}

/**
 * A worker that dies behind the end of a release leaves a run that asks once more. By then the address may be another
 * order's: only what this run wrote tells that its release is over.
 */
export async function finishedBefore(
  db: Db,
  request: Parameters<Releases['finished']>[0],
): Promise<AddressRecord | undefined> {
  const ip = canonical(request.ip);
  const { run } = request;
  const last = await db
    .selectFrom('address_history')
    .select(['event', 'order_id'])
    .where('ip', '=', ip)
    .where('workflow_id', '=', run.workflowId)
    .where('run_id', '=', run.runId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last?.event !== 'quarantined' || last.order_id !== (request.order ?? last.order_id)) return undefined;
  const row = await selectAddresses(db)
    .where('address.ip', '=', ip)
    .where('address.quarantine_until', 'is not', null)
    .orderBy('address.id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : addressRecord(row);
}

/** By the database's clock, which is the one that later says whether it is over. */
async function timeFromNow(db: Db, ms: number): Promise<string> {
  const { at } = await db
    .selectNoFrom((eb) => {
      const none = [0, 0, 0, 0, 0, 0].map((nothing) => eb.lit(nothing));
      const interval = eb.fn<string>('make_interval', [...none, eb.val(ms / 1_000)]);
      return eb(eb.fn<string>('now'), '+', interval).as('at');
    })
    .executeTakeFirstOrThrow();
  return at;
}

/** `keep`: back on its service as it was, or left there, while that life of the service goes on. */
export async function rebind(
  db: Db,
  request: Parameters<Releases['rebind']>[0],
): Promise<AddressRecord | 'not-releasing' | 'service-gone'> {
  const { ip, reason, run } = request;
  if (!(await holdsLock(db, addressKey(canonical(ip)), run))) throw new LedgerContractBroken('lock-lost', ip);
  const seen = await selectAddresses(db)
    .where('address.ip', '=', ip)
    .where('address.state', 'in', [...bound, 'releasing'])
    .executeTakeFirst();
  const kept = seen === undefined ? undefined : await keptAlready(db, seen, run);
  if (kept !== undefined) return kept;
  // Not unbound yet: its service is asked all the same, as a removal that runs takes the address next.
  const holder = seen?.service ?? null;
  if (holder !== null && isLeaving(await shareService(db, holder))) return 'service-gone';
  // What may have been deleted already cannot be kept.
  if (seen === undefined || seen.state !== 'releasing' || seen.delete_begun_at !== null) return 'not-releasing';
  // An extra was never on a service: there is nothing to go back to.
  if (seen.former_service === null || seen.former_state === null) return 'not-releasing';
  const service = await shareService(db, seen.former_service);
  if (isLeaving(service, seen.generation ?? service.generation)) return 'service-gone';
  const row = await lockCurrent(db, ip);
  if (row === undefined || row.id !== seen.id || row.state !== 'releasing') return 'not-releasing';
  const back = await changeAddress(db, {
    row,
    set: { state: seen.former_state, service: service.id, former_service: null, former_state: null },
    event: 'kept',
    holder: 'after',
    reason,
    run,
  });
  return addressRecord(back);
}

/** Said again after an answer that was lost: the last word on the address is that this very run kept it. */
async function keptAlready(db: Db, row: AddressRow, run: RunRef): Promise<AddressRecord | undefined> {
  if (!bound.includes(row.state)) return undefined;
  const last = await db
    .selectFrom('address_history')
    .select(['event', 'workflow_id', 'run_id'])
    .where('ip', '=', row.ip)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const ours = last?.event === 'kept' && last.workflow_id === run.workflowId && last.run_id === run.runId;
  return ours ? addressRecord(row) : undefined;
}
