import { LedgerContractBroken } from '../contract-broken.ts';
import type { Addresses, PtrChangeStart } from '../ledger.ts';
import type { AddressRecord } from '../records.ts';
import { addressRecord, bound, changeAddress, lockCurrent, type AddressRow } from './address-rows.ts';
import { openConflicts } from './conflicts.ts';
import { addressKey, dropLock, holdsLock } from './locks.ts';
import type { Db } from './tables.ts';
import { canonical, sameRun } from './values.ts';

async function lockBound(db: Db, ip: string): Promise<AddressRow | undefined> {
  const row = await lockCurrent(db, ip);
  return row !== undefined && bound.includes(row.state) ? row : undefined;
}

/** Records what was read back, and unlocks in the same transaction (design.md 3, step 7). */
export async function savePtr(
  db: Db,
  request: Parameters<Addresses['savePtr']>[0],
): Promise<AddressRecord | 'lock-lost'> {
  const { ip, ptr, ptrSeen, run } = request;
  const key = addressKey(canonical(ip));
  const mine = await holdsLock(db, key, run);
  const row = await lockBound(db, ip);
  const written = row !== undefined && row.ptr_seen === ptrSeen && (ptr === undefined || row.ptr === ptr);
  if (!mine) {
    // Said again after an answer that was lost: the lock went with the first one, and nothing is left to write.
    return request.unlock && written && row.ptr_change === null ? addressRecord(row) : 'lock-lost';
  }
  if (row === undefined) throw new LedgerContractBroken('address-not-bound', ip);
  const saved =
    written && row.ptr_change === null
      ? row
      : await changeAddress(db, {
          row,
          set: { ptr_seen: ptrSeen, ptr_change: null, ...(ptr === undefined ? {} : { ptr }) },
          event: 'ptr',
          holder: 'after',
          reason: `read back ${ptrSeen ?? 'none'}`,
          run,
        });
  if (request.unlock) await dropLock(db, key);
  return addressRecord(saved);
}

/** A customer changes only addresses of their own services, as they are at this moment, under the lock (I5). */
export async function beginPtrChange(
  db: Db,
  request: Parameters<Addresses['beginPtrChange']>[0],
): Promise<PtrChangeStart> {
  const { ip, ptr, actor, run } = request;
  if (!(await holdsLock(db, addressKey(canonical(ip)), run))) return { kind: 'lock-lost' };
  const row = await lockBound(db, ip);
  if (row === undefined) return { kind: 'not-held' };
  if (!mayChange(actor, row.customer)) return { kind: 'not-yours' };
  // One that another integration's panel raised is no word about this address: nothing is written on it there.
  if ((await openConflicts(db, ip).where('mark', '=', true).executeTakeFirst()) !== undefined)
    return { kind: 'in-conflict' };
  const running = row.ptr_change;
  // Said again: `before` is what it was before the first time.
  if (running !== null && sameRun(running, run) && row.ptr === ptr) {
    return { kind: 'begun', address: addressRecord(row), before: running.before };
  }
  const before = row.ptr;
  const changed = await changeAddress(db, {
    row,
    set: { ptr, ptr_change: { workflowId: run.workflowId, runId: run.runId, before } },
    event: 'ptr',
    holder: 'after',
    reason: `${actor} asked for ${ptr} instead of ${before ?? 'none'}`,
    run,
  });
  return { kind: 'begun', address: addressRecord(changed), before };
}

function mayChange(actor: string, customer: string | null): boolean {
  if (actor === 'operator' || actor === 'provisioning') return true;
  return customer !== null && actor === `customer:${customer}`;
}

/** After a clear refusal: the wanted PTR is again what it was, and the lock is free. */
export async function revertPtr(db: Db, request: Parameters<Addresses['revertPtr']>[0]): Promise<void> {
  const { ip, ptr, run } = request;
  const key = addressKey(canonical(ip));
  const mine = await holdsLock(db, key, run);
  const row = await lockBound(db, ip);
  const reverted = row !== undefined && row.ptr === ptr && row.ptr_change === null;
  if (!mine) {
    if (reverted) return;
    throw new LedgerContractBroken('lock-lost', ip);
  }
  if (row !== undefined && !reverted) {
    const reason = `refused: back to ${ptr ?? 'none'}`;
    await changeAddress(db, { row, set: { ptr, ptr_change: null }, event: 'ptr', holder: 'after', reason, run });
  }
  await dropLock(db, key);
}
