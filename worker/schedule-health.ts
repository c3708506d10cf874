import type { SyncRun } from '../activities/ledger/sync/sync-store.ts';
import type { Reason } from '../workflows/domain/failure.ts';
import type { ScheduleStanding } from './schedules.ts';

/** A night and the time a sync may take: a schedule or a sync that is silent for longer is loud (design.md 10). */
export const silentAfterMs = 26 * 3_600_000;

export interface ScheduleHealth {
  readonly integration: string;
  readonly ok: boolean;
  /** Worst first. */
  readonly problems: readonly Reason[];
  readonly lastGood: string | null;
  readonly next: string | null;
  readonly skipped: number;
  readonly missed: number;
}

export interface Watched {
  readonly integration: string;
  /** When the integration was added (ISO 8601): nothing is late before its first night. */
  readonly since: string;
  readonly standing: ScheduleStanding | undefined;
  /** The newest runs of it, any order. */
  readonly runs: readonly Pick<SyncRun, 'state' | 'endedAt' | 'verdict'>[];
  readonly now: number;
}

/** Whether the nights of one integration go as they should; pure, for `doctor`, metrics and logs alike. */
export function scheduleHealth({ integration, since, standing, runs, now }: Watched): ScheduleHealth {
  const lastGood = lastGoodOf(runs);
  const problems: Reason[] = [...ofSchedule({ integration, since, standing, now })];
  if (now - Date.parse(lastGood ?? since) > silentAfterMs) {
    const message = `no sync of ${integration} has succeeded ${lastGood === null ? 'yet' : `since ${lastGood}`}`;
    problems.unshift({ code: 'no-good-sync', message });
  }
  return {
    integration,
    ok: problems.length === 0,
    problems,
    lastGood,
    next: standing?.next[0] ?? null,
    skipped: standing?.skipped ?? 0,
    missed: standing?.missed ?? 0,
  };
}

/** A run is good when it came to its end with a list that was proven: what a person rejected or left waiting is not. */
function lastGoodOf(runs: Watched['runs']): string | null {
  const good = runs.filter(({ state, endedAt }) => endedAt !== null && (state === 'applied' || state === 'planned'));
  return (
    good
      .flatMap(({ endedAt }) => endedAt ?? [])
      .toSorted()
      .at(-1) ?? null
  );
}

function ofSchedule({ integration, since, standing, now }: Omit<Watched, 'runs'>): readonly Reason[] {
  if (standing === undefined) {
    return [{ code: 'no-schedule', message: `integration ${integration} has no schedule: nothing syncs it at night` }];
  }
  if (standing.paused) {
    const why = standing.note === null ? '' : ` (${standing.note})`;
    return [{ code: 'schedule-paused', message: `the schedule of ${integration} is paused${why}` }];
  }
  if (now - Date.parse(standing.last ?? since) <= silentAfterMs) return [];
  const { skipped, missed, last } = standing;
  const message =
    `the schedule of ${integration} has started nothing since ${last ?? since}: ` +
    `${skipped} starts skipped, as a run was still open, and ${missed} missed`;
  return [{ code: 'schedule-skipped', message }];
}
