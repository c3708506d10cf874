import { randomBytes } from 'node:crypto';
import type { Reason } from '../../../workflows/domain/failure.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import { LedgerUnavailable } from '../ledger.ts';
import { sameRun, ownerOf, time } from './values.ts';
import type { BeginRun, BegunRun, NotApproved, RunState, SyncRun } from '../sync/sync-store.ts';
import { dropLock, holdsLock } from './locks.ts';
import { hasEnded, lockRun, runOfOwner, runsOfItsPanel, syncKey, syncRun, type RunRow } from './sync-run-rows.ts';
import type { Db } from './tables.ts';

/** Begins a run under the integration's lock: two syncs of one integration never run together, however started. */
export async function beginRun(db: Db, request: BeginRun): Promise<BegunRun> {
  const mine = await runOfOwner(db, request.run);
  if (mine !== undefined) return { kind: 'begun', run: syncRun(mine) };
  const ran = await ranOnDate(db, request);
  if (ran !== undefined) return { kind: 'ran-already', run: syncRun(ran) };
  const busy = await takeLock(db, request);
  return busy === undefined
    ? { kind: 'begun', run: syncRun(await insertRun(db, request)) }
    : { kind: 'busy', run: syncRun(busy) };
}

/** One run a local date, also on the day on which 03:15 comes twice (the unique index says so too). */
async function ranOnDate(db: Db, { integration, scheduledFor }: BeginRun): Promise<RunRow | undefined> {
  if (scheduledFor === null) return undefined;
  return db
    .selectFrom('sync_run')
    .selectAll()
    .where('integration', '=', integration)
    .where('scheduled_for', '=', scheduledFor)
    .executeTakeFirst();
}

/** Nothing when the lock is ours now; else the run that has it. */
async function takeLock(db: Db, request: BeginRun): Promise<RunRow | undefined> {
  const key = syncKey(request.integration);
  const owner = { owner_workflow: request.run.workflowId, owner_run: request.run.runId };
  // Its holder may let go between our insert and our look: then the next insert succeeds.
  for (let tries = 0; tries < 5; tries += 1) {
    const taken = await db
      .insertInto('lock')
      .values({ key, reason: 'a sync runs', ...owner })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('key')
      .executeTakeFirst();
    if (taken !== undefined) return undefined;
    const held = await db.selectFrom('lock').selectAll().where('key', '=', key).forUpdate().executeTakeFirst();
    if (held === undefined) continue;
    const holder = ownerOf(held);
    if (sameRun(holder, request.run)) return undefined;
    const run = await runOfOwner(db, holder);
    if (request.takeOverFrom !== undefined && sameRun(holder, request.takeOverFrom)) {
      if (run !== undefined) await endAbandoned(db, run);
      await db
        .updateTable('lock')
        .set((eb) => ({ ...owner, since: eb.fn<string>('now') }))
        .where('key', '=', key)
        .execute();
      return undefined;
    }
    if (run === undefined) throw new LedgerContractBroken('sync-lock-foreign', key);
    return run;
  }
  throw new LedgerUnavailable('lock-contended');
}

/** A run whose workflow is closed and that never said how it ended. */
async function endAbandoned(db: Db, run: RunRow): Promise<void> {
  if (hasEnded(run)) return;
  const waited = run.state === 'needs-approval';
  const reason: Reason = waited
    ? { code: 'superseded', message: 'a later sync began while this one waited for approval' }
    : { code: 'run-ended', message: 'its workflow was closed before the sync was over' };
  await end(db, run, { state: waited ? 'superseded' : 'failed', reason });
}

async function end(
  db: Db,
  { run }: RunRow,
  how: { readonly state: RunState; readonly reason: Reason | null },
): Promise<RunRow> {
  return db
    .updateTable('sync_run')
    .set((eb) => ({ ...how, ended_at: eb.fn<string>('now') }))
    .where('run', '=', run)
    .returningAll()
    .executeTakeFirstOrThrow();
}

