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
  readonly timeZone: string;
  /** Nothing: it has none. `unknown`: Temporal did not say. */
  readonly standing: ScheduleStanding | 'unknown' | undefined;
  /** When its last good sync ended (ISO 8601). */
  readonly lastGood: string | null;
  readonly now: number;
}

/** Whether the nights of one integration go as they should; pure, for `doctor`, metrics and logs alike. */
export function scheduleHealth(watched: Watched): ScheduleHealth {
  const { integration, since, lastGood, now } = watched;
  const standing = watched.standing === 'unknown' ? undefined : watched.standing;
  const problems: Reason[] = [];
  if (now - Date.parse(lastGood ?? since) > silentAfterMs) {
    const message = `no sync of ${integration} has succeeded ${lastGood === null ? 'yet' : `since ${lastGood}`}`;
    problems.push({ code: 'no-good-sync', message });
  }
  if (watched.standing !== 'unknown') problems.push(...ofSchedule({ ...watched, standing }));
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

interface Scheduled extends Watched {
  readonly standing: ScheduleStanding | undefined;
}

function ofSchedule(watched: Scheduled): readonly Reason[] {
  const { integration, standing, timeZone } = watched;
  if (standing === undefined) {
    return [{ code: 'no-schedule', message: `integration ${integration} has no schedule: nothing syncs it at night` }];
  }
  const silent = silence({ ...watched, standing });
  if (standing.timeZone === timeZone) return silent;
  const message = `the schedule of ${integration} is for ${standing.timeZone}, the integration for ${timeZone}`;
  return [...silent, { code: 'schedule-differs', message }];
}

function silence({
  integration,
  since,
  standing,
  now,
}: Watched & { readonly standing: ScheduleStanding }): readonly Reason[] {
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
