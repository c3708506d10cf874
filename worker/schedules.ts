import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleDescription,
  type ScheduleOptions,
} from '@temporalio/client';
import type { IntegrationRecord } from '../activities/ledger/records.ts';
import { taskQueue, workflowIds } from '../workflows/contract.ts';
import { gapStarts, nightly } from '../workflows/domain/nightly.ts';

/**
 * One Temporal Schedule an integration: every night at 03:15 in its zone (design.md 5). Made, changed and removed with
 * the integration; no other code knows how a night is spelt.
 */

export type Scheduled = Pick<IntegrationRecord, 'name' | 'timeZone'>;

export interface ScheduleStanding {
  readonly scheduleId: string;
  readonly timeZone: string;
  readonly paused: boolean;
  readonly note: string | null;
  /** ISO 8601 UTC; the next few, soonest first. */
  readonly next: readonly string[];
  readonly last: string | null;
  readonly taken: number;
  /** Starts that did not happen, because the run before was still open. */
  readonly skipped: number;
  /** Starts that did not happen, because nothing ran for longer than the catch-up. */
  readonly missed: number;
}

export function scheduleId(integration: string): string {
  return workflowIds.syncIntegration(integration);
}

/** Longer than any night-to-night distance: a run that hangs loses one start, never all that follow (crowd.dev #4174). */
const runTimeout = '26h';

function optionsOf({ name, timeZone }: Scheduled, options: ScheduleWays) {
  const from = new Date(options.now?.() ?? Date.now());
  const { hour, minute } = nightly;
  const gaps = gapStarts(timeZone, from).map(({ year, month, day, hour: at, minute: past }) => ({
    year,
    month: months[month - 1] ?? 'JANUARY',
    dayOfMonth: day,
    hour: at,
    minute: past,
    comment: 'the clock jumps over 03:15 on this date',
  }));
  return {
    spec: { calendars: [{ hour, minute, comment: 'every night' }, ...gaps], timezone: timeZone },
    action: {
      type: 'startWorkflow',
      workflowType: 'syncIntegration',
      workflowId: workflowIds.syncIntegration(name),
      taskQueue: options.taskQueue ?? taskQueue,
      args: [{ integration: name }],
      workflowRunTimeout: runTimeout,
      workflowExecutionTimeout: runTimeout,
      staticSummary: `Nightly sync of ${name}`,
    },
    policies: { overlap: 'SKIP', catchupWindow: '6h', pauseOnFailure: false },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
}

const months = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;

export interface ScheduleWays {
  /** Tests have a queue of their own. */
  readonly taskQueue?: string;
  readonly now?: () => number;
}

/** Makes the schedule, or brings it to what the integration says now. An operator's pause stays (temporal.md 1.3). */
export async function upsertSchedule(client: Client, integration: Scheduled, ways: ScheduleWays = {}): Promise<void> {
  const options = optionsOf(integration, ways);
  const id = scheduleId(integration.name);
  try {
    await client.schedule.create({ scheduleId: id, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(id).update(({ state }) => ({ ...options, state }));
  }
}

/** Harmless when there is none. */
export async function removeSchedule(client: Client, integration: string): Promise<void> {
  await unlessMissing(() => client.schedule.getHandle(scheduleId(integration)).delete());
}

/** Nothing when the integration has no schedule. */
export async function describeSchedule(client: Client, integration: string): Promise<ScheduleStanding | undefined> {
  const found = await unlessMissing(() => client.schedule.getHandle(scheduleId(integration)).describe());
  return found === undefined ? undefined : standing(found);
}

function standing({ scheduleId: id, spec, state, info }: ScheduleDescription): ScheduleStanding {
  return {
    scheduleId: id,
    timeZone: spec.timezone ?? 'UTC',
    paused: state.paused,
    note: state.note === undefined || state.note === '' ? null : state.note,
    next: info.nextActionTimes.slice(0, 5).map((at) => at.toISOString()),
    last: info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
    taken: info.numActionsTaken,
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

/** Where integrations are asked for as they are now: a list that was read earlier would undo what came in between. */
export interface Integrations {
  find(name: string): Promise<Scheduled | undefined>;
}

/** Makes the schedule or brings it in order, where it needs to be or `anew` says so; answers how it stands then. */
export async function keepSchedule(
  client: Client,
  name: string,
  { integrations, anew, ...ways }: ScheduleWays & { readonly integrations: Integrations; readonly anew: boolean },
): Promise<ScheduleStanding | undefined> {
  const before = await describeSchedule(client, name);
  const integration = await integrations.find(name);
  if (integration === undefined || (!anew && before?.timeZone === integration.timeZone)) return before;
  await upsertSchedule(client, integration, ways);
  return describeSchedule(client, name);
}

/** Removes the schedules of this queue whose integrations are gone. Safe to repeat. */
export async function removeStraySchedules(
  client: Client,
  integrations: Integrations,
  ways: ScheduleWays = {},
): Promise<void> {
  for await (const { scheduleId: id } of client.schedule.list()) {
    if (!id.startsWith(scheduleId(''))) continue;
    const name = id.slice(scheduleId('').length);
    if ((await integrations.find(name)) !== undefined) continue;
    const found = await unlessMissing(() => client.schedule.getHandle(id).describe());
    // Another installation may share the namespace: its schedules start on its own queue.
    if (found === undefined || found.action.taskQueue !== (ways.taskQueue ?? taskQueue)) continue;
    // Added since: its schedule may be the one that is there.
    if ((await integrations.find(name)) === undefined) await removeSchedule(client, name);
  }
}

async function unlessMissing<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