async function lastHistory(db: Db): Promise<string> {
  const { last } = await db
    .selectFrom('address_history')
    .select((eb) => eb.fn.max<string | null>('id').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? '0';
}

/** A panel may be away for an hour before its list comes: what happens meanwhile is in both lists. */
export async function noteHistory(db: Db, run: string): Promise<void> {
  const last = await lastHistory(db);
  await db.updateTable('sync_run').set({ history_before: last }).where('run', '=', run).execute();
}

async function insertRun(db: Db, request: BeginRun): Promise<RunRow> {
  return db
    .insertInto('sync_run')
    .values({
      run: runId(new Date()),
      integration: request.integration,
      owner_workflow: request.run.workflowId,
      owner_run: request.run.runId,
      login: request.login,
      policy: request.policy,
      dry_run: request.dryRun,
      scheduled_for: request.scheduledFor,
      history_before: await lastHistory(db),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** `20261122T031500123-9f2c41`: sorts by time, short enough to be typed. */
function runId(at: Date): string {
  const compact = at.toISOString().replaceAll(/[-:.Z]/g, '');
  return `${compact}-${randomBytes(3).toString('hex')}`;
}

/** A state that is a run's last one stays, whoever comes late; with it goes the lock. */
export async function setRunState(
  db: Db,
  run: string,
  to: { readonly state: RunState; readonly reason: Reason | null },
): Promise<SyncRun> {
  const row = await lockRun(db, run);
  if (hasEnded(row)) return syncRun(row);
  const next = { ...row, state: to.state };
  if (!hasEnded(next)) {
    const moved = await db
      .updateTable('sync_run')
      .set(to)
      .where('run', '=', run)
      .returningAll()
      .executeTakeFirstOrThrow();
    return syncRun(moved);
  }
  const ended = await end(db, row, to);
  const key = syncKey(row.integration);
  if (await holdsLock(db, key, ownerOf(row))) await dropLock(db, key);
  return syncRun(ended);
}

/** Exactly this plan, as it was shown: the checksum names it. */
export async function approveRun(db: Db, run: string, checksum: string): Promise<SyncRun | NotApproved> {
  const row = await lockRun(db, run);
  if (row.state !== 'needs-approval') {
    // Said again after an answer that was lost.
    return row.approved_at !== null && row.checksum === checksum ? syncRun(row) : 'not-waiting';
  }
  if (row.checksum !== checksum) return 'other-checksum';
  if (!(await isOfItsPanel(db, row))) return 'other-panel';
  const approved = await db
    .updateTable('sync_run')
    .set((eb) => ({ state: 'running', reason: null, approved_at: eb.fn<string>('now') }))
    .where('run', '=', run)
    .returningAll()
    .executeTakeFirstOrThrow();
  return syncRun(approved);
}

/** Whether the integration still speaks to the panel and login that this run saw. */
export async function isOfItsPanel(
  db: Db,
  { run, integration }: { readonly run: string; readonly integration: string },
): Promise<boolean> {
  const row = await runsOfItsPanel(db, integration).select('run').where('run', '=', run).executeTakeFirst();
  return row !== undefined;
}

/** What a person approved of another panel, or of another integration of this name, says nothing of this one. */
export async function everApproved(db: Db, integration: string): Promise<boolean> {
  const row = await runsOfItsPanel(db, integration)
    .select('run')
    .where('approved_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What the guard measures against: of the same panel and login, for another one sees another list. */
export async function baselineRun(db: Db, integration: string, login: string): Promise<SyncRun | undefined> {
  const row = await runsOfItsPanel(db, integration)
    .selectAll()
    .where('login', '=', login)
    .where('state', 'in', ['planned', 'applied'])
    .where('remote_count', 'is not', null)
    .orderBy('run', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : syncRun(row);
}

export async function lastGoodEnd(db: Db, integration: string): Promise<string | null> {
  const row = await db
    .selectFrom('sync_run')
    .select('ended_at')
    .where('integration', '=', integration)
    // A run by hand under `observe`, where the integration is to mend, is no more than a dry run.
    .where((eb) =>
      eb.or([
        eb('state', '=', 'applied'),
        eb.and([
          eb('state', '=', 'planned'),
          eb.exists(
            eb.selectFrom('integration').select('name').where('name', '=', integration).where('policy', '=', 'observe'),
          ),
        ]),
      ]),
    )
    .where('dry_run', '=', false)
    .where('ended_at', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.ended_at === undefined || row.ended_at === null ? null : time(row.ended_at);
}
