import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Ledger } from '../activities/ledger/ledger.ts';
import { healthOf } from './integration-health.ts';
import type { ScheduleHealth } from './schedule-health.ts';
import { describeSchedule } from './schedules.ts';

/** Often enough that a silent night is told of in its own morning, seldom enough to cost nothing. */
const everyMs = 600_000;
/** The same problem is told again after this time, not at every look. */
const againMs = 3_600_000;

export interface NightWatch {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly stop: AbortSignal;
  readonly everyMs?: number;
}

/** Tells, as long as the worker lives, of schedules and syncs that are silent: in its log, and as metrics (design.md 10). */
export async function watchNights({ client, ledger, log, stop, ...options }: NightWatch): Promise<void> {
  const told = new Map<string, number>();
  const gauges = openGauges();
  while (!stop.aborted) {
    try {
      for (const integration of await ledger.settings.integrations.list()) {
        const standing = await describeSchedule(client, integration.name);
        const { health } = await healthOf(ledger, integration, { standing, now: Date.now() });
        gauges.set(health, Date.parse(integration.createdAt));
        tell(log, health, told);
      }
    } catch (error) {
      log.debug({ error: error instanceof Error ? error.name : 'unknown' }, 'the nights could not be looked at');
    }
    await sleep(options.everyMs ?? everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
  }
}

function tell(log: Logger, { integration, problems }: ScheduleHealth, told: Map<string, number>): void {
  const now = Date.now();
  for (const { code, message } of problems) {
    const key = `${integration} ${code}`;
    if (now - (told.get(key) ?? 0) < againMs) continue;
    told.set(key, now);
    log.warn({ integration, code, next: 'see "iptally doctor"' }, message);
  }
}

/** Exported where `IPTALLY_METRICS_ADDRESS` says so; every worker tells the same. */
function openGauges() {
  const meter = Runtime.instance().metricMeter;
  const age = meter.createGauge('iptally_last_good_sync_age_seconds', 'int', 's', 'since a sync succeeded, or was due');
  const problems = meter.createGauge(
    'iptally_schedule_problems',
    'int',
    '1',
    'why the nights are not as they should be',
  );
  const skipped = meter.createGauge('iptally_schedule_skipped', 'int', '1', 'starts skipped as a run was still open');
  const missed = meter.createGauge('iptally_schedule_missed', 'int', '1', 'starts missed as nothing ran');
  return {
    set(health: ScheduleHealth, since: number): void {
      const { integration } = health;
      const good = health.lastGood === null ? since : Date.parse(health.lastGood);
      age.set(Math.max(0, Math.round((Date.now() - good) / 1_000)), { integration });
      problems.set(health.problems.length, { integration });
      skipped.set(health.skipped, { integration });
      missed.set(health.missed, { integration });
    },
  };
}
