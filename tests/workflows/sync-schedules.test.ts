import { describe, expect, test } from '@jest/globals';
import { scheduleHealth, silentAfterMs, type Watched } from '../../worker/schedule-health.ts';
import {
  describeSchedule,
  type Integrations,
  keepSchedule,
  removeSchedule,
  removeStraySchedules,
  type Scheduled,
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

/** What `find` answers, one look after the other; the last one stays. */
function answers(...looks: readonly (Scheduled | undefined)[]): Integrations {
  let look = 0;
  return {
    find: async (name) => {
      const found = looks[Math.min(look, looks.length - 1)];
      look += 1;
      return found?.name === name ? found : undefined;
    },
  };
}

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
    await keepSchedule(client, name, { ...apart, anew: true, integrations: answers(integration) });
    expect(await describeSchedule(client, name)).toMatchObject({
      paused: true,
      note: 'the panel is moved on Friday',
      timeZone: 'UTC',
    });
    await handleOf(name).unpause('moved');
    expect(await describeSchedule(client, name)).toMatchObject({ paused: false });
    await eventually(async () => {
      await removeStraySchedules(client, answers(undefined), apart);
      expect(await describeSchedule(client, name)).toBeUndefined();
    });
  });

  test.concurrent('is made as its integration is now: edited or removed meanwhile, it is not as it was before', async () => {
    const own = { taskQueue: `${taskQueue}-now` };
    const keep = (name: string, integrations: Integrations) =>
      keepSchedule(client, name, { ...own, anew: false, integrations });
    const edited = `edited-${taskQueue.slice(-6)}`;
    await upsertSchedule(client, { name: edited, timeZone: 'UTC' }, own);
    const now = answers({ name: edited, timeZone: 'Asia/Tokyo' });
    expect(await keep(edited, now)).toMatchObject({ timeZone: 'Asia/Tokyo' });
    expect(await describeSchedule(client, edited)).toMatchObject({ timeZone: 'Asia/Tokyo' });
    expect(await keep(`gone-${taskQueue.slice(-6)}`, answers(undefined))).toBeUndefined();
    expect(await describeSchedule(client, `gone-${taskQueue.slice(-6)}`)).toBeUndefined();
    await removeSchedule(client, edited);
  });

  test.concurrent('of an integration that was added while strays were looked for stays', async () => {
    const own = { taskQueue: `${taskQueue}-added` };
    const name = `added-${taskQueue.slice(-6)}`;
    const added = { name, timeZone: 'UTC' };
    const stray = `stray-${taskQueue.slice(-6)}`;
    await upsertSchedule(client, added, own);
    await upsertSchedule(client, { name: stray, timeZone: 'UTC' }, own);
    let looks = 0;
    const integrations: Integrations = {
      // Not there when it is first looked for, there when its schedule would go.
      find: async (one) => (one === name && (looks += 1) > 1 ? added : undefined),
    };
    await eventually(async () => {
      await removeStraySchedules(client, integrations, own);
      expect(await describeSchedule(client, stray)).toBeUndefined();
      expect(looks).toBeGreaterThan(1);
    });
    expect(await describeSchedule(client, name)).toBeDefined();
    await removeSchedule(client, name);
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
    timeZone: 'UTC',
    standing,
    lastGood: ago(3_600_000),
    now,
  };
  const codes = (watched: Partial<Watched>): readonly string[] =>
    scheduleHealth({ ...well, ...watched }).problems.map(({ code }) => code);

  test.each<[string, Partial<Watched>, readonly string[]]>([
    ['all is well', {}, []],
    ['a day old', { since: ago(3_600_000), lastGood: null, standing: { ...standing, last: null } }, []],
    ['26 hours to the millisecond', { lastGood: ago(silentAfterMs) }, []],
    ['a millisecond more', { lastGood: ago(silentAfterMs + 1) }, ['no-good-sync']],
    ['never', { lastGood: null }, ['no-good-sync']],
    ['no schedule', { standing: undefined }, ['no-schedule']],
    ['paused', { standing: { ...standing, paused: true } }, ['schedule-paused']],
    ['Temporal does not say', { standing: 'unknown' }, []],
    ['made for another zone', { timeZone: 'Europe/Berlin' }, ['schedule-differs']],
    [
      'paused, and for another zone',
      { timeZone: 'Europe/Berlin', standing: { ...standing, paused: true } },
      ['schedule-paused', 'schedule-differs'],
    ],
    ['skipped', { standing: { ...standing, last: ago(silentAfterMs + 1), skipped: 1 } }, ['schedule-skipped']],
  ])('%s', (_what, watched, expected) => {
    expect(codes(watched)).toEqual(expected);
    expect(scheduleHealth({ ...well, ...watched }).ok).toBe(expected.length === 0);
  });
});
