import type { ComparedRange, RowOutcome, SyncStore } from '../sync/sync-store.ts';
import { addressKey } from './locks.ts';
import { batches, statement } from './statement.ts';
import type { Db } from './tables.ts';
import { canonical, ipText } from './values.ts';

/** Why a row was not taken over. */
const notAsPlanned = 'the row is no longer as planned, or is in use';

/**
 * Row, history, outcome and the run's figures in one statement, and back come only the rows that were not as planned. Only
 * the version that was planned is changed, and none whose lock another run has: what it does with the address goes first
 * (I5). The first word on a row of the plan stays.
 */
const adoptSql = `with wanted as (
    select * from unnest($1::inet[], $2::int[], $3::text[], $4::text[], $9::text[]) as w (ip, version, ptr, key, item)),
  adopted as (
    update address a set ptr = w.ptr, ptr_seen = w.ptr, version = a.version + 1
    from wanted w
    where a.ip = w.ip and a.version = w.version and a.state in ('reserved', 'active') and a.ptr_change is null
      and not exists (select from lock l where l.key = w.key and (l.owner_workflow <> $5 or l.owner_run <> $6))
    returning a.ip, a.service, a.customer, a.order_id, a.integration, a.ptr),
  history as (
    insert into address_history (ip, event, service, customer, order_id, integration, workflow_id, run_id, reason)
    select ip, 'ptr', service, customer, order_id, integration, $5, $6, 'taken over from IPmanager: ' || ptr from adopted),
  said as (
    update sync_item i set outcome = case when a.ip is null then 'changed' else 'done' end,
      outcome_reason = case when a.ip is null then $8::text end
    from wanted w left join adopted a on a.ip = w.ip
    where i.run = $7 and i.ip = w.item and i.outcome is null
    returning i.outcome),
  sums as (
    update sync_run r set done = r.done + s.done, changed = r.changed + s.changed
    from (select count(*) filter (where outcome = 'done') as done,
      count(*) filter (where outcome = 'changed') as changed from said) s
    where r.run = $7)
  select host(w.ip) as ip from wanted w left join adopted a on a.ip = w.ip where a.ip is null`;

export async function adoptPtrs(
  db: Db,
  { run, rows, by }: Parameters<SyncStore['adoptPtrs']>[0],
): Promise<readonly RowOutcome[]> {
  const left = new Set<string>();
  for (const some of batches(rows)) {
    const unchanged = await statement<{ readonly ip: string }>(db, adoptSql, [
      some.map((row) => canonical(row.ip)),
      some.map((row) => row.version),
      some.map((row) => row.ptr),
      some.map((row) => addressKey(row.ip)),
      by.workflowId,
      by.runId,
      run,
      notAsPlanned,
      some.map((row) => row.ip),
    ]);
    for (const row of unchanged) left.add(ipText(row.ip));
  }
  return rows.map(({ ip }): RowOutcome => {
    return left.has(ip) ? { ip, outcome: 'changed', reason: notAsPlanned } : { ip, outcome: 'done', reason: null };
  });
}

/**
 * What stands there is what is wanted, so no version rises: nothing that was planned for the row is another thing now. A
 * row that somebody changed since it was compared is left for the next run.
 */
const firstReadSql = `update address a set ptr_seen = a.ptr
  from unnest($1::inet[], $2::int[]) as w (ip, version)
  where a.ip = w.ip and a.version = w.version and a.state = 'active' and a.ptr_seen is null and a.ptr_change is null`;

export async function keepFirstReads(db: Db, rows: ComparedRange['firstReads']): Promise<void> {
  for (const some of batches(rows)) {
    await statement(db, firstReadSql, [some.map((row) => canonical(row.ip)), some.map((row) => row.version)]);
  }
}
