import { createHash } from 'node:crypto';
import type { Action } from '../../../workflows/domain/discrepancy.ts';
import { canonicalIp } from '../../../workflows/domain/address.ts';
import type { Counts, PlanRow } from '../../../workflows/domain/plan.ts';
import type { ComparedRange, FinishPlan, PlannedItem, RowOutcome, SyncRun, SyncStore } from '../sync/sync-store.ts';
import { batches, batchRows, statement } from './statement.ts';
import { keepFirstReads } from './sync-adopt.ts';
import { hasEnded, lockRun, syncRun } from './sync-run-rows.ts';
import type { Db, Row } from './tables.ts';
import { rowText } from '../../../workflows/domain/plan.ts';

/** Progress and plan rows of one range together: a kill repeats this range at most, and never adds it twice. */
export async function saveRange(db: Db, range: ComparedRange): ReturnType<SyncStore['saveRange']> {
  const row = await lockRun(db, range.run);
  const { progress } = range;
  const standsThere = row.listing === progress.listing && row.next_page === range.fromPage;
  if (hasEnded(row) || row.verdict !== null || !standsThere) return syncRun(row);
  const repeated = await repeatedIn(db, range);
  if (repeated !== undefined) return { repeated };
  await insertItems(db, range, row.planned);
  if (!row.dry_run && row.policy !== 'observe') await keepFirstReads(db, range.firstReads);
  const saved = await db
    .updateTable('sync_run')
    .set({
      next_page: progress.nextPage,
      page_size: progress.pageSize,
      last_ip: progress.lastIp,
      rows_read: progress.rows,
      rows_total: progress.total,
      session: progress.session,
      ledger_rows: row.ledger_rows + range.ledgerRows,
      planned: row.planned + range.plan.length,
    })
    .where('run', '=', range.run)
    .returningAll()
    .executeTakeFirstOrThrow();
  return syncRun(saved);
}

/**
 * Addresses ascend, so that none comes twice; what is no address stands anywhere. Only the rows of the whole run tell, and
 * they outlive a kill between two ranges.
 */
async function repeatedIn(db: Db, { run, plan }: ComparedRange): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const { ip } of plan.filter(isNoAddress)) {
    if (seen.has(ip)) return ip;
    seen.add(ip);
  }
  if (seen.size === 0) return undefined;
  const [before] = await statement<{ readonly ip: string }>(
    db,
    `select ip from sync_item where run = $1 and ip = any ($2::text[]) order by ip limit 1`,
    [run, [...seen]],
  );
  return before?.ip;
}

function isNoAddress({ discrepancy }: PlanRow): boolean {
  return discrepancy === 'not-an-address';
}

const insertSql = `insert into sync_item
  (run, position, ip, discrepancy, action, reason, remote_held, remote_tag, remote_group, remote_ptr, version)
  select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::text[], $9::text[],
    $10::text[], $11::int[])`;

/** What stands in a list and is no one address comes last in the plan, wherever it stood. */
function placeOf(row: PlanRow): number {
  return isNoAddress(row) ? 1_000_000_000 : 0;
}

/** Behind every row there can be (int4). */
const lastPlace = 2_147_483_647;

async function insertItems(db: Db, { run, plan }: ComparedRange, before: number): Promise<void> {
  for (const [number, rows] of batches(plan).entries()) {
    const start = before + number * batchRows;
    const column = <Value>(value: (row: PlanRow, at: number) => Value): readonly Value[] => rows.map(value);
    await statement(db, insertSql, [
      run,
      column((row, at) => placeOf(row) + start + at + 1),
      column((row) => row.ip),
      column((row) => row.discrepancy),
      column((row) => row.action),
      column((row) => row.reason),
      column((row) => row.remote !== null),
      column((row) => row.remote?.tag ?? null),
      column((row) => row.remote?.group ?? null),
      column((row) => row.remote?.ptr ?? null),
      column((row) => row.version),
    ]);
  }
}

/** What a broken listing compared is forgotten with all its rows; only of the listing that was found broken. */
export async function restartListing(db: Db, run: string, listing: number): Promise<SyncRun> {
  const row = await lockRun(db, run);
  if (hasEnded(row) || row.verdict !== null || row.listing !== listing) return syncRun(row);
  await db.deleteFrom('sync_item').where('run', '=', run).execute();
  const begun = await db
    .updateTable('sync_run')
    .set({
      listing: listing + 1,
      next_page: 1,
      page_size: null,
      last_ip: null,
      rows_read: 0,
      rows_total: null,
      session: null,
      ledger_rows: 0,
      planned: 0,
    })
    .where('run', '=', run)
    .returningAll()
    .executeTakeFirstOrThrow();
  return syncRun(begun);
}

/** The plan as it stands is what counts, checksum and verdict are of; once finished it never changes. */
export async function finishPlan(db: Db, { run, verdict, reason }: FinishPlan): Promise<SyncRun> {
  const row = await lockRun(db, run);
  if (hasEnded(row) || row.verdict !== null) return syncRun(row);
  const finished = await db
    .updateTable('sync_run')
    .set({
      verdict,
      reason,
      counts: await countPlan(db, run),
      checksum: await checksumOf(db, run),
      remote_count: row.rows_total,
      ledger_count: row.ledger_rows,
    })
    .where('run', '=', run)
    .returningAll()
    .executeTakeFirstOrThrow();
  return syncRun(finished);
}

