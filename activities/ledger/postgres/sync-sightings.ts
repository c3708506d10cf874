import type { PlanRow } from '../../../workflows/domain/plan.ts';
import { batches, statement } from './statement.ts';
import { lockRun, runsOfItsPanel } from './sync-run-rows.ts';
import type { Db } from './tables.ts';
import { ipText } from './values.ts';

/**
 * One sighting a local date. It counts on while every run that passed the guard in between saw the address just so: one that
 * was in step for a night, or changed hands, begins anew (design.md 5), and so does all when the panel is another one.
 */
const sightSql = `insert into sighting as seen (integration, ip, tag, address_group, ptr, last_date, last_run)
  select $1, ip::inet, tag, address_group, ptr, $2, $3
  from unnest($5::text[], $6::text[], $7::text[], $8::text[]) as row (ip, tag, address_group, ptr)
  on conflict (integration, ip) do update set
    tag = excluded.tag, address_group = excluded.address_group, ptr = excluded.ptr,
    last_date = excluded.last_date, last_run = excluded.last_run,
    dates = case
      when seen.tag is distinct from excluded.tag or seen.address_group <> excluded.address_group
        or seen.ptr <> excluded.ptr or (seen.last_run <> excluded.last_run and seen.last_run is distinct from $4) then 1
      when seen.last_date = excluded.last_date then seen.dates
      else seen.dates + 1 end
  returning ip::text as ip, dates`;

export async function sight(
  db: Db,
  run: string,
  night: { readonly rows: readonly PlanRow[]; readonly localDate: string },
): Promise<ReadonlyMap<string, number>> {
  const { integration } = await lockRun(db, run);
  const before = await runsOfItsPanel(db, integration)
    .select('run')
    .where('run', '<', run)
    .where('verdict', 'in', ['apply', 'needs-approval'])
    .orderBy('run', 'desc')
    .limit(1)
    .executeTakeFirst();
  const dates = new Map<string, number>();
  for (const rows of batches(night.rows)) {
    const seen = await statement<{ readonly ip: string; readonly dates: number }>(db, sightSql, [
      integration,
      night.localDate,
      run,
      before?.run ?? null,
      rows.map((row) => row.ip),
      rows.map((row) => row.remote?.tag ?? null),
      rows.map((row) => row.remote?.group ?? ''),
      rows.map((row) => row.remote?.ptr ?? ''),
    ]);
    for (const row of seen) dates.set(ipText(row.ip.replace(/\/\d+$/, '')), row.dates);
  }
  return dates;
}
