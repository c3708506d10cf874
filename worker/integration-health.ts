import type { Ledger } from '../activities/ledger/ledger.ts';
import type { IntegrationRecord } from '../activities/ledger/records.ts';
import type { SyncRun } from '../activities/ledger/sync/sync-store.ts';
import { type ScheduleHealth, scheduleHealth } from './schedule-health.ts';
import type { ScheduleStanding } from './schedules.ts';

/** How the nights of an integration go, and its newest run. */
export async function healthOf(
  ledger: Ledger,
  { name, login, createdAt }: IntegrationRecord,
  seen: { readonly standing: ScheduleStanding | undefined; readonly now: number },
): Promise<{ readonly health: ScheduleHealth; readonly newest: SyncRun | undefined }> {
  const newest = await ledger.syncs.list(name, 10);
  const good = await ledger.syncs.baseline(name, login);
  const runs = good === undefined ? newest : [...newest, good];
  return { health: scheduleHealth({ integration: name, since: createdAt, runs, ...seen }), newest: newest[0] };
}
