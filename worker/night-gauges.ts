import { Runtime } from '@temporalio/worker';
import type { ScheduleHealth } from './schedule-health.ts';

/** The nights as metrics, exported where `IPTALLY_METRICS_ADDRESS` says so; every worker tells the same. */
export interface NightGauges {
  /** `since`: when the integration was added; nothing is late before its first night. */
  set(health: ScheduleHealth, since: number): void;
  /** What was seen last grows older, also where nothing can be seen any more. */
  age(): void;
  /** An integration that is gone has no nights: its values become NaN, on which no alert holds. */
  keepOnly(integrations: readonly string[]): void;
}

export function openNightGauges(): NightGauges {
  const meter = Runtime.instance().metricMeter;
  const gauge = (name: string, unit: string, description: string) =>
    meter.createGauge(`iptally_${name}`, 'float', unit, description);
  const good = gauge('last_good_sync_timestamp_seconds', 's', 'when a sync succeeded, or the integration was added');
  const age = gauge('last_good_sync_age_seconds', 's', 'since then, as of the last look');
  const problems = gauge('schedule_problems', '1', 'why the nights are not as they should be');
  const skipped = gauge('schedule_skipped', '1', 'starts skipped as a run was still open');
  const missed = gauge('schedule_missed', '1', 'starts missed as nothing ran');
  const seen = new Map<string, number>();
  const grow = (integration: string, since: number): void => {
    age.set(Math.max(0, Math.round((Date.now() - since) / 1_000)), { integration });
  };
  return {
    set(health, added) {
      const { integration } = health;
      const since = health.lastGood === null ? added : Date.parse(health.lastGood);
      seen.set(integration, since);
      good.set(Math.floor(since / 1_000), { integration });
      grow(integration, since);
      problems.set(health.problems.length, { integration });
      skipped.set(health.skipped, { integration });
      missed.set(health.missed, { integration });
    },
    age() {
      for (const [integration, since] of seen) grow(integration, since);
    },
    keepOnly(integrations) {
      const gone = [...seen.keys()].filter((name) => !integrations.includes(name));
      for (const integration of gone) {
        for (const one of [good, age, problems, skipped, missed]) one.set(Number.NaN, { integration });
        seen.delete(integration);
      }
    },
  };
}
