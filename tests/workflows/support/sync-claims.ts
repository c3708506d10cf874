import { setTimeout as sleep } from 'node:timers/promises';
import { untilAtRest } from '../../faults/support/at-rest.ts';
import { watchCreates } from '../../faults/support/create-watch.ts';
import { violations } from '../../faults/support/invariants.ts';
import { startWorkerProcesses } from '../../faults/support/worker-process.ts';
import type { Engine } from '../../support/engine.ts';
import { service } from '../../support/orders.ts';
import { randomOf, report, seed } from '../../support/seed.ts';
import { activeAddress, release } from './desk.ts';
import { approvedBefore, atRest, mutations, site, startSync, sync } from './sync-desk.ts';

/** Thresholds that ask nobody: what is claimed is that nothing goes wrong, not that somebody would have been asked. */
export const wide = { shrinkRows: 10_000, shrinkPercent: 100, askRows: 10_000, askPercent: 100 };

/** Three syncs, one after the other, while half of the orders take an address and half give one back. */
export async function syncBesideOrders(engine: Engine, orders: number) {
  const half = Math.round(orders / 2);
  const main = await site(engine, 'live', { thresholds: wide, quarantineMs: 0, pool: '10.250.0.10-10.250.7.250' });
  await main.serve('live-0');
  await approvedBefore(main);
  const creates = watchCreates(engine.simulator);
  const take = (mark: string) =>
    Promise.all(
      Array.from({ length: half }, (_, n) =>
        activeAddress(engine, service(`live-${mark}${n}`, { server: 'on-live', customer: `${mark}-${n}` })),
      ),
    );
  const first = await take('a');
  const taking = take('b');
  const giving = Promise.all(first.map(async (ip) => (await release(engine, ip)).result()));
  const syncs = [];
  for (let n = 0; n < 3; n += 1) syncs.push(await sync(main));
  const [taken] = await Promise.all([taking, giving]);
  await untilAtRest(engine, 60_000);
  creates.stop();
  await sync(main);
  await atRest(main);
  report(`a sync beside ${orders} orders and releases`, { counts: syncs.map(({ counts }) => counts) });
  return {
    states: syncs.map(({ state }) => state),
    // One that was planned while its own run ended is `changed` by the time it is looked at again: nothing was done.
    releases: syncs.flatMap(({ items }) =>
      items.filter(({ action, outcome }) => action === 'release' && outcome !== 'changed'),
    ),
    distinct: new Set(taken).size,
    notHeld: taken.filter((ip) => main.held(ip) === undefined),
    violations: await violations(engine, { creates }),
  };
}

/** A sync with much to mend, whose worker is killed `kills` times at moments nobody chose. */
export async function syncKilled(
  engine: Engine,
  { kills, strays }: { readonly kills: number; readonly strays: number },
) {
  const { simulator, ledger } = engine;
  const main = await site(engine, 'killed', { thresholds: wide, releaseLimit: 10_000 });
  const ips = [];
  for (let n = 0; n < 4; n += 1) ips.push(await main.serve(`killed-${n}`));
  await approvedBefore(main);
  const gone = Array.from({ length: strays }, (_, n) => main.byHand(50 + n).ip);
  const lost = ips.slice(0, 2);
  for (const ip of lost) simulator.world.addresses.delete(ip);
  const before = mutations(main).length;
  await engine.stopWorker();
  const workers = startWorkerProcesses(engine, { count: 1 });
  await workers.ready();
  simulator.faults.hook = ({ user }) => (user === 'killed' ? { kind: 'delay', ms: 40 } : undefined);
  const handle = await startSync(main);
  const killing = killNowAndThen(() => workers.killAll(), kills);
  const view = await handle.result();
  await killing;
  await workers.stop();
  await engine.startWorker();
  simulator.faults.hook = undefined;
  const worked = mutations(main).slice(before);
  const told = worked.map(({ parameters, purpose }) => `${purpose} ${parameters['elid'] ?? parameters['ip']}`);
  await atRest(main);
  report('a sync whose worker is killed', { seed, kills, killed: workers.killed, changes: told.length });
  return {
    state: view.state,
    done: view.outcomes.done,
    stillHeld: gone.filter((ip) => main.held(ip) !== undefined),
    stillMissing: lost.filter((ip) => main.held(ip) === undefined),
    twice: told.filter((what, at) => told.indexOf(what) !== at),
    locks: (await ledger.locks.list()).filter(({ owner }) => owner.workflowId === handle.workflowId),
    killed: workers.killed,
  };
}

/** The moments follow from the seed. A sync that is over sooner is killed less often. */
async function killNowAndThen(kill: () => void, times: number): Promise<void> {
  const random = randomOf(seed);
  for (let n = 0; n < times; n += 1) {
    await sleep(700 + Math.round(random() * 2_300));
    kill();
  }
}
