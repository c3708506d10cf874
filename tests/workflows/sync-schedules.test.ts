import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { watchNights } from '../../worker/night-watch.ts';
import { scheduleHealth, silentAfterMs, type Watched } from '../../worker/schedule-health.ts';
import {
  describeSchedule,
  reconcileSchedules,
  removeSchedule,
  scheduleId,
  upsertSchedule,
  type ScheduleStanding,
} from '../../worker/schedules.ts';
import { nextStart, nightlyTimes } from '../../workflows/domain/nightly.ts';
import { eventually, openDesk } from './support/desk.ts';
import { approvedBefore, site, wideWorld } from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), unread: true });
const { client, ledger, taskQueue } = engine;
const ways = { taskQueue };
/** Reconciling looks at all schedules of a queue. */
const apart = { taskQueue: `${taskQueue}-apart` };

/** What an operator does at the Web UI, or with Temporal's own command line. */
const handleOf = (name: string) => client.schedule.getHandle(scheduleId(name));

async function nextOf(name: string): Promise<readonly string[]> {
  return (await describeSchedule(client, name))?.next ?? [];
}

describe('the schedule of an integration', () => {
  test.concurrent('starts its sync at 03:15 in its zone, and is made, changed and removed with it', async () => {
    const name = `zone-${taskQueue.slice(-6)}`;
    expect(await describeSchedule(client, name)).toBeUndefined();
    await removeSchedule(client, name);
    for (const timeZone of ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo']) {
      await upsertSchedule(client, { name, timeZone }, ways);
      const [first] = await nextOf(name);
      expect(first).toBe(nextStart(new Date().toISOString(), timeZone));
    }
    const described = await handleOf(name).describe();
    expect(described.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 6 * 3_600_000 });
    expect(described.action).toMatchObject({
      workflowType: 'syncIntegration',
      workflowId: `sync/${name}`,
      taskQueue,
      workflowRunTimeout: 26 * 3_600_000,
    });
    await removeSchedule(client, name);
    expect(await describeSchedule(client, name)).toBeUndefined();
    await removeSchedule(client, name);
  });

  test.concurrent('said again it stays as it is, and an operator`s pause outlives a redeploy', async () => {
    const name = `pause-${taskQueue.slice(-6)}`;
    const integration = { name, timeZone: 'UTC' };
    await upsertSchedule(client, integration, apart);
    await handleOf(name).pause('the panel is moved on Friday');
    await upsertSchedule(client, { name, timeZone: 'Europe/Paris' }, apart);
    await reconcileSchedules(client, [integration], apart);
    expect(await describeSchedule(client, name)).toMatchObject({
      paused: true,
      note: 'the panel is moved on Friday',
      timeZone: 'UTC',
    });
    await handleOf(name).unpause('moved');
    expect(await describeSchedule(client, name)).toMatchObject({ paused: false });
    await eventually(async () => {
      await reconcileSchedules(client, [], apart);
      expect(await describeSchedule(client, name)).toBeUndefined();
    });
  });

  test.concurrent.each(['Europe/Helsinki', 'Asia/Nicosia', 'Pacific/Chatham', 'Europe/Berlin'])(
    'in %s every date of 2027 has its one start, as the server itself tells',
    async (timeZone) => {
      const name = `year-${timeZone.toLowerCase().replaceAll(/[^a-z]/g, '-')}`;
      await upsertSchedule(client, { name, timeZone }, ways);
      const answer = await client.workflowService.listScheduleMatchingTimes({
        namespace: client.options.namespace,
        scheduleId: scheduleId(name),
        startTime: { seconds: Math.floor(Date.UTC(2026, 11, 31, 12) / 1_000) as never },
        endTime: { seconds: Math.floor(Date.UTC(2028, 0, 1, 12) / 1_000) as never },
      });
      const times = answer.startTime.map(({ seconds }) => new Date(Number(seconds) * 1_000).toISOString());
      const zone = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short' });
      const dates = times.map((at) => zone.format(new Date(at))).filter((date) => date.startsWith('2027'));
      expect(new Set(dates).size).toBe(365);
      const twice = dates.filter((date, at) => dates.indexOf(date) !== at);
      // A second 03:15 on one date starts, finds that the date had its run, and answers that.
      for (const date of twice) expect(nightlyTimes(date, timeZone)).toHaveLength(2);
      await removeSchedule(client, name);
    },
  );

  test.concurrent('triggered, its start is a sync of its own id', async () => {
    const main = await site(engine, 'trigger');
    await main.serve('trigger-1');
    await approvedBefore(main);
    await upsertSchedule(client, { name: 'trigger', timeZone: 'UTC' }, ways);
    const runs = (await ledger.syncs.list('trigger', 10)).length;
    await handleOf('trigger').trigger('SKIP');
    const newest = await eventually(async () => {
      const listed = await ledger.syncs.list('trigger', 10);
      expect(listed).toHaveLength(runs + 1);
      const [run] = listed;
      expect(run).toMatchObject({ state: 'applied', scheduledFor: null });
      return run;
    });
    expect(newest?.workflowId).toMatch(/^sync\/trigger-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await eventually(async () => expect(await describeSchedule(client, 'trigger')).toMatchObject({ taken: 1 }));
    await removeSchedule(client, 'trigger');
  });
});

