import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { workflowIds } from '../../workflows/contract.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { service } from '../support/orders.ts';
import { bigWorld } from './support/big-world.ts';
import { orderAsCustomer } from './support/customer.ts';
import { violations } from './support/invariants.ts';
import { around, type ActivityName } from './support/wrap.ts';

// Mostly waits; on a busy machine longer ones.
jest.setTimeout(180_000);

const fenceMs = 2_000;
/** The first call of each never answers, as when its worker is gone. */
const lost = new Set<ActivityName>(['deleteAddress', 'writePtr']);
const untilClosed = Promise.withResolvers<unknown>();
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine({
    world: bigWorld(),
    integration: { requestTimeoutMs: 1_000, fenceMs },
    wrap: (activities) => around(activities, (name, _args, call) => (lost.delete(name) ? untilClosed.promise : call())),
  });
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
});
afterAll(async () => {
  untilClosed.resolve(undefined);
  await engine?.close();
});

/** From the moment the lost call is known to be over until the step is begun again. */
async function waitedBeforeRepeat(workflowId: string): Promise<number> {
  const { events } = await engine.client.workflow.getHandle(workflowId).fetchHistory();
  const at = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
    Number(time?.seconds) * 1_000 + (time?.nanos ?? 0) / 1e6;
  const all = events ?? [];
  const timedOut = all.findIndex((event) => event.activityTaskTimedOutEventAttributes);
  const again = all.slice(timedOut).find((event) => event.activityTaskScheduledEventAttributes);
  return at(again?.eventTime) - at(all[timedOut]?.eventTime);
}

describe('a worker that is not heard of again', () => {
  test('has its PTR write and its delete repeated only when nothing it sent can land any more', async () => {
    const { addresses, end } = await orderAsCustomer(engine, service('lost'), { way: 'reports-early', patienceMs: 0 });
    expect(end).toBe('active');
    expect(await waitedBeforeRepeat('provision/lost')).toBeGreaterThanOrEqual(fenceMs);
    const [address = ''] = addresses;
    await engine.client.workflow.execute('releaseAddress', {
      workflowId: workflowIds.releaseAddress(address),
      taskQueue: engine.taskQueue,
      args: [{ address, reason: 'no longer wanted' }],
    });
    expect(await waitedBeforeRepeat(workflowIds.releaseAddress(address))).toBeGreaterThanOrEqual(fenceMs);
    expect(lost.size).toBe(0);
    expect(await violations(engine)).toEqual([]);
  });
});
