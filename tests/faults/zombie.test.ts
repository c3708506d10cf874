import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { OrderTicket } from '../../activities/allocation.ts';
import { createActivities } from '../../activities/index.ts';
import type { RunRef } from '../../activities/ledger/records.ts';
import { runsOf } from '../../worker/runs.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { service } from '../support/orders.ts';
import { report } from '../support/seed.ts';
import { bigWorld } from './support/big-world.ts';
import { watchCreates, type CreateWatch } from './support/create-watch.ts';
import { violations } from './support/invariants.ts';

// Mostly waits; on a busy machine longer ones.
jest.setTimeout(180_000);

/** Two copies of one activity at once, as after a heartbeat that was lost (reference/reliability.md W3). */
const rounds = Number(process.env['IPTALLY_ZOMBIES'] ?? 20);

let engine: Engine;
let watch: CreateWatch;

beforeAll(async () => {
  engine = await startEngine({ world: bigWorld(), integration: { requestTimeoutMs: 20_000, quarantineMs: 0 } });
  await engine.stopWorker();
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
  watch = watchCreates(engine.simulator);
});
afterAll(async () => {
  watch?.stop();
  await engine?.close();
});

async function opened(id: string): Promise<{ readonly ticket: OrderTicket; readonly run: RunRef }> {
  const run = { workflowId: `provision/${id}`, runId: randomUUID() };
  const plan = await engine.activities.openProvision(service(id), run);
  const [order] = plan.kind === 'plan' ? plan.orders : [];
  if (order === undefined || order.kind === 'closed') throw new Error('the order is not open');
  return { ticket: order.ticket, run };
}

/** A copy that lost may fail: that is what the test is about, not for its log. */
const silent = new DefaultLogger('ERROR', () => undefined);

function asActivity<Args extends unknown[], Result>(
  activity: (...args: Args) => Promise<Result>,
  ...args: Args
): Promise<Result> {
  return new MockActivityEnvironment(undefined, { logger: silent }).run(activity, ...args);
}

/** Both at once; a copy that lost may fail, which Temporal would try again. */
async function twice<Result>(copy: () => Promise<Result>): Promise<readonly Result[]> {
  const ends = await Promise.allSettled([copy(), copy()]);
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}

describe('two copies of one activity at once', () => {
  test('take one address, bind it once, write its PTR, delete it once, and leave no lock', async () => {
    const { requestAddress, claimAddress, writePtr, giveBack, deleteAddress } = engine.activities;
    for (let n = 0; n < rounds; n += 1) {
      const { ticket, run } = await opened(`z-${n}`);
      const answers = await twice(() => asActivity(requestAddress, ticket, 1, false));
      expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['allocated', 'unknown']);
      expect(watch.allocations().get(ticket.mark.tag)).toBe(1);
      const ip = answers.flatMap((answer) => (answer.kind === 'allocated' ? [answer.ip] : []))[0] ?? '';

      const claims = await twice(() => asActivity(claimAddress, ticket, ip));
      expect(claims).toEqual([{ kind: 'claimed' }, { kind: 'claimed' }]);

      const target = { ip, integration: 'main', ptr: ticket.ptr, mark: ticket.mark, fenceMs: ticket.fenceMs, run };
      const written = await twice(() => asActivity(writePtr, target));
      expect(written.map(({ kind }) => kind)).toContain('written');
      expect(engine.simulator.world.addresses.get(ip)?.domain).toBe(ticket.ptr);
      expect(await engine.ledger.locks.list()).toEqual([]);

      const given = await twice(() => asActivity(giveBack, ticket, ip, { reason: 'zombies', quarantineMs: 0 }));
      expect(given.map(({ kind }) => kind)).toContain('gone');
      // Asked again by a third, much later copy: its answer is the same, and nothing is deleted any more.
      expect(await asActivity(deleteAddress, { ip, fenceMs: 2_000, quarantineMs: 0, run })).toMatchObject({
        kind: 'gone',
      });
      expect(watch.releases().filter((one) => one.ip === ip)).toHaveLength(n + 1);
      expect(await engine.ledger.locks.list()).toEqual([]);
      await engine.activities.endService(`z-${n}`, 'zombies', run);
    }
    report('zombies', { rounds, pairs: 4 * rounds });
    expect(await violations(engine, { creates: watch })).toEqual([]);
  });

  test('of an address that was only found: it goes back once', async () => {
    const { ticket, run } = await opened('zf');
    const taken = await asActivity(engine.activities.requestAddress, ticket, 1, false);
    const ip = taken.kind === 'allocated' ? taken.ip : '';
    const before = watch.releases().length;
    const given = await twice(() =>
      asActivity(engine.activities.giveBack, ticket, ip, { reason: 'zombies', quarantineMs: 0 }),
    );
    expect(given.map(({ kind }) => kind)).toContain('gone');
    expect(watch.releases()).toHaveLength(before + 1);
    await engine.activities.closeOrder(ticket.order, { code: 'x', message: 'x', next: 'x' }, run);
    await engine.activities.endService('zf', 'zombies', run);
    expect(await violations(engine, { creates: watch })).toEqual([]);
  });
});

describe('a copy of an attempt that stalled', () => {
  test('sends nothing when more than 5 s passed since its sending was to be written', async () => {
    const { ticket, run } = await opened('zs');
    let clock = Date.now();
    const { ledger } = engine;
    // The database, or this worker, took its time over the one statement before the request.
    const beginAttempt: typeof ledger.orders.beginAttempt = async (attempt) => {
      const begun = await ledger.orders.beginAttempt(attempt);
      clock += 5_001;
      return begun;
    };
    const { requestAddress } = createActivities(
      {
        ...engine.composition,
        ledger: { ...ledger, orders: { ...ledger.orders, beginAttempt } },
        runs: runsOf(engine.client),
        now: () => clock,
      },
      () => undefined,
    );
    const before = watch.allocations().get(ticket.mark.tag) ?? 0;
    expect(await asActivity(requestAddress, ticket, 1, false)).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'worker-stalled' },
    });
    expect(watch.allocations().get(ticket.mark.tag) ?? 0).toBe(before);
    await engine.activities.closeOrder(ticket.order, { code: 'x', message: 'x', next: 'x' }, run);
    await engine.activities.endService('zs', 'zombies', run);
  });

  test('sends nothing when the next attempt was begun before it', async () => {
    const { ticket, run } = await opened('zl');
    const { requestAddress, giveBack } = engine.activities;
    const taken = await asActivity(requestAddress, ticket, 2, false);
    expect(await asActivity(requestAddress, ticket, 1, false)).toMatchObject({ kind: 'unknown' });
    expect(watch.allocations().get(ticket.mark.tag)).toBe(1);
    const ip = taken.kind === 'allocated' ? taken.ip : '';
    await asActivity(giveBack, ticket, ip, { reason: 'zombies', quarantineMs: 0 });
    await engine.activities.closeOrder(ticket.order, { code: 'x', message: 'x', next: 'x' }, run);
    await engine.activities.endService('zl', 'zombies', run);
    expect(await violations(engine, { creates: watch })).toEqual([]);
  });
});
