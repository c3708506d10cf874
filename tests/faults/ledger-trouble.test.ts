import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { applicationFailure, toFailure } from '../../activities/failures.ts';
import { LedgerUnavailable } from '../../activities/ledger/ledger.ts';
import { execute } from '../support/database.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { service } from '../support/orders.ts';
import { report } from '../support/seed.ts';
import { openRuns, untilAtRest } from './support/at-rest.ts';
import { bigWorld } from './support/big-world.ts';
import { watchCreates, type CreateWatch } from './support/create-watch.ts';
import { crowd } from './support/crowd.ts';
import { orderAsCustomer } from './support/customer.ts';
import { violations } from './support/invariants.ts';
import { around } from './support/wrap.ts';

// Mostly waits; on a busy machine longer ones.
jest.setTimeout(180_000);

let down = false;
let engine: Engine;
let watch: CreateWatch;

beforeAll(async () => {
  engine = await startEngine({
    world: bigWorld(),
    // What every activity says while PostgreSQL refuses connections.
    wrap: (activities) =>
      around(activities, async (_name, _args, call) => {
        if (!down) return call();
        const { failure, retryable } = toFailure(new LedgerUnavailable('ECONNREFUSED'));
        throw applicationFailure(failure, retryable);
      }),
  });
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
  watch = watchCreates(engine.simulator);
});
afterAll(async () => {
  watch?.stop();
  await engine?.close();
});

const orderAll = (prefix: string, count: number) =>
  crowd(
    Array.from({ length: count }, (_, n) => `${prefix}-${n}`),
    count,
    (id) => orderAsCustomer(engine, service(id), { way: 'reports-early', patienceMs: 0 }),
  );

describe('the ledger in trouble', () => {
  test('connections killed in the middle of orders cost nothing but time', async () => {
    const ended = new AbortController();
    let cuts = 0;
    const cutting = (async () => {
      while (!ended.signal.aborted) {
        await sleep(150);
        await execute(engine.database.migrationUrl, [
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name = 'iptally'`,
        ]);
        cuts += 1;
      }
    })();
    const outcomes = await orderAll('cut', 12);
    ended.abort();
    await cutting;
    await untilAtRest(engine, 60_000);
    report('ledger connections cut', { orders: outcomes.length, cuts });
    expect(outcomes.map(({ end }) => end)).toEqual(outcomes.map(() => 'active'));
    expect(cuts).toBeGreaterThan(3);
    expect(await violations(engine, { creates: watch })).toEqual([]);
  });

  test('a ledger that refuses connections for seconds is a wait with its reason, and then it goes on', async () => {
    down = true;
    const ordered = orderAll('down', 5);
    await expect(reasonSeen()).resolves.toBe('ledger-unreachable');
    down = false;
    expect((await ordered).map(({ end }) => end)).toEqual(Array.from({ length: 5 }, () => 'active'));
    expect(await violations(engine, { creates: watch })).toEqual([]);
  });

  test('one that goes away in the middle of orders leaks nothing', async () => {
    const ordered = orderAll('gone', 8);
    for (let n = 0; n < 3; n += 1) {
      await sleep(250);
      down = true;
      await sleep(700);
      down = false;
    }
    expect((await ordered).map(({ end }) => end)).toEqual(Array.from({ length: 8 }, () => 'active'));
    await untilAtRest(engine, 60_000);
    expect(await violations(engine, { creates: watch })).toEqual([]);
  });
});

async function reasonSeen(): Promise<string | undefined> {
  for (let tries = 0; tries < 240; tries += 1) {
    const runs = await openRuns(engine);
    if (runs.length === 5 && runs.every(({ state }) => state === 'waiting')) return runs[0]?.reason;
    await sleep(250);
  }
  return undefined;
}
