import { describe, expect, test } from '@jest/globals';
import { service } from '../support/orders.ts';
import {
  activeAddress,
  add,
  addIntegration,
  addIspManager,
  eventually,
  failureOf,
  fault,
  heldFor,
  openDesk,
  release,
  tagOf,
  whileElse,
} from './support/desk.ts';
import { orderService } from '../support/orders.ts';

const engine = await openDesk({ integration: { fenceMs: 500, maxAttempts: 2 } });
const { ledger, simulator } = engine;

describe('addAddress', () => {
  test.concurrent('reserves one more address, puts it on the server and makes it active', async () => {
    const web = await addIspManager(engine, 'web-1');
    const first = await orderService(engine, service('m-1', { server: 'web-1' }));
    await first.handle.result();
    const { answer, handle } = await add(engine, {
      order: 'm-1-more',
      service: 'm-1',
      family: 'ipv4',
      ptr: 'two.example.com',
    });
    expect(answer).toMatchObject({
      outcome: 'allocated',
      addresses: [{ order: 'm-1-more', ptr: 'two.example.com', state: 'reserved' }],
    });
    expect((await handle.result()).addresses).toMatchObject([{ state: 'active' }]);
    expect(web.world.addresses.size).toBe(2);
  });

  test.concurrent('is idempotent by its order id: running, done, and with a fresh update id', async () => {
    await activeAddress(engine, service('m-2'));
    const input = { order: 'm-2-more', service: 'm-2', family: 'ipv4' as const };
    const [one, two] = await Promise.all([add(engine, input), add(engine, input)]);
    expect(two.answer).toEqual(one.answer);
    await one.handle.result();
    const again = await add(engine, input);
    expect(again.answer.addresses[0]?.ip).toBe(one.answer.addresses[0]?.ip);
    expect(simulator.allocations().get(await tagOf(engine, 'm-2-more'))).toBe(1);
  });

  test.concurrent('two at once for one service are two addresses', async () => {
    await activeAddress(engine, service('m-3'));
    const orders = ['a', 'b', 'c'].map((n) => ({ order: `m-3-${n}`, service: 'm-3', family: 'ipv4' as const }));
    const answers = await Promise.all(orders.map((order) => add(engine, order)));
    expect(new Set(answers.flatMap(({ answer }) => answer.addresses.map(({ ip }) => ip))).size).toBe(3);
    for (const { handle } of answers) await handle.result();
  });

  test.concurrent('under the same order id with other parameters is refused, naming them', async () => {
    await activeAddress(engine, service('m-4'));
    const { handle } = await add(engine, { order: 'm-4-more', service: 'm-4', family: 'ipv4' });
    await handle.result();
    const failure = await failureOf(
      add(engine, { order: 'm-4-more', service: 'm-4', family: 'ipv4', ptr: 'x.example.com' }),
    );
    expect(failure).toMatchObject({ type: 'order-differs', field: 'ptr' });
  });

  test.concurrent('of a closed order answers its stored outcome and asks nothing', async () => {
    await addIntegration(engine, 'empty', {
      permissions: [{ pool: '203.0.113.251-203.0.113.251', groups: ['public'] }],
    });
    await activeAddress(engine, service('m-5', { server: 'on-empty' }));
    const input = { order: 'm-5-more', service: 'm-5', family: 'ipv4' as const };
    const first = await failureOf(add(engine, input));
    expect(first.type).toBe('no-free-address');
    const before = simulator.log.filter(({ user, purpose }) => user === 'empty' && purpose === 'create').length;
    expect(await failureOf(add(engine, input))).toEqual(first);
    expect(simulator.log.filter(({ user, purpose }) => user === 'empty' && purpose === 'create')).toHaveLength(before);
    expect(await ledger.services.find('m-5')).toMatchObject({ state: 'active' });
  });

  test.concurrent('of an order whose address was released is closed for good', async () => {
    await activeAddress(engine, service('m-6'));
    const input = { order: 'm-6-more', service: 'm-6', family: 'ipv4' as const };
    const { answer, handle } = await add(engine, input);
    await handle.result();
    await (await release(engine, answer.addresses[0]?.ip ?? '')).result();
    expect((await failureOf(add(engine, input))).type).toBe('order-closed');
  });

  test.concurrent('for a service that is not there is refused', async () => {
    const failure = await failureOf(add(engine, { order: 'm-7-more', service: 'm-7', family: 'ipv4' }));
    expect(failure).toMatchObject({ type: 'no-such-service', value: 'm-7' });
  });

  test.concurrent('cancelled while its request is on its way: what it was given goes back', async () => {
    await activeAddress(engine, service('m-8'));
    const at = await tagOf(engine, 'm-8-more');
    fault(engine, { purpose: 'create', at }, whileElse);
    const answer = failureOf(add(engine, { order: 'm-8-more', service: 'm-8', family: 'ipv4' }));
    await eventually(() => expect(simulator.log.some(({ parameters }) => parameters['note'] === at)).toBe(true));
    await engine.client.workflow.getHandle('order/m-8-more').cancel();
    expect(await answer).toMatchObject({ type: 'cancelled', next: expect.stringContaining('order the address anew') });
    await engine.client.workflow
      .getHandle('order/m-8-more')
      .result()
      .catch(() => undefined);
    expect(await heldFor(engine, 'm-8-more')).toEqual([]);
    expect(await ledger.services.find('m-8')).toMatchObject({ state: 'active' });
  });
});
