import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorld, type World } from '../../../activities/ipmanager/simulator/world.ts';
import { password, startEngine, type Engine } from '../../support/engine.ts';
import { randomOf, seed } from '../../support/seed.ts';
import { openRuns, untilAtRest } from './at-rest.ts';
import { watchCreates } from './create-watch.ts';
import { crowd } from './crowd.ts';
import { fired, makeFolder, setFailpoint } from './failpoints.ts';
import { violations } from './invariants.ts';
import { spoil, troubles, type ServerFaults, type Weather } from './server-faults.ts';
import { orderFor, play, startOperator, type ServerOrder } from './server-orders.ts';
import { taskMs, type ServerPanel } from './server-panel.ts';
import { serverViolations, standing, watchServers } from './server-violations.ts';
import { startWorkerProcesses, type WorkerProcesses } from './worker-process.ts';
import type { ActivityName } from './wrap.ts';

export interface ServerStormOptions {
  readonly panels: readonly (() => Promise<ServerPanel>)[];
  /** Orders on each panel. */
  readonly each: number;
  readonly weather: Weather;
  readonly kills: number;
  readonly killEveryMs: number;
  /** Panels whose set-up and removal are also hit by a SIGKILL at each of these places. */
  readonly hit: readonly string[];
  readonly places: readonly KillPlace[];
}

export interface KillPlace {
  readonly activity: ActivityName;
  readonly when: 'before' | 'after';
}

export interface ServerStorm {
  readonly violations: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
  readonly killed: number;
  readonly reached: Readonly<Record<string, number>>;
  readonly retries: number;
  /** By panel. */
  readonly fired: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Kinds that fired on no panel. */
  readonly unfired: readonly string[];
  readonly seconds: number;
}

const atOnce = 25;
const requestTimeoutMs = 1_200;

/** Orders side by side on every panel, each panel with its faults, and the workers killed; then the worlds are compared. */
export async function serverStorm(options: ServerStormOptions): Promise<ServerStorm> {
  const begin = performance.now();
  const engine = await startEngine({
    world: narrowWorld(),
    integration: { quarantineMs: 0, requestTimeoutMs: 2_000, fenceMs: 4_000 },
  });
  await engine.stopWorker();
  const panels = await Promise.all(options.panels.map((open) => open()));
  const folder = join(engine.home, 'failpoints');
  makeFolder(folder);
  const workers = startWorkerProcesses(engine, { count: 2, failpoints: folder });
  const desk: Desk = { engine, panels, workers, folder };
  try {
    return { ...(await ride(desk, options)), seconds: Math.round((performance.now() - begin) / 1_000) };
  } finally {
    await workers.stop();
    await engine.close();
    await Promise.all(panels.map(({ simulator }) => simulator.close()));
  }
}

interface Desk {
  readonly engine: Engine;
  readonly panels: readonly ServerPanel[];
  readonly workers: WorkerProcesses;
  readonly folder: string;
}

async function ride(desk: Desk, options: ServerStormOptions): Promise<Omit<ServerStorm, 'seconds'>> {
  const { engine, panels, workers, folder } = desk;
  await furnish(engine, panels);
  const before = standing(panels);
  const creates = watchCreates(engine.simulator);
  const watch = watchServers(before);
  const faults = spoil(panels, options.weather, seed);
  const orders = ordersOn(panels, options.each);
  setTraps(folder, orders, options);
  await workers.ready();
  const operator = startOperator(engine, panels);
  try {
    const killing = killAgainAndAgain(workers, options);
    const ends = await crowd(orders, atOnce, (order) => inTime(engine, order));
    await killing;
    for (const one of faults) one.off();
    await atRest(desk);
    return {
      violations: [
        ...ends.flatMap((end, n) => wrongEnd(orders[n], end)),
        ...watch.seen(),
        ...(await serverViolations(engine, panels, before)),
        ...(await violations(engine, { creates })),
      ],
      ends: tally(ends),
      killed: workers.killed,
      reached: fired(folder),
      retries: operator.retries,
      ...told(panels, faults),
    };
  } finally {
    creates.stop();
    watch.stop();
    await operator.stop();
  }
}

/** Few enough addresses that what one service gives back is soon another's. */
function narrowWorld(): World {
  const pools = ['198.51.100.10-198.51.100.240', '2001:db8:100::/64'];
  const groups = ['public', 'alias'];
  return createWorld({
    networks: ['198.51.100.0/24', '2001:db8:100::/64'],
    users: [{ name: 'billing', password, permissions: pools.map((pool) => ({ pool, groups })) }],
  });
}

async function furnish(engine: Engine, panels: readonly ServerPanel[]): Promise<void> {
  await engine.addTariff('one', 1);
  await engine.addTariff('both', 1, 1);
  await engine.addTariff('two', 2);
  for (const { name, fields, secret } of panels) await engine.addServer(name, { ...fields, requestTimeoutMs }, secret);
}

/** A bit of every panel at a time, so that they work side by side. */
function ordersOn(panels: readonly ServerPanel[], each: number): readonly ServerOrder[] {
  const random = randomOf(seed + 1);
  return Array.from({ length: each }, (_, n) => panels.map((panel) => orderFor(panel, n, random()))).flat();
}

/** The first service of the panel that comes by is the one that is hit. */
function setTraps(folder: string, orders: readonly ServerOrder[], { hit, places }: ServerStormOptions): void {
  for (const name of hit) {
    const about = orders.filter(({ panel }) => panel.name === name).map(({ input }) => input.service.id);
    for (const place of places) setFailpoint(folder, { ...place, about });
  }
}

async function killAgainAndAgain(workers: WorkerProcesses, { kills, killEveryMs }: ServerStormOptions): Promise<void> {
  for (let n = 0; n < kills; n += 1) {
    await sleep(killEveryMs);
    workers.killAll();
  }
}

const patienceMs = 480_000;

/** What does not end in time is a violation too, with all that can be seen of it. */
async function inTime(engine: Engine, order: ServerOrder): Promise<string> {
  const late = sleep(patienceMs, undefined, { ref: false }).then(async () => {
    const { id } = order.input.service;
    const open = (await openRuns(engine)).filter(({ workflowId }) => workflowId.includes(id));
    return `no end after ${patienceMs} ms: ${JSON.stringify(open)}`;
  });
  return Promise.race([play(engine, order), late]);
}

/** Nothing runs, nothing is on its way to a panel, and no panel works on anything. */
async function atRest({ engine, panels }: Desk): Promise<void> {
  await untilAtRest(engine, 60_000);
  for (const { simulator } of panels) await simulator.lateWorkDone();
  await sleep(3 * taskMs);
}

function wrongEnd(order: ServerOrder | undefined, end: string): readonly string[] {
  if (order === undefined) return [];
  const wanted = order.fate === 'stays' ? 'active' : 'removed';
  return end === wanted ? [] : [`I6: ${order.input.service.id} ended with ${end} instead of ${wanted}`];
}

function told(panels: readonly ServerPanel[], faults: readonly ServerFaults[]): Pick<ServerStorm, 'fired' | 'unfired'> {
  const names = faults.flatMap(({ fired: one }) => Object.keys(one));
  return {
    fired: Object.fromEntries(panels.map(({ name }, n) => [name, faults[n]?.fired ?? {}])),
    unfired: troubles.filter((kind) => !names.some((name) => name.startsWith(`${kind} `))),
  };
}

function tally(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
