import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SyncRun } from '../../activities/ledger/sync/sync-store.ts';
import type { Outcome, PlanRow } from '../../workflows/domain/plan.ts';
import { aReserved, aRun, aService, openWorld, type World } from './world.ts';

/** What the guard takes out of a fall: our own hand since the last good run, each side by itself. */

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function begin(integration = 'panel'): Promise<SyncRun> {
  const request = { integration, policy: 'all', dryRun: false, login: 'billing', scheduledFor: null } as const;
  const begun = await world.ledger.syncs.begin({ ...request, run: aRun(`sync/${integration}`) });
  if (begun.kind !== 'begun') throw new Error(`not begun: ${begun.kind}`);
  return begun.run;
}

type Row = readonly [
  ip: string,
  action: PlanRow['action'],
  outcome: Outcome | null,
  discrepancy?: PlanRow['discrepancy'],
];

/** A run whose plan came to these outcomes. */
async function mended(run: SyncRun, rows: readonly Row[], state: 'applied' | 'failed'): Promise<void> {
  const { syncs } = world.ledger;
  const remote = { tag: null, group: 'public', ptr: 'a.example.com' };
  const plan = rows.map(([ip, action, , discrepancy = 'unknown-holder']): PlanRow => {
    return { ip, discrepancy, action, reason: 'a test', remote, version: null };
  });
  const progress = { ...run.progress, nextPage: 2 };
  await syncs.saveRange({ run: run.run, fromPage: 1, progress, plan, firstReads: [], ledgerRows: 0 });
  for (const [ip, , outcome] of rows) {
    if (outcome !== null) await syncs.saveOutcomes(run.run, [{ ip, outcome, reason: null }]);
  }
  await syncs.setState(run.run, state, null);
}

test('what syncs released and occupied counts at the remote alone, from the last good run on, failed ones too', async () => {
  const { syncs } = world.ledger;
  await mended(await begin(), [['10.3.0.1', 'release', 'done']], 'applied');
  const baseline = await begin();
  const rows: readonly Row[] = [
    ['10.3.0.1', 'release', 'done'],
    ['10.3.0.2', 'release', 'done', 'orphan'],
    ['10.3.0.3', 'release', 'failed'],
    ['10.3.0.4', 'release', 'denied'],
    ['10.3.0.5', 'release', 'changed'],
    ['10.3.0.6', 'release', null],
    ['10.3.0.7', 'occupy', 'done', 'missing'],
    ['10.3.0.8', 'tag', 'done', 'untagged'],
    ['10.3.0.9', 'write-ptr', 'done', 'ptr-drift'],
    // The history tells what becomes of it.
    ['10.3.0.10', 'release', 'done', 'release-unfinished'],
  ];
  await mended(baseline, rows, 'applied');
  await mended(await begin(), [['10.3.0.3', 'release', 'done']], 'failed');
  await mended(await begin('other'), [['10.3.0.11', 'release', 'done']], 'applied');
  expect(await syncs.ownChangesSince(baseline.run)).toEqual({
    remote: { released: 3, taken: 1 },
    ledger: { released: 0, taken: 0 },
  });
});

test('an address leaves its service before it leaves IPmanager, and one that was kept left neither', async () => {
  const { syncs, releases, locks } = world.ledger;
  const baseline = await begin();
  const [leaving, kept] = [
    await aReserved(world, await aService(world)),
    await aReserved(world, await aService(world)),
  ];
  for (const { ip } of [leaving, kept]) {
    const run = aRun(`release/${ip}`);
    await locks.acquire({ key: `address/${ip}`, reason: 'a test', run });
    await releases.begin({ ip, reason: 'a test', run });
    if (ip === kept.ip) await releases.rebind({ ip, reason: 'a test', run });
  }
  await world.sql(`insert into address_history (ip, event, integration) values ('10.3.1.1', 'imported', 'panel')`);
  expect(await syncs.ownChangesSince(baseline.run)).toEqual({
    remote: { released: 0, taken: 2 },
    ledger: { released: 1, taken: 3 },
  });
  await syncs.setState(baseline.run, 'applied', null);
});
