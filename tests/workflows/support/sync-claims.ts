import type { Fault, Purpose, SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import { untilAtRest } from '../../faults/support/at-rest.ts';
import { watchCreates } from '../../faults/support/create-watch.ts';
import { violations } from '../../faults/support/invariants.ts';
import { startWorkerProcesses, type WorkerProcesses } from '../../faults/support/worker-process.ts';
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

/** How often the worker is killed, by what the sync does then. */
export interface SyncKills {
  readonly listing: number;
  readonly applying: number;
}

/** One kill in so many requests, and more requests than slots: so all of them are certain. */
const slots = { listing: 25, applying: 20 } as const;
const pageRows = 1_000;
/** What a kill has read again at most: pages not saved yet, those under way, and the one before that proves the place. */
const mostPagesAgain = 8 + 2 + 16 + 1;

/** A sync with a long list and much to mend, whose worker is killed at requests nobody chose. */
export async function syncKilled(engine: Engine, kills: SyncKills) {
  const { simulator, ledger } = engine;
  const main = await site(engine, 'killed', { thresholds: wide, releaseLimit: 10_000, ignoredGroups: ['theirs'] });
  const ips = [];
  for (let n = 0; n < 4; n += 1) ips.push(await main.serve(`killed-${n}`));
  await approvedBefore(main);
  const pages = slots.listing * (kills.listing + 1);
  main.crowd(pages * pageRows);
  const gone = Array.from({ length: slots.applying * (kills.applying + 1) }, (_, n) => main.byHand(50 + n).ip);
  const lost = ips.slice(0, 2);
  for (const ip of lost) simulator.world.addresses.delete(ip);
  const before = mutations(main).length;
  await engine.stopWorker();
  const workers = startWorkerProcesses(engine, { count: 1 });
  await workers.ready();
  const killing = killAtRequests(workers, kills);
  simulator.faults.hook = (request) => (request.user === 'killed' ? killing.onRequest(request) : undefined);
  // As the schedule starts it: at night nobody waits, and a range or piece whose tries are used up is begun anew.
  const handle = await startSync(main, { workflowId: 'sync/killed-2027-01-02T03:15:00Z' });
  const view = await handle.result();
  await workers.stop();
  await engine.startWorker();
  simulator.faults.hook = undefined;
  const worked = mutations(main).slice(before);
  const told = worked.map(({ parameters, purpose }) => `${purpose} ${parameters['elid'] ?? parameters['ip']}`);
  await atRest(main);
  const pagesAgain = killing.seen.listing - pages;
  report('a sync whose worker is killed', { killedAt: killing.at, changes: told.length, pages, pagesAgain });
  return {
    state: view.state,
    done: `${view.outcomes.done} of ${gone.length + lost.length}`,
    stillHeld: gone.filter((ip) => main.held(ip) !== undefined),
    stillMissing: lost.filter((ip) => main.held(ip) === undefined),
    twice: told.filter((what, at) => told.indexOf(what) !== at),
    locks: (await ledger.locks.list()).filter(({ owner }) => owner.workflowId === handle.workflowId),
    killed: { listing: killing.at.listing.length, applying: killing.at.applying.length },
    startedOverMore: pagesAgain > kills.listing * mostPagesAgain,
  };
}

/** The requests at which workers are killed follow from the seed: one in each slot of the listing and of the apply. */
function killAtRequests(workers: WorkerProcesses, kills: SyncKills) {
  const random = randomOf(seed);
  const moments = (phase: keyof SyncKills): number[] =>
    Array.from({ length: kills[phase] }, (_, n) => slots[phase] * n + 2 + Math.floor(random() * (slots[phase] - 2)));
  const due = { listing: moments('listing'), applying: moments('applying') };
  const seen = { listing: 0, applying: 0 };
  const at: Readonly<Record<keyof SyncKills, number[]>> = { listing: [], applying: [] };
  const changes: readonly Purpose[] = ['create', 'write', 'release'];
  let ordered = 0;
  const count = (phase: keyof SyncKills): void => {
    seen[phase] += 1;
    // What the one that dies had sent already is not the next one's.
    if (seen[phase] < (due[phase][0] ?? Infinity) || workers.killed < ordered) return;
    due[phase].shift();
    at[phase].push(seen[phase]);
    ordered += 1;
    workers.killAll();
  };
  return {
    at,
    seen,
    onRequest({ purpose }: SimulatedRequest): Fault {
      if (purpose === 'list' && seen.applying === 0) count('listing');
      if (changes.includes(purpose)) count('applying');
      return { kind: 'delay', ms: 40 };
    },
  };
}
