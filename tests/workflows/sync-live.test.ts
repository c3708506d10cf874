import { describe, expect, test } from '@jest/globals';
import { approveUpdate } from '../../workflows/contract.ts';
import { report } from '../support/seed.ts';
import { eventsOf, openDesk } from './support/desk.ts';
import { syncBesideOrders, syncKilled } from './support/sync-claims.ts';
import { atRest, site, startSync, untilAsked, wideWorld } from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });
const { simulator } = engine;

describe('a sync', () => {
  test('during 40 live allocations and releases breaks no invariant and leaves what is in flight alone', async () => {
    expect(await syncBesideOrders(engine, 40)).toEqual({
      states: ['applied', 'applied', 'applied'],
      releases: [],
      distinct: 20,
      notHeld: [],
      violations: [],
    });
  });

  test('whose worker is killed again and again goes on with the next, and does nothing twice', async () => {
    expect(await syncKilled(engine, { listing: 1, applying: 2 })).toEqual({
      state: 'applied',
      done: '62 of 62',
      stillHeld: [],
      stillMissing: [],
      twice: [],
      locks: [],
      killed: { listing: 1, applying: 2 },
      startedOverMore: false,
    });
  });
});

describe('a sync whose every task is replayed from its first event', () => {
  test('comes to the same end, with few events', async () => {
    await engine.startWorker({ maxCachedWorkflows: 0 });
    const main = await site(engine, 'replay');
    const ip = await main.serve('replay-1');
    await main.serve('replay-2');
    main.byHand(150);
    simulator.world.addresses.delete(ip);
    const handle = await startSync(main);
    const plan = await untilAsked(handle);
    await handle.executeUpdate(approveUpdate, { args: [{ checksum: plan.checksum ?? '' }] });
    expect(await handle.result()).toMatchObject({ state: 'applied', outcomes: { done: 2 } });
    const events = (await eventsOf(engine, handle.workflowId)).length;
    report('events of a sync with an approval', { events });
    expect(events).toBeLessThanOrEqual(60);
    await atRest(main);
  });
});
