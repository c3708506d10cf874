import type { Ledger } from '../../../activities/ledger/ledger.ts';
import type { IntegrationRecord } from '../../../activities/ledger/records.ts';
import type { SyncRun } from '../../../activities/ledger/sync/sync-store.ts';
import type { Reason } from '../../../workflows/domain/failure.ts';
import type { Config } from '../../../worker/config.ts';
import { healthOf } from '../../../worker/integration-health.ts';
import type { ScheduleHealth } from '../../../worker/schedule-health.ts';
import type { ScheduleStanding } from '../../../worker/schedules.ts';
import { schedulesOf } from '../../schedules.ts';
import { relative } from '../render/time.ts';
import { type Check, failed, ok, warn } from './check.ts';

type Schedules = ReadonlyMap<string, ScheduleStanding | undefined>;

/** Whether the nights come, and whether their syncs succeed: either that stops is loud (design.md 10). */
export async function checkSyncs(ledger: Ledger, config: Config, now = Date.now()): Promise<readonly Check[]> {
  const integrations = await ledger.settings.integrations.list();
  const checks: Check[] = [];
  const schedules = await knownSchedules(integrations, config, checks);
  for (const integration of integrations) {
    const standing = schedules === undefined ? 'unknown' : schedules.get(integration.name);
    const { health, newest } = await healthOf(ledger, integration, { standing, now });
    if (schedules !== undefined) checks.push(scheduleCheck(integration, health, now));
    checks.push(syncCheck(integration, newest, { health, now }));
  }
  return checks;
}

/** Nothing when they cannot be asked for; that Temporal is not there is told by its own check. */
async function knownSchedules(
  integrations: readonly IntegrationRecord[],
  config: Config,
  checks: Check[],
): Promise<Schedules | undefined> {
  const { temporalAddress: address, namespace, temporalOptions: connectionOptions } = config;
  if (address === undefined || integrations.length === 0) return undefined;
  try {
    const names = integrations.map(({ name }) => name);
    return await schedulesOf({ address, namespace, connectionOptions }, names);
  } catch (error) {
    checks.push(failed('schedules', error));
    return undefined;
  }
}

function scheduleCheck({ name, timeZone }: IntegrationRecord, health: ScheduleHealth, now: number): Check {
  const check = `schedule ${name}`;
  const problems = health.problems.filter(({ code }) => code !== 'no-good-sync');
  if (problems.length > 0) {
    const state = problems.some(({ code }) => code === 'no-schedule') ? 'fail' : 'warn';
    const detail = problems.map(({ message }) => message).join('; ');
    const next = problems.map((problem) => scheduleNext(problem, { name, timeZone })).join('; ');
    return { name: check, state, detail, next };
  }
  const { skipped, missed, next } = health;
  // Counters never fall: what was lost once, and came since, is only told.
  const lost = skipped + missed === 0 ? '' : `; ever since ${skipped} starts skipped, ${missed} missed`;
  return ok(check, `03:15 in ${timeZone}, next ${next === null ? 'unknown' : relative(next, now)}${lost}`);
}

function scheduleNext(
  { code }: Reason,
  { name, timeZone }: { readonly name: string; readonly timeZone: string },
): string {
  switch (code) {
    case 'no-schedule':
    case 'schedule-differs':
      return `"iptally integration edit ${name} --time-zone ${timeZone}" mends it now, a worker within ten minutes`;
    case 'schedule-paused':
      return `when its reason is gone, unpause it in the Web UI (Schedules, sync/${name})`;
    default:
      return `see "iptally sync runs ${name}": a run that hangs, or waits for approval, stands in the way`;
  }
}

function syncCheck(
  { name }: IntegrationRecord,
  last: SyncRun | undefined,
  { health, now }: { readonly health: ScheduleHealth; readonly now: number },
): Check {
  const check = `sync ${name}`;
  const why = last?.reason ? `; the last one: ${last.reason.message}` : '';
  const silent = health.problems.find(({ code }) => code === 'no-good-sync');
  if (silent !== undefined) {
    const next = `run "iptally sync run ${name}" and mend what it tells`;
    return { name: check, state: 'fail', detail: `${silent.message}${why}`, next };
  }
  if (last?.state === 'needs-approval') {
    const what = `${last.run} waits for approval, begun ${relative(last.startedAt, now)}`;
    return warn(check, what, `see "iptally sync show ${last.run}", then approve or reject it`);
  }
  if (last?.state === 'refused' || last?.state === 'failed') {
    return warn(check, `the last one was ${last.state}${why}`, `mend it, then "iptally sync run ${name}"`);
  }
  return ok(check, health.lastGood === null ? 'none yet' : `the last good one was ${relative(health.lastGood, now)}`);
}
