import type { Locks } from '../ledger.ts';
import { LedgerUnavailable } from '../ledger.ts';
import type { LockRecord, RunRef } from '../records.ts';
import type { Database } from './database.ts';
import type { Db, Row } from './tables.ts';
import { ownerOf, sameRun, time } from './values.ts';

export function addressKey(ip: string): string {
  return `address/${ip}`;
}

/** The address that row `l` of `lock` is on, in SQL; nothing for a lock of another kind. */
export const lockedIp = `case when l.key like '${addressKey('%')}' then substr(l.key, ${addressKey('').length + 1})::inet end`;

/** Whether this run owns the lock, and keeps it so until the transaction ends: nobody takes it over meanwhile. */
export async function holdsLock(db: Db, key: string, run: RunRef): Promise<boolean> {
  const row = await db
    .selectFrom('lock')
    .select(['owner_workflow', 'owner_run'])
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined && sameRun(ownerOf(row), run);
}

export async function dropLock(db: Db, key: string): Promise<void> {
  await db.deleteFrom('lock').where('key', '=', key).execute();
}

export function locksIn(database: Database): Locks {
  return {
    acquire: (request) => database.transact((db) => acquire(db, request)),
    takeOver: (request) => database.transact((db) => takeOver(db, request)),
    release: ({ key, run }) =>
      database.transact(async (db) => {
        if (await holdsLock(db, key, run)) await dropLock(db, key);
      }),
    list: () =>
      database.read(async (db) => (await db.selectFrom('lock').selectAll().orderBy('since').execute()).map(lockRecord)),
  };
}

async function acquire(
  db: Db,
  request: Parameters<Locks['acquire']>[0],
): Promise<{ readonly kind: 'acquired' } | { readonly kind: 'held'; readonly by: LockRecord }> {
  const { key, reason, run } = request;
  // Its holder may let go between our insert and our look: then the next insert succeeds.
  for (let tries = 0; tries < 5; tries += 1) {
    const inserted = await db
      .insertInto('lock')
      .values({ key, reason, owner_workflow: run.workflowId, owner_run: run.runId })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('key')
      .executeTakeFirst();
    if (inserted !== undefined) return { kind: 'acquired' };
    const held = await db.selectFrom('lock').selectAll().where('key', '=', key).executeTakeFirst();
    if (held === undefined) continue;
    return sameRun(ownerOf(held), run) ? { kind: 'acquired' } : { kind: 'held', by: lockRecord(held) };
  }
  throw new LedgerUnavailable('lock-contended');
}

/** Only from the owner that was asked about: a lock that moved on meanwhile is not taken (I6). */
async function takeOver(db: Db, request: Parameters<Locks['takeOver']>[0]): Promise<boolean> {
  const { key, from, reason, run } = request;
  const moved = await db
    .updateTable('lock')
    .set((eb) => ({ owner_workflow: run.workflowId, owner_run: run.runId, reason, since: eb.fn<string>('now') }))
    .where('key', '=', key)
    .where('owner_workflow', '=', from.workflowId)
    .where('owner_run', '=', from.runId)
    .returning('key')
    .executeTakeFirst();
  // Asked again after an answer that was lost: it is ours already.
  return moved !== undefined || (await holdsLock(db, key, run));
}

export function lockRecord(row: Row<'lock'>): LockRecord {
  return { key: row.key, owner: ownerOf(row), reason: row.reason, since: time(row.since) };
}