describe('nights that do not go as they should', () => {
  const now = Date.parse('2027-06-10T12:00:00Z');
  const ago = (ms: number): string => new Date(now - ms).toISOString();
  const standing: ScheduleStanding = {
    scheduleId: 'sync/main',
    timeZone: 'UTC',
    paused: false,
    note: null,
    next: ['2027-06-11T03:15:00.000Z'],
    last: '2027-06-10T03:15:00.000Z',
    taken: 9,
    skipped: 0,
    missed: 0,
  };
  const well: Watched = {
    integration: 'main',
    since: ago(90 * 86_400_000),
    standing,
    runs: [{ state: 'applied', verdict: 'apply', endedAt: ago(3_600_000) }],
    now,
  };
  const codes = (watched: Partial<Watched>): readonly string[] =>
    scheduleHealth({ ...well, ...watched }).problems.map(({ code }) => code);

  test.each<[string, Partial<Watched>, readonly string[]]>([
    ['all is well', {}, []],
    ['a day old', { since: ago(3_600_000), runs: [], standing: { ...standing, last: null } }, []],
    [
      '26 hours to the millisecond',
      { runs: [{ state: 'planned', verdict: 'apply', endedAt: ago(silentAfterMs) }] },
      [],
    ],
    [
      'a millisecond more',
      { runs: [{ state: 'planned', verdict: 'apply', endedAt: ago(silentAfterMs + 1) }] },
      ['no-good-sync'],
    ],
    [
      'refused, rejected and failed are not good',
      {
        runs: (['refused', 'rejected', 'failed', 'expired', 'superseded'] as const).map((state) => {
          return { state, verdict: null, endedAt: ago(60_000) };
        }),
      },
      ['no-good-sync'],
    ],
    ['no schedule', { standing: undefined }, ['no-schedule']],
    ['paused', { standing: { ...standing, paused: true } }, ['schedule-paused']],
    ['skipped', { standing: { ...standing, last: ago(silentAfterMs + 1), skipped: 1 } }, ['schedule-skipped']],
  ])('%s', (_what, watched, expected) => {
    expect(codes(watched)).toEqual(expected);
    expect(scheduleHealth({ ...well, ...watched }).ok).toBe(expected.length === 0);
  });
});

test('a worker tells of a silent night in its log, once an hour and not at each look', async () => {
  const main = await site(engine, 'silent');
  const lines: { readonly integration?: string; readonly code?: string; readonly level: number }[] = [];
  const stop = new AbortController();
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const told = (code: string) => lines.filter((line) => line.integration === main.name && line.code === code);
  const watching = watchNights({ client, ledger, log, stop: stop.signal, everyMs: 20 });
  await eventually(() => expect(told('no-schedule')).toHaveLength(1));
  await upsertSchedule(client, { name: main.name, timeZone: 'UTC' }, ways);
  await handleOf(main.name).pause('the panel moves');
  await eventually(() => expect(told('schedule-paused')).toMatchObject([{ level: 40 }]));
  stop.abort();
  await watching;
  expect(told('no-schedule')).toHaveLength(1);
  await removeSchedule(client, main.name);
});
