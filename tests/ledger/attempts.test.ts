import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anIp, anOpenOrder, aReserved, aRun, aService, lock, openWorld, release, unlock, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const failure = { code: 'nothing-free', message: 'the panel has no free address', next: 'ask for more' };

describe('an attempt', () => {
  test('is begun once: a zombie copy of it sends nothing', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const attempt = { order: order.order, attempt: 1, run: order.run };
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.ledger.orders.beginAttempt(attempt)));
    expect(answers.filter((answer) => answer.kind === 'begun')).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === 'taken')).toHaveLength(19);
    expect(await world.ledger.orders.find(order.order)).toMatchObject({ attempts: 1 });
  });

  test('of a run that lost the order, of a closed order, of a leaving service, of an order that has its address is refused', async () => {
    const service = await aService(world);
    const lost = await anOpenOrder(world, service);
    await world.ledger.orders.open({ ...lost, run: aRun(), takeOverFrom: lost.run });
    const closed = await anOpenOrder(world, service);
    await world.ledger.orders.close({ order: closed.order, failure, run: closed.run });
    const { order: done } = await aReserved(world, service, { group: 'big' });
    const leaving = await anOpenOrder(world, service, { family: 'ipv6' });
    const begin = (order: typeof lost) =>
      world.ledger.orders.beginAttempt({ order: order.order, attempt: 1, run: order.run });
    expect(await begin(lost)).toEqual({ kind: 'not-owner' });
    expect(await begin(closed)).toEqual({ kind: 'not-owner' });
    expect(await begin(done)).toEqual({ kind: 'taken' });
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: aRun() });
    expect(await begin(leaving)).toEqual({ kind: 'removing' });
  });

  test('begun after a later one sends nothing: two may not be on their way', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const begin = (attempt: number) =>
      world.ledger.orders.beginAttempt({ order: order.order, attempt, run: order.run });
    expect(await begin(2)).toEqual({ kind: 'begun' });
    expect(await begin(1)).toEqual({ kind: 'taken' });
    expect(await begin(3)).toEqual({ kind: 'begun' });
  });

  test('gives the order its number, also when the one before was never begun: the next run counts on from it', async () => {
    const order = await anOpenOrder(world, await aService(world));
    await world.ledger.orders.beginAttempt({ order: order.order, attempt: 3, run: order.run });
    expect(await world.ledger.orders.find(order.order)).toMatchObject({ attempts: 3 });
  });

  test('keeps its first result', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const attempt = { order: order.order, attempt: 1, run: order.run };
    await world.ledger.orders.beginAttempt(attempt);
    await world.ledger.orders.endAttempt({ ...attempt, result: 'allocated', ip: '10.9.9.9' });
    await world.ledger.orders.endAttempt({ ...attempt, result: 'a zombie’s word' });
    expect(await world.sql(`select result, ip from order_attempt where order_id = ?`, [order.order])).toEqual([
      { result: 'allocated', ip: '10.9.9.9' },
    ]);
  });
});

test('an order that is closed and claimed at once has an end or an address, never both', async () => {
  const service = await aService(world);
  for (let round = 0; round < 30; round += 1) {
    const order = await anOpenOrder(world, service, { group: `g-${round}` });
    const ip = anIp();
    await lock(world, ip, order.run);
    const request = { order: order.order, run: order.run };
    const [claimed, closed] = await Promise.all([
      world.ledger.orders.claim({ ...request, ip, group: order.group }),
      world.ledger.orders.close({ ...request, failure }).then(
        () => 'closed',
        (error: unknown) => error,
      ),
    ]);
    if (claimed.kind === 'claimed') expect(closed).toMatchObject({ code: 'order-holds-address' });
    else expect([claimed.kind, closed]).toEqual(['lock-lost', 'closed']);
    await unlock(world, ip, order.run);
    // Its addresses must not reach the most a service may have.
    if (claimed.kind === 'claimed') await release(world, ip, 0);
  }
});
