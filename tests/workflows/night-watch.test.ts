import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { type NightWatch, watchNights } from '../../worker/night-watch.ts';
import { describeSchedule, scheduleId, removeSchedule, upsertSchedule } from '../../worker/schedules.ts';
import { query } from '../support/database.ts';
import { eventually, openDesk } from './support/desk.ts';
import { site, wideWorld } from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), unread: true });
const { client, ledger, taskQueue } = engine;
const ways = { taskQueue };

interface Line {
  readonly integration?: string;
  readonly code: string;
  readonly level: number;
}

interface Night {
  /** What was told of, at the level of a worker's log. */
  told(code: string, integration?: string): readonly Line[];
  /** Until so many more looks were taken. */
  looks(more: number): Promise<void>;
  end(): Promise<void>;
}

/** A watch that looks again and again, over parts that may fail. */
function watch(parts: Partial<Pick<NightWatch, 'client' | 'ledger'>> = {}): Night {
  const lines: Line[] = [];
  const stop = new AbortController();
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  let taken = 0;
  const { integrations } = (parts.ledger ?? ledger).settings;
  const list: typeof integrations.list = () => {
    taken += 1;
    return integrations.list();
  };
  const counted = changed(parts.ledger ?? ledger, {
    settings: { ...ledger.settings, integrations: { ...integrations, list } },
  });
  const watching = watchNights({ client, log, ways, ...parts, ledger: counted, stop: stop.signal, everyMs: 20 });
  return {
    told: (code, integration) => lines.filter((line) => line.code === code && line.integration === integration),
    looks: (more) => {
      const until = taken + more;
      return eventually(() => expect(taken).toBeGreaterThan(until));
    },
    end: async () => {
      stop.abort();
      await watching;
    },
  };
}

function changed(whole: Ledger, part: Partial<Ledger>): Ledger {
  return { ...whole, ...part };
}

/** Long ago, so that a good sync is missed. */
async function addedDaysAgo(name: string): Promise<void> {
  await query(
    engine.database.migrationUrl,
    `update integration set created_at = now() - interval '3 days' where name = '${name}'`,
  );
}

const away = async (): Promise<never> => {
  throw new Error('canary-7a21');
};

test('a worker tells of a silent night in its log, once an hour and not at each look', async () => {
  const { name } = await site(engine, 'silent');
  await upsertSchedule(client, { name, timeZone: 'UTC' }, ways);
  await client.schedule.getHandle(scheduleId(name)).pause('the panel moves');
  const night = watch();
  await eventually(() => expect(night.told('schedule-paused', name)).toMatchObject([{ level: 40 }]));
  await night.looks(5);
  expect(night.told('schedule-paused', name)).toHaveLength(1);
  await client.schedule.getHandle(scheduleId(name)).unpause('moved');
  await night.end();
});

test('a schedule that is not there, or for another zone, is mended without waiting for the next start of a worker', async () => {
  const { name } = await site(engine, 'mended');
  const night = watch();
  await eventually(async () => expect(await describeSchedule(client, name)).toMatchObject({ timeZone: 'UTC' }));
  await night.looks(2);
  await removeSchedule(client, name);
  await eventually(async () => expect(await describeSchedule(client, name)).toMatchObject({ timeZone: 'UTC' }));
  // As where Temporal was not there while the integration was edited.
  await ledger.settings.integrations.edit(name, { timeZone: 'Europe/Lisbon' }, {});
  await eventually(async () =>
    expect(await describeSchedule(client, name)).toMatchObject({ timeZone: 'Europe/Lisbon' }),
  );
  expect(night.told('schedule-not-seen', name)).toEqual([]);
  await night.end();
});

test('a ledger that is away is loud, not silent, and its driver is not quoted', async () => {
  const integrations = { ...ledger.settings.integrations, list: away };
  const night = watch({ ledger: changed(ledger, { settings: { ...ledger.settings, integrations } }) });
  await eventually(() => expect(night.told('ledger-not-seen')).toMatchObject([{ level: 40 }]));
  await night.looks(5);
  expect(night.told('ledger-not-seen')).toHaveLength(1);
  expect(JSON.stringify(night.told('ledger-not-seen'))).not.toContain('canary-7a21');
  await night.end();
});

test('a Temporal that is away is loud, and syncs that do not succeed are told of all the same', async () => {
  const { name } = await site(engine, 'alone');
  await addedDaysAgo(name);
  const schedule = Object.create(client.schedule, {
    getHandle: { value: () => ({ describe: away }) },
  }) as typeof client.schedule;
  const night = watch({ client: Object.create(client, { schedule: { value: schedule } }) as typeof client });
  await eventually(() => expect(night.told('schedule-not-seen', name)).toMatchObject([{ level: 40 }]));
  await eventually(() => expect(night.told('no-good-sync', name)).toHaveLength(1));
  await night.looks(3);
  expect(night.told('schedule-not-seen', name)).toHaveLength(1);
  expect(night.told('no-schedule', name)).toEqual([]);
  await night.end();
});

test('an integration whose nights cannot be looked at hides none of those after it', async () => {
  const [first, second] = [await site(engine, 'night-1'), await site(engine, 'night-2')];
  await addedDaysAgo(second.name);
  const lastGood = (name: string) => (name === first.name ? away() : ledger.syncs.lastGood(name));
  const syncs = { ...ledger.syncs, lastGood };
  const night = watch({ ledger: changed(ledger, { syncs }) });
  await eventually(() => expect(night.told('nights-not-seen', first.name)).toMatchObject([{ level: 40 }]));
  await eventually(() => expect(night.told('no-good-sync', second.name)).toHaveLength(1));
  await night.end();
});
