import type { Outcome } from '../../../workflows/domain/plan.ts';
import type { RowOutcome, SyncStore } from '../sync/sync-store.ts';
import { addressKey } from './locks.ts';
import { batches, statement } from './statement.ts';
import { saveOutcomes } from './sync-plan.ts';
import type { Db } from './tables.ts';
import { canonical, ipText } from './values.ts';

/**
 * Row, history and outcome in one transaction. Only the version that was planned is changed, and none whose lock another
 * run has: what it does with the address goes first (I5).
 */
const adoptSql = `with wanted as (
    select * from unnest($1::inet[], $2::int[], $3::text[], $4::text[]) as w (ip, version, ptr, key)),
  adopted as (
    update address a set ptr = w.ptr, ptr_seen = w.ptr, version = a.version + 1
    from wanted w
    where a.ip = w.ip and a.version = w.version and a.state in ('reserved', 'active') and a.ptr_change is null
      and not exists (select from lock l where l.key = w.key and (l.owner_workflow <> $5 or l.owner_run <> $6))
    returning a.ip, a.service, a.customer, a.order_id, a.integration, a.ptr),
  told as (
    insert into address_history (ip, event, service, customer, order_id, integration, workflow_id, run_id, reason)
    select ip, 'ptr', service, customer, order_id, integration, $5, $6, 'taken over from IPmanager: ' || ptr from adopted)
  select host(ip) as ip from adopted`;

export async function adoptPtrs(
  db: Db,
  { run, rows, by }: Parameters<SyncStore['adoptPtrs']>[0],
): Promise<readonly RowOutcome[]> {
  const adopted = new Set<string>();
  for (const some of batches(rows)) {
    const changed = await statement<{ readonly ip: string }>(db, adoptSql, [
      some.map((row) => canonical(row.ip)),
      some.map((row) => row.version),
      some.map((row) => row.ptr),
      some.map((row) => addressKey(row.ip)),
      by.workflowId,
      by.runId,
    ]);
    for (const row of changed) adopted.add(ipText(row.ip));
  }
  const told = rows.map((row): RowOutcome => {
    const outcome: Outcome = adopted.has(row.ip) ? 'done' : 'changed';
    return { ip: row.ip, outcome, reason: outcome === 'done' ? null : 'the row is no longer as planned, or is in use' };
  });
  await saveOutcomes(db, run, told);
  return told;
}
