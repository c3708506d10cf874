import { describe, expect, test } from '@jest/globals';
import { violations } from '../faults/support/invariants.ts';
import { untilAtRest } from '../faults/support/at-rest.ts';
import { watchCreates } from '../faults/support/create-watch.ts';
import { startWorkerProcesses } from '../faults/support/worker-process.ts';
import { service } from '../support/orders.ts';
import { report } from '../support/seed.ts';
import { approveUpdate } from '../../workflows/contract.ts';
import { activeAddress, eventsOf, openDesk, release } from './support/desk.ts';
import {
  approvedBefore,
  atRest,
  mutations,
  site,
  startSync,
  sync,
  untilAsked,
  wideWorld,
} from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });
const { simulator, ledger } = engine;
const wide = { shrinkRows: 1_000, shrinkPercent: 100, askRows: 1_000, askPercent: 100 };

describe('a sync', () => {
  test('during 40 live allocations and releases breaks no invariant and leaves what is in flight alone', async () => {
    const main = await site(engine, 'live', { thresholds: wide, quarantineMs: 0 });
    await main.serve('live-0');
    await approvedBefore(main);
    const creates = watchCreates(simulator);
    const first = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        activeAddress(engine, service(`live-a${n}`, { server: 'on-live', customer: `c-${n}` })),
      ),
    );
    const taking = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        activeAddress(engine, service(`live-b${n}`, { server: 'on-live', customer: `d-${n}` })),
      ),
    );
    const giving = Promise.all(first.map(async (ip) => (await release(engine, ip)).result()));
    const syncs = [];
    for (let n = 0; n < 3; n += 1) syncs.push(await sync(main));
    const [taken] = await Promise.all([taking, giving]);
    await untilAtRest(engine, 20_000);
    creates.stop();
    expect(new Set(taken).size).toBe(20);
    for (const ip of taken) expect(main.held(ip)).toBeDefined();
    expect(syncs.map(({ state }) => state)).toEqual(['applied', 'applied', 'applied']);
    expect(syncs.flatMap(({ items }) => items.filter(({ action }) => action === 'release'))).toEqual([]);
    await sync(main);
    await atRest(main);
    expect(await violations(engine, { creates })).toEqual([]);
    report('a sync beside 40 orders and releases', { counts: syncs.map(({ counts }) => counts) });
  });

  test('whose worker is killed in the middle goes on with the next, and does nothing twice', async () => {
    const main = await site(engine, 'killed', { thresholds: wide });
    const ips = [];
    for (let n = 0; n < 4; n += 1) ips.push(await main.serve(`killed-${n}`));
    await approvedBefore(main);
    const strays = Array.from({ length: 30 }, (_, n) => main.byHand(120 + n).ip);
    const lost = ips.slice(0, 2);
    for (const ip of lost) simulator.world.addresses.delete(ip);
    const before = mutations(main).length;
    await engine.stopWorker();
    const workers = startWorkerProcesses(engine, { count: 1 });
    await workers.ready();
    simulator.faults.hook = ({ purpose, user }) =>
      user === 'killed' && purpose === 'release' ? { kind: 'delay', ms: 150 } : undefined;
    const handle = await startSync(main);
    while (mutations(main).length < before + 6) await new Promise((next) => setTimeout(next, 20));
    workers.killAll();
    const view = await handle.result();
    await workers.stop();
    await engine.startWorker();
    simulator.faults.hook = undefined;
    expect(workers.killed).toBeGreaterThan(0);
    expect(view).toMatchObject({ state: 'applied', outcomes: { done: 32 } });
    for (const ip of strays) expect(main.held(ip)).toBeUndefined();
    for (const ip of lost) expect(main.held(ip)).toBeDefined();
    const twice = mutations(main)
      .slice(before)
      .map(({ parameters, purpose }) => `${purpose} ${parameters['elid'] ?? parameters['ip']}`);
    expect(new Set(twice).size).toBe(twice.length);
    expect((await ledger.locks.list()).filter(({ owner }) => owner.workflowId === handle.workflowId)).toEqual([]);
    await atRest(main);
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
