import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import { markFor } from '../../../activities/ledger/postgres/order-opening.ts';
import { workflowIds } from '../../../workflows/contract.ts';
import type { releaseAddress } from '../../../workflows/index.ts';
import { password, quickIntegration, startEngine, type Engine } from '../../support/engine.ts';
import { service } from '../../support/orders.ts';
import { report } from '../../support/seed.ts';
import { openRuns, untilAtRest } from './at-rest.ts';
import { bigWorld, strangersOf } from './big-world.ts';
import { watchCreates } from './create-watch.ts';
import { crowd } from './crowd.ts';
import { orderAsCustomer, type Outcome } from './customer.ts';
import { fired, makeFolder, setFailpoint } from './failpoints.ts';
import { violations } from './invariants.ts';
import { nameOf, type KillCase } from './kill-cases.ts';
import { createPanelPlan, type PanelPlan } from './panel-plan.ts';
import { startWorkerProcesses, type WorkerProcesses } from './worker-process.ts';

export interface Kills {
  readonly violations: readonly string[];
  /** How often each place was reached. */
  readonly reached: Readonly<Record<string, number>>;
  readonly unreached: readonly string[];
  readonly killed: number;
  readonly seconds: number;
}

export interface KillOptions {
  readonly cases: readonly KillCase[];
  readonly times: number;
  /** Stories side by side, each with a worker of its own, so that a kill hits the story it is meant for. */
  readonly lanes: number;
}

const quick = { requestTimeoutMs: 1_000, fenceMs: 2_000, quarantineMs: 0, maxAttempts: 20 };

/** Kills a worker at each place, `times` times each; another one comes, and everything has to end as without. */
export async function killAtEachStep({ cases, times, lanes }: KillOptions): Promise<Kills> {
  const begin = performance.now();
  const engine = await startEngine({
    world: bigWorld(),
    integration: quick,
  });
  await engine.stopWorker();
  const watch = watchCreates(engine.simulator);
  const all = Array.from({ length: times }, () => cases).flat();
  const stages: Stage[] = [];
  try {
    await engine.addServer('desk');
    await addCooled(engine);
    await engine.addTariff('vps-1', 1);
    await engine.addTariff('vps-6', 0, 1);
    const strangers = strangersOf(engine.simulator.world);
    const plan = createPanelPlan(engine.simulator);
    const installation = await engine.ledger.installation();
    for (let lane = 0; lane < lanes; lane += 1) stages.push(openStage(engine, plan, { installation, lane }));
    const crew: Crew = { stages, free: [...stages] };
    const wrong = await playAll(crew, all.entries().toArray(), 'k');
    // What a story came to without its kill is judged all the same; its place is tried once more, and told.
    const once = { ...fired(failpointsOf(engine)), ...plan.reached };
    const missed = [...all.entries()].filter(([, one]) => (once[nameOf(one)] ?? 0) < times);
    if (missed.length > 0) report('not reached at first', { places: missed.map(([, one]) => nameOf(one)) });
    wrong.push(...(await playAll(crew, missed, 'again')));
    await untilAtRest(engine, 60_000);
    const reached = { ...fired(failpointsOf(engine)), ...plan.reached };
    return {
      violations: [...wrong, ...(await violations(engine, { creates: watch, strangers }))],
      reached,
      unreached: cases.map(nameOf).filter((name) => (reached[name] ?? 0) < times),
      killed: stages.reduce((sum, { workers }) => sum + workers.killed, 0),
      seconds: Math.round((performance.now() - begin) / 1_000),
    };
  } finally {
    watch.stop();
    await Promise.all(stages.map(({ workers }) => workers.stop()));
    await engine.close();
  }
}

/** The same panel under another login, whose addresses wait a moment on their way out. */
async function addCooled(engine: Engine): Promise<void> {
  const { composition, ledger, simulator } = engine;
  const { integrations } = ledger.settings;
  const fields = { ...quickIntegration, ...quick, url: simulator.url, login: 'somebody', coolDownMs: 500 };
  await integrations.add('cooled', fields, { password, adminPassword: null });
  await integrations.keepDialect('cooled', await (await composition.panels.of('cooled')).readDialect());
  await engine.addServer('desk-cooled', { integration: 'cooled' });
}

interface Crew {
  readonly stages: readonly Stage[];
  readonly free: Stage[];
}

/** One story a stage at a time; what went wrong. */
async function playAll(
  { stages, free }: Crew,
  stories: readonly (readonly [number, KillCase])[],
  prefix: string,
): Promise<string[]> {
  const wrong = await crowd(stories, stages.length, async ([n, one]) => {
    const stage = free.pop();
    if (stage === undefined) throw new Error('there is a stage for each of the crowd');
    const found = await inTime(stage, one, `${prefix}-${n}`);
    free.push(stage);
    return found;
  });
  return wrong.flat();
}

function failpointsOf({ home }: Engine): string {
  return join(home, 'failpoints');
}

