import type { Ledger } from '../activities/ledger/ledger.ts';
import type { IntegrationRecord } from '../activities/ledger/records.ts';
import type { SyncRun } from '../activities/ledger/sync/sync-store.ts';
import { type ScheduleHealth, scheduleHealth, type Watched } from './schedule-health.ts';

/** How the nights of an integration go, and its newest run. */
export async function healthOf(
  ledger: Ledger,
  { name, timeZone, createdAt }: IntegrationRecord,
  seen: Pick<Watched, 'standing' | 'now'>,
): Promise<{ readonly health: ScheduleHealth; readonly newest: SyncRun | undefined }> {
  const [newest] = await ledger.syncs.list(name, 1);
  const good = await ledger.syncs.lastGood(name);
  // An integration of the same name may have been removed before: its nights are not those of this one.
  const lastGood = good !== null && good > createdAt ? good : null;
  const health = scheduleHealth({ integration: name, timeZone, since: createdAt, lastGood, ...seen });
  return { health, newest };
}
