import { describe, expect, test } from '@jest/globals';
import { report } from '../support/seed.ts';
import { eventsOf, openDesk } from './support/desk.ts';
import { wide } from './support/sync-claims.ts';
import { approvedBefore, site, sync, wideWorld, type Site } from './support/sync-desk.ts';

/** Ranges so small that a list of a test has several: two pages of five rows each. */
const rangeRows = 10;
const engine = await openDesk({
  world: wideWorld(),
  unread: true,
  wrap: (activities) => ({
    ...activities,
    compareRange: (run) => activities.compareRange(run, { pages: 2, pageRows: rangeRows / 2 }),
  }),
});

/** Events of the newest run. How often a worker takes its turn depends on the machine: those are counted apart. */
async function eventsAfter(where: Site): Promise<{ readonly story: number; readonly all: number }> {
  const events = await eventsOf(engine, `sync/${where.name}`);
  const turns = events.filter((event) =>
    Object.entries(event).some(([field, value]) => field.startsWith('workflowTask') && value !== null),
  );
  return { story: events.length - turns.length, all: events.length };
}

async function compared(name: string, rows: number): Promise<number> {
  const main = await site(engine, name, { ignoredGroups: ['theirs'] });
  main.crowd(rows);
  expect(await sync(main, { dryRun: true })).toMatchObject({ state: 'planned', counts: {} });
  const { story, all } = await eventsAfter(main);
  report(`history of a comparison of ${rows} rows`, { ranges: Math.ceil(rows / rangeRows), story, all });
  return story;
}

async function applied(name: string, releases: number): Promise<number> {
  const main = await site(engine, name, { thresholds: wide, releaseLimit: 1_000 });
  await main.serve(`${name}-1`);
  await approvedBefore(main);
  // One range, however many: pieces of the apply are what is looked at.
  for (let n = 0; n < releases; n += 1) main.byHand(30 + n);
  expect(await sync(main)).toMatchObject({ state: 'applied', outcomes: { done: releases } });
  const { story, all } = await eventsAfter(main);
  report(`history of an apply of ${releases} rows`, { story, all });
  return story - Math.ceil((releases + 1) / rangeRows) * activity;
}

/** Scheduled, started, completed. */
const activity = 3;

describe('the history of a sync', () => {
  test('grows with the ranges of the list, not with its rows', async () => {
    const few = await compared('few', 3);
    expect(await compared('more', 9)).toBe(few);
    expect(await compared('ranges', 4 * rangeRows)).toBe(few + 3 * activity);
  });

  test('grows with the pieces of an apply, not with its rows', async () => {
    const few = await applied('one-row', 1);
    const one = await applied('one-piece', 45);
    expect(one).toBe(few);
    // An activity, and one look at where the run stands.
    expect(await applied('three-pieces', 130)).toBe(one + 2 * (activity + 1));
  });
});