function openStage(
  whole: Engine,
  plan: PanelPlan,
  { installation, lane }: { readonly installation: string; readonly lane: number },
): Stage {
  const engine = { ...whole, taskQueue: `${whole.taskQueue}-${lane}` };
  const failpoints = failpointsOf(engine);
  makeFolder(failpoints);
  const tagOf = (id: string): string => markFor(installation, `${id}/1/ipv4/1`).tag;
  return { engine, failpoints, plan, tagOf, workers: startWorkerProcesses(engine, { failpoints }) };
}

interface Stage {
  readonly engine: Engine;
  readonly failpoints: string;
  readonly plan: PanelPlan;
  readonly tagOf: (service: string) => string;
  readonly workers: WorkerProcesses;
}

/** What does not end in time is a violation too, with all that can be seen of it. */
async function inTime(stage: Stage, one: KillCase, id: string): Promise<readonly string[]> {
  const late = sleep(patienceMs, undefined, { ref: false }).then(async () => {
    const open = (await openRuns(stage.engine)).filter(
      ({ workflowId }) => workflowId.includes(id) || workflowId.startsWith('release/'),
    );
    return [`I6: ${id} (${nameOf(one)}) did not end within ${patienceMs} ms; open: ${JSON.stringify(open)}`];
  });
  return Promise.race([play(stage, one, id), late]);
}

const patienceMs = 120_000;

/** One story with its kill; what it came to is wrong when it is not what it would have been without. */
async function play(stage: Stage, one: KillCase, id: string): Promise<readonly string[]> {
  const { engine, plan } = stage;
  const wrong = (outcome: Outcome, end: string): readonly string[] =>
    outcome.end === end ? [] : [`${id} (${nameOf(one)}) ended with ${outcome.end} instead of ${end}`];
  switch (one.story) {
    case 'provision':
      arm(stage, one, id);
      return wrong(await order(engine, id), 'active');
    case 'lost-answer':
      plan.once(creates(stage, id), { kind: 'reset-after' });
      arm(stage, one, id);
      return wrong(await order(engine, id), 'active');
    case 'conflict': {
      const victim = await order(engine, `${id}v`);
      plan.once(creates(stage, id), { kind: 'busy-address', ip: victim.addresses[0] ?? '' });
      arm(stage, one, id);
      return [...wrong(victim, 'active'), ...wrong(await order(engine, id), 'active')];
    }
    case 'refused':
      arm(stage, one, id);
      return wrong(await order(engine, id, { tariff: 'vps-6' }), 'no-free-address');
    case 'abandoned':
      arm(stage, one, id);
      return wrong(await orderAsCustomer(engine, service(id), { way: 'abandons-served', patienceMs: 0 }), 'Abandoned');
    case 'release':
    case 'cooled': {
      const outcome = await order(engine, id, one.story === 'cooled' ? { server: 'desk-cooled' } : {});
      const [ip = ''] = outcome.addresses;
      arm(stage, one, id, ip);
      return [...wrong(outcome, 'active'), ...(await release(engine, ip))];
    }
  }
}

function arm(
  { failpoints, plan, tagOf, engine, workers }: Stage,
  { place, story }: KillCase,
  id: string,
  ip = '',
): void {
  const name = nameOf({ place, story });
  if ('activity' in place) {
    return setFailpoint(failpoints, { ...place, about: ip === '' ? id : ip, name });
  }
  const about = (request: SimulatedRequest): boolean => {
    const { elid = '', note = '' } = request.parameters;
    if (request.purpose !== place.at) return false;
    if (place.at === 'release') return elid === ip || engine.simulator.world.addresses.get(elid)?.note === tagOf(id);
    return note.startsWith(tagOf(id));
  };
  plan.kill({ name, about, workers }, place.lands === 'late' ? { kind: 'late', ms: 1_200 } : { kind: 'delay', ms: 1 });
}

function creates({ tagOf }: Stage, id: string): (request: SimulatedRequest) => boolean {
  return ({ purpose, parameters }) => purpose === 'create' && parameters['note'] === tagOf(id);
}

function order(
  engine: Engine,
  id: string,
  more: { readonly tariff?: string; readonly server?: string } = {},
): Promise<Outcome> {
  return orderAsCustomer(engine, service(id, more), { way: 'reports-early', patienceMs: 0 });
}

async function release(engine: Engine, address: string): Promise<readonly string[]> {
  const handle = await engine.client.workflow.start<typeof releaseAddress>('releaseAddress', {
    workflowId: workflowIds.releaseAddress(address),
    taskQueue: engine.taskQueue,
    args: [{ address, reason: 'killed in the middle' }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowTaskTimeout: '5s',
  });
  // What the row says later is another order's story: without quarantine the panel gives the address out again at once.
  const { state } = await handle.result();
  return state === 'released' || state === 'quarantined' ? [] : [`the release of ${address} ended with ${state}`];
}
