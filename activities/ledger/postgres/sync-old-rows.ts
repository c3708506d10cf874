import { keptDays, keptRuns } from '../../../workflows/domain/plan.ts';
import { statement } from './statement.ts';
import type { Db } from './tables.ts';

/**
 * Runs that ended long ago, with {@link keptRuns} others after them, lose their plans but for what was released or occupied.
 * Run by run by the primary key, whatever the planner thinks of a table that is deleted from every night.
 */
const dropSql = `with dropped as (
    delete from sync_item where ctid = any (array(
      select i.ctid from sync_run r cross join lateral (
        select ctid from sync_item where run = r.run
          and not (outcome is not distinct from 'done' and action in ('release', 'occupy')) limit $2) i
      where r.integration = $1 and r.ended_at < now() - make_interval(days => ${keptDays})
        and r.run < (select run from sync_run where integration = $1 and ended_at is not null
          order by run desc offset ${keptRuns - 1} limit 1)
      limit $2))
    returning 1)
  select count(*) as count from dropped`;

export async function dropOldRows(db: Db, integration: string, limit: number): Promise<number> {
  const [row] = await statement<{ readonly count: string }>(db, dropSql, [integration, limit]);
  return Number(row?.count ?? 0);
}