/** Folded row by row in address order, a few thousand in memory at a time. */
async function checksumOf(db: Db, run: string): Promise<string> {
  const hash = createHash('sha256');
  for (let after = 0; ;) {
    const rows = await itemsAfter(db, run, after).limit(batchRows).execute();
    for (const row of rows) hash.update(rowText(plannedItem(row)));
    after = rows.at(-1)?.position ?? after;
    if (rows.length < batchRows) return hash.digest('hex');
  }
}

export async function countPlan(db: Db, run: string): Promise<Counts> {
  const rows = await db
    .selectFrom('sync_item')
    .select((eb) => ['action', eb.fn.countAll<string>().as('count')])
    .where('run', '=', run)
    .groupBy('action')
    .orderBy('action')
    .execute();
  return Object.fromEntries(rows.map((row): [Action, number] => [row.action, Number(row.count)]));
}

export async function holdBack(
  db: Db,
  run: string,
  rows: readonly { readonly ip: string; readonly reason: string }[],
): Promise<void> {
  for (const some of batches(rows)) {
    await statement(
      db,
      `update sync_item i set action = 'report', reason = held.reason
       from unnest($2::text[], $3::text[]) as held (ip, reason)
       where i.run = $1 and i.ip = held.ip and i.action <> 'report'`,
      [run, some.map((row) => row.ip), some.map((row) => row.reason)],
    );
  }
}

function itemsAfter(db: Db, run: string, position: number) {
  return db
    .selectFrom('sync_item')
    .selectAll()
    .where('run', '=', run)
    .where('position', '>', position)
    .orderBy('position');
}

export interface ItemPage {
  readonly after: string | null;
  readonly limit: number;
}

export async function itemPage(db: Db, run: string, page: ItemPage): Promise<readonly PlannedItem[]> {
  const rows = await itemsAfter(db, run, await positionOf(db, run, page.after))
    .limit(page.limit)
    .execute();
  return rows.map(plannedItem);
}

/** Rows that ask for something to be done and have no outcome yet. */
export async function itemsToApply(db: Db, run: string, page: ItemPage): Promise<readonly PlannedItem[]> {
  const rows = await itemsAfter(db, run, await positionOf(db, run, page.after))
    .where('action', '!=', 'report')
    .where('outcome', 'is', null)
    .limit(page.limit)
    .execute();
  return rows.map(plannedItem);
}

export async function countReleases(db: Db, run: string, pending: readonly string[]): Promise<number> {
  const { count } = await db
    .selectFrom('sync_item')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('run', '=', run)
    .where('action', '=', 'release')
    .where((eb) =>
      eb.or([
        eb('outcome', 'in', ['done', 'failed']),
        eb.and([eb('outcome', 'is', null), eb('ip', '=', eb.fn.any(eb.val(pending)))]),
      ]),
    )
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function positionOf(db: Db, run: string, ip: string | null): Promise<number> {
  if (ip === null) return 0;
  const row = await itemOf(db, run, ip);
  return row?.position ?? placeBeside(db, run, ip);
}

function itemOf(db: Db, run: string, ip: string) {
  return db.selectFrom('sync_item').select('position').where('run', '=', run).where('ip', '=', ip).executeTakeFirst();
}

export async function hasItem(db: Db, run: string, ip: string): Promise<boolean> {
  return (await itemOf(db, run, ip)) !== undefined;
}

/** Where an address without a row of its own would stand: the plan is in address order. Nothing comes after any other text. */
async function placeBeside(db: Db, run: string, ip: string): Promise<number> {
  if (canonicalIp(ip) === undefined) return lastPlace;
  const [before] = await statement<{ readonly position: number | null }>(
    db,
    `select max(position) as position from sync_item
     where run = $1 and case when discrepancy <> 'not-an-address' then ip::inet < $2::inet end`,
    [run, ip],
  );
  return before?.position ?? 0;
}

function plannedItem(row: Row<'sync_item'>): PlannedItem {
  return {
    ip: row.ip,
    discrepancy: row.discrepancy,
    action: row.action,
    reason: row.reason,
    remote: row.remote_held ? { tag: row.remote_tag, group: row.remote_group ?? '', ptr: row.remote_ptr ?? '' } : null,
    version: row.version,
    outcome: row.outcome,
    outcomeReason: row.outcome_reason,
  };
}

/** The first word on a row stays; the run's figures move with the rows, in the same statement. */
export async function saveOutcomes(db: Db, run: string, rows: readonly RowOutcome[]): Promise<void> {
  for (const some of batches(rows)) {
    await statement(
      db,
      `with said as (
         update sync_item i set outcome = told.outcome, outcome_reason = told.reason
         from unnest($2::text[], $3::text[], $4::text[]) as told (ip, outcome, reason)
         where i.run = $1 and i.ip = told.ip and i.outcome is null
         returning i.outcome),
       sums as (select
         count(*) filter (where outcome = 'done') as done, count(*) filter (where outcome = 'failed') as failed,
         count(*) filter (where outcome = 'denied') as denied, count(*) filter (where outcome = 'changed') as changed from said)
       update sync_run r set done = r.done + sums.done, failed = r.failed + sums.failed, denied = r.denied + sums.denied,
         changed = r.changed + sums.changed
       from sums where r.run = $1 and exists (select from said)`,
      [run, some.map((row) => row.ip), some.map((row) => row.outcome), some.map((row) => row.reason)],
    );
  }
}
