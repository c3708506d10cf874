import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ComparedRange, RowOutcome, RunState, SyncRun } from '../../activities/ledger/sync/sync-store.ts';
import { dropOldRows } from '../../activities/sync/old-rows.ts';
import type { Deps } from '../../activities/deps.ts';
import { keptDays, keptRuns, type PlanRow } from '../../workflows/domain/plan.ts';
import { aRun, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function begin(integration: string): Promise<SyncRun> {
  const request = { integration, policy: 'all', dryRun: false, login: 'billing', scheduledFor: null } as const;
  const begun = await world.ledger.syncs.begin({ ...request, run: aRun(`sync/${integration}`) });
  if (begun.kind !== 'begun') throw new Error(`not begun: ${begun.kind}`);
  return begun.run;
}

function planRow(ip: string, fields: Partial<PlanRow> = {}): PlanRow {
  const remote = { tag: null, group: 'public', ptr: 'a.example.com' };
  return { ip, discrepancy: 'unknown-holder', action: 'report', reason: 'a test', remote, version: null, ...fields };
}

function range({ run, progress }: SyncRun, plan: readonly PlanRow[]): ComparedRange {
  const next = { ...progress, nextPage: progress.nextPage + 1, rows: progress.rows + plan.length };
  return { run, fromPage: progress.nextPage, progress: next, plan, firstReads: [], ledgerRows: 1 };
}

describe('a row that is no address', () => {
  const network = (ip: string): PlanRow => planRow(ip, { discrepancy: 'not-an-address' });

  test('and came before is told, in another range or the same, and nothing of its range is saved', async () => {
    const { syncs } = world.ledger;
    const run = await begin('networks');
    const first = range(run, [planRow('10.0.0.1'), network('10.9.0.0/24')]);
    const saved = (await syncs.saveRange(first)) as SyncRun;
    expect(await syncs.saveRange(first)).toEqual(saved);
    const again = range(saved, [planRow('10.0.0.2'), network('10.8.0.0/24'), network('10.9.0.0/24')]);
    expect(await syncs.saveRange(again)).toEqual({ repeated: '10.9.0.0/24' });
    const twice = range(saved, [network('10.7.0.0/24'), network('10.7.0.0/24')]);
    expect(await syncs.saveRange(twice)).toEqual({ repeated: '10.7.0.0/24' });
    expect(await syncs.find(run.run)).toEqual(saved);
    expect(await syncs.saveRange(range(saved, [network('10.8.0.0/24')]))).toMatchObject({ planned: 3 });
  });
});

describe('plans of old runs', () => {
  const rows: readonly PlanRow[] = [
    planRow('10.4.0.1', { action: 'release' }),
    planRow('10.4.0.2', { action: 'release' }),
    planRow('10.4.0.3', { action: 'occupy', discrepancy: 'missing' }),
    planRow('10.4.0.4', { action: 'write-ptr', discrepancy: 'ptr-drift' }),
    planRow('10.4.0.5'),
    planRow('10.4.0.6', { action: 'release' }),
  ];
  const outcomes: readonly RowOutcome[] = [
    { ip: '10.4.0.1', outcome: 'done', reason: null },
    { ip: '10.4.0.2', outcome: 'failed', reason: 'a test' },
    { ip: '10.4.0.3', outcome: 'done', reason: null },
    { ip: '10.4.0.4', outcome: 'done', reason: null },
  ];

  /** A run that ended so long ago. */
  async function aged(integration: string, days: number, state: RunState = 'applied'): Promise<string> {
    const run = await begin(integration);
    await world.ledger.syncs.saveRange(range(run, rows));
    await world.ledger.syncs.saveOutcomes(run.run, outcomes);
    await world.ledger.syncs.setState(run.run, state, null);
    await world.sql(`update sync_run set ended_at = now() - make_interval(days => ?::int) where run = ?`, [
      days,
      run.run,
    ]);
    return run.run;
  }

  const drop = (integration: string) => dropOldRows({ ledger: world.ledger } as Deps, integration);
  const left = async (run: string) =>
    (await world.ledger.syncs.items(run, { after: null, limit: 100 })).map(({ ip }) => ip);
  const all = rows.map(({ ip }) => ip);

  test('go when they are not among the last runs and not of the last days, but for what was released or occupied', async () => {
    const [old, young] = [await aged('nights', keptDays + 1), await aged('nights', keptDays - 1)];
    const elsewhere = await aged('elsewhere', keptDays + 1);
    const last: string[] = [];
    for (let n = 0; n < keptRuns - 1; n += 1) last.push(await aged('nights', keptDays + 1, 'failed'));
    await drop('nights');
    // It is the first of as many as are kept, and one, with the young one.
    expect(await left(old)).toEqual(['10.4.0.1', '10.4.0.3']);
    for (const run of [young, ...last, elsewhere]) expect(await left(run)).toEqual(all);
    const run = await world.ledger.syncs.find(old);
    expect(run).toMatchObject({ planned: rows.length, outcomes: { done: 3, failed: 1 }, state: 'applied' });
    await aged('nights', keptDays + 1);
    await drop('nights');
    expect(await left(young)).toEqual(all);
    await aged('nights', keptDays + 1);
    await drop('nights');
    expect(await left(young)).toEqual(all);
    expect(await left(last[0] ?? '')).toEqual(['10.4.0.1', '10.4.0.3']);
    expect(await left(last[1] ?? '')).toEqual(all);
  });

  test('stay where they are few, however old, and while a run goes on', async () => {
    const few = await aged('few', 1_000);
    const waits = await begin('few');
    await world.ledger.syncs.saveRange(range(waits, rows));
    await drop('few');
    expect(await left(few)).toEqual(all);
    expect(await left(waits.run)).toEqual(all);
  });

  test('go a bounded piece at a time', async () => {
    const old = [];
    for (let n = 0; n < keptRuns + 2; n += 1) old.push(await aged('pieces', keptDays + 1));
    const { syncs } = world.ledger;
    const dropped = [];
    for (let n = 0; n < 4; n += 1) dropped.push(await syncs.dropOldRows('pieces', 3));
    // Two runs with four rows each that are not kept.
    expect(dropped).toEqual([3, 3, 2, 0]);
    expect(await left(old[2] ?? '')).toEqual(all);
  });
});
