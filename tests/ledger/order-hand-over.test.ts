import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anOrder, aReserved, aRun, aService, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('an address reserved by a run that is over', () => {
  test('moves to the new order of the same service, once its owner is named', async () => {
    const service = await aService(world);
    const { order, ip, address } = await aReserved(world, service);
    const run = aRun();
    const next = anOrder(service, { run, ptr: 'next.example.com' });
    expect(await world.ledger.orders.open(next)).toEqual({ kind: 'owned', owner: service.run });
    expect(await world.ledger.orders.open({ ...next, takeOverFrom: service.run })).toMatchObject({
      kind: 'holds',
      order: { id: next.order, owner: run },
      // It keeps the mark it has at the remote.
      address: { ip, order: next.order, mark: address.mark, ptr: 'next.example.com', version: address.version + 1 },
    });
    expect(await world.ledger.orders.open(order)).toMatchObject({
      kind: 'closed',
      outcome: { failure: { code: 'order-superseded' } },
    });
    expect((await world.ledger.addresses.history(ip)).map((entry) => entry.event)).toEqual(['reserved', 'moved']);
    // Again is the same answer.
    expect(await world.ledger.orders.open(next)).toMatchObject({ kind: 'holds', address: { ip } });
  });

  test.each([
    ['of another family', { family: 'ipv6' }],
    ['of another group', { group: 'big' }],
    ['of another integration', { integration: 'other' }],
    ['that asks for a particular other address', { wanted: '10.200.0.1' }],
  ] as const)('is not for an order %s', async (_, fields) => {
    const service = await aService(world);
    await aReserved(world, service);
    expect(await world.ledger.orders.open(anOrder(service, { run: aRun(), ...fields }))).toMatchObject({
      kind: 'open',
    });
  });

  test('is for the order that asks for just this one', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    const next = anOrder(service, { run: aRun(), wanted: ip, takeOverFrom: service.run });
    expect(await world.ledger.orders.open(next)).toMatchObject({ kind: 'holds', address: { ip } });
  });

  test('is left to a run that was found running, and to siblings of the order', async () => {
    const service = await aService(world);
    const { order } = await aReserved(world, service);
    const next = anOrder(service, { run: aRun() });
    expect(await world.ledger.orders.open({ ...next, running: [service.run] })).toMatchObject({ kind: 'open' });
    const sibling = anOrder(service, { run: aRun(), siblings: [order.order], takeOverFrom: service.run });
    expect(await world.ledger.orders.open(sibling)).toMatchObject({ kind: 'open' });
  });

  test('goes to one of two orders that come at once', async () => {
    const service = await aService(world);
    await aReserved(world, service);
    const orders = [0, 1].map(() => anOrder(service, { run: aRun(), takeOverFrom: service.run }));
    const answers = await Promise.all(orders.map((order) => world.ledger.orders.open(order)));
    expect(answers.map((answer) => answer.kind).toSorted()).toEqual(['holds', 'owned']);
  });
});
