import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { markFor } from '../../activities/ledger/postgres/order-opening.ts';
import { setupFinishedUpdate, workflowIds } from '../../workflows/contract.ts';
import type { provisionService, releaseAddress } from '../../workflows/index.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { service } from '../support/orders.ts';
import { untilAtRest } from './support/at-rest.ts';
import { bigWorld, strangersOf } from './support/big-world.ts';
import { watchCreates, type CreateWatch } from './support/create-watch.ts';
import { orderAsCustomer } from './support/customer.ts';
import { violations } from './support/invariants.ts';
import { createPanelPlan, type PanelPlan } from './support/panel-plan.ts';
import { createStops, runOf, stopRun, type HowToStop } from './support/stops.ts';
import type { ActivityName } from './support/wrap.ts';

// Mostly waits; on a busy machine longer ones.
jest.setTimeout(180_000);

type Story = 'straight' | 'lost-answer' | 'late-effect' | 'conflict' | 'quarantined';

const steps: readonly (readonly [ActivityName, Story])[] = [
  ['openProvision', 'straight'],
  ['requestAddress', 'straight'],
  ['requestAddress', 'lost-answer'],
  ['requestAddress', 'late-effect'],
  ['requestAddress', 'conflict'],
  ['requestAddress', 'quarantined'],
  ['findByTag', 'lost-answer'],
  ['claimAddress', 'straight'],
  ['claimAddress', 'conflict'],
  ['claimAddress', 'quarantined'],
  ['markConflict', 'conflict'],
  ['writePtr', 'straight'],
  ['setUpService', 'straight'],
];
const cases = (['cancel', 'abandon'] as const).flatMap((how) =>
  steps.map(([activity, story], n) => ({ how, activity, story, id: `${how}-${n}` })),
);

const stops = createStops();
let engine: Engine;
let watch: CreateWatch;
let plan: PanelPlan;

beforeAll(async () => {
  // Side by side, what some gave back is offered to others again and again while its quarantine runs.
  engine = await startEngine({ world: bigWorld(), wrap: stops.wrap, integration: { maxAttempts: 60 } });
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
  watch = watchCreates(engine.simulator);
  plan = createPanelPlan(engine.simulator);
});
afterAll(async () => {
  watch?.stop();
  await engine?.close();
});

/** What the panel does to the first request of this service. */
async function prepare(id: string, story: Story): Promise<void> {
  const { tag } = markFor(await engine.ledger.installation(), `${id}/1/ipv4/1`);
  const its = (request: { purpose: string; parameters: Readonly<Record<string, string>> }) =>
    request.purpose === 'create' && request.parameters['note'] === tag;
  if (story === 'lost-answer') plan.once(its, { kind: 'reset-after' });
  if (story === 'late-effect') plan.once(its, { kind: 'late', ms: 1_000 });
  if (story !== 'conflict' && story !== 'quarantined') return;
  const victim = await orderAsCustomer(engine, service(`${id}-v`), { way: 'reports-early', patienceMs: 0 });
  expect(victim).toMatchObject({ end: 'active', addresses: [expect.any(String)] });
  const [ip = ''] = victim.addresses;
  if (story === 'quarantined') {
    // Ours until its quarantine ends, while the panel has it free: forgotten there, it is what this order gets.
    await engine.client.workflow.execute('releaseAddress', {
      workflowId: workflowIds.releaseAddress(ip),
      taskQueue: engine.taskQueue,
      args: [{ address: ip, reason: 'to be in quarantine' }],
    });
    const held = {
      ip,
      owner: 'billing',
      group: 'public',
      domain: '',
      note: '',
      state: 'allocated',
      freeAt: null,
    } as const;
    const { addresses } = engine.simulator.world;
    if (!addresses.has(ip)) addresses.set(ip, { ...held });
  }
  plan.once(its, { kind: 'busy-address', ip });
}

async function stopped(id: string, activity: ActivityName, how: HowToStop): Promise<unknown> {
  stops.after(activity, id, () => stopRun(engine.client.workflow.getHandle(runOf(id)), how));
  const handle = await engine.client.workflow.start<typeof provisionService>('provisionService', {
    workflowId: runOf(id),
    taskQueue: engine.taskQueue,
    args: [service(id, { customer: 'c-2' })],
  });
  return handle.result().catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error));
}

describe('a run that is stopped after each of its steps', () => {
  test.concurrent.each(cases)('$how after $activity ($story): it ends so, and holds nothing', async (one) => {
    const { id, activity, how, story } = one;
    await prepare(id, story);
    const end = await stopped(id, activity, how);
    expect(stops.reached).toContain(`${activity} ${id}`);
    if (how === 'cancel') expect(end).toBeInstanceOf(CancelledFailure);
    else {
      expect(end).toBeInstanceOf(ApplicationFailure);
      expect(end).toMatchObject({ type: 'Abandoned' });
    }
    expect(await engine.ledger.addresses.list({ service: id })).toEqual([]);
    expect((await engine.ledger.services.find(id))?.state).toBe('removed');
  });

  test.concurrent.each(['cancel', 'abandon'] as const)(
    '%s after the service became active changes nothing any more',
    async (how) => {
      const id = `${how}-late`;
      stops.after('activateService', id, () => stopRun(engine.client.workflow.getHandle(runOf(id)), how));
      const handle = await engine.client.workflow.start<typeof provisionService>('provisionService', {
        workflowId: runOf(id),
        taskQueue: engine.taskQueue,
        args: [service(id)],
      });
      await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
      expect((await handle.result()).addresses).toMatchObject([{ state: 'active', service: id }]);
    },
  );
});

const releases = [
  { activity: 'lookForRelease', ends: ['active'] },
  { activity: 'takeOffService', ends: ['active'] },
  // A local step, and no cool-down follows: mostly the delete has begun before the run hears of the cancel.
  { activity: 'unbind', ends: ['active', 'quarantined'] },
  { activity: 'deleteAddress', ends: ['quarantined'] },
] as const;

describe('a release that is cancelled after each of its steps', () => {
  test.concurrent.each(releases)('after $activity it ends $ends, here as there', async ({ activity, ends }) => {
    const id = `release-${activity}`;
    const { addresses } = await orderAsCustomer(engine, service(id), { way: 'reports-early', patienceMs: 0 });
    const [address = ''] = addresses;
    const run = { workflowId: workflowIds.releaseAddress(address) };
    stops.after(activity, address, () => engine.client.workflow.getHandle(run.workflowId).cancel());
    const ended = await engine.client.workflow.execute<typeof releaseAddress>('releaseAddress', {
      ...run,
      taskQueue: engine.taskQueue,
      args: [{ address, reason: 'to be kept after all' }],
    });
    expect(stops.reached).toContain(`${activity} ${address}`);
    expect(ends).toContain(ended.state);
    expect(engine.simulator.world.addresses.has(address)).toBe(ended.state === 'active');
  });
});

describe('afterwards', () => {
  test('the invariants hold', async () => {
    await untilAtRest(engine, 60_000);
    const strangers = strangersOf(bigWorld());
    expect(await violations(engine, { creates: watch, strangers })).toEqual([]);
  });
});
