import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { anId, anOpenOrder, aReserved, aRun, aService, lock, openWorld, release, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('removal', () => {
  test('names what is to be released, also what is releasing already, and the open orders', async () => {
    const service = await aService(world);
    const held = await aReserved(world, service);
    const leaving = await aReserved(world, service, { group: 'big' });
    const run = aRun();
    await lock(world, leaving.ip, run);
    await world.ledger.releases.begin({ ip: leaving.ip, reason: 'x', run });
    const gone = await aReserved(world, service, { group: 'third' });
    await release(world, gone.ip, 60_000);
    const open = await anOpenOrder(world, service, { family: 'ipv6' });
    const begin = () => world.ledger.services.beginRemoval({ service: service.id, reason: 'the contract ended', run });
    const removal = await begin();
    expect(removal).toMatchObject({
      kind: 'removing',
      service: { state: 'removing', reason: { code: 'removing', message: 'the contract ended' } },
      server: { name: 'srv' },
      integration: { name: 'panel' },
      addresses: [{ ip: held.ip }, { ip: leaving.ip, state: 'releasing' }],
      openOrders: [{ id: open.order }],
    });
    expect(removal.kind === 'removing' && removal.addresses).toHaveLength(2);
    expect((await begin()).kind).toBe('removing');
  });

  test('ends only without addresses, raises the generation once, and closes orders left behind', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    const open = await anOpenOrder(world, service, { family: 'ipv6' });
    const run = aRun();
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'x', run });
    const finish = () => world.ledger.services.finishRemoval({ service: service.id, run });
    expect(await finish()).toBe('holds-addresses');
    await release(world, ip, 0);
    expect(await finish()).toBe('removed');
    expect(await finish()).toBe('removed');
    expect(await world.ledger.services.find(service.id)).toMatchObject({
      state: 'removed',
      generation: 2,
      reason: null,
    });
    expect(await world.ledger.orders.open(open)).toMatchObject({
      kind: 'closed',
      outcome: { failure: { code: 'service-removed' } },
    });
  });

  test('whose end is said again ends no later life of the service', async () => {
    const service = await aService(world);
    const run = aRun();
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'x', run });
    const finish = () => world.ledger.services.finishRemoval({ service: service.id, run });
    expect(await finish()).toBe('removed');
    const again = await aService(world, { id: service.id });
    const order = await anOpenOrder(world, again);
    expect(await finish()).toBe('removed');
    expect(await world.ledger.services.find(service.id)).toMatchObject({ state: 'provisioning', generation: 2 });
    expect(await world.ledger.orders.listOpen({ service: service.id })).toMatchObject([{ id: order.order }]);
  });

  test('of one life begins for no later one', async () => {
    const service = await aService(world);
    const run = aRun();
    const begin = () => world.ledger.services.beginRemoval({ service: service.id, reason: 'x', generation: 1, run });
    expect(await begin()).toMatchObject({ kind: 'removing', service: { generation: 1 } });
    await world.ledger.services.finishRemoval({ service: service.id, run });
    await aService(world, { id: service.id });
    expect(await begin()).toEqual({ kind: 'removed-already' });
    expect(await world.ledger.services.find(service.id)).toMatchObject({ state: 'provisioning', generation: 2 });
  });

  test('of what is gone or was never there says so', async () => {
    const service = await aService(world);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'x', run: aRun() });
    await world.ledger.services.finishRemoval({ service: service.id, run: aRun() });
    expect(await world.ledger.services.beginRemoval({ service: service.id, reason: 'x', run: aRun() })).toEqual({
      kind: 'removed-already',
    });
    expect(await world.ledger.services.beginRemoval({ service: 'nobody', reason: 'x', run: aRun() })).toEqual({
      kind: 'no-such',
    });
    await expect(world.ledger.services.finishRemoval({ service: 'nobody', run: aRun() })).rejects.toMatchObject({
      code: 'no-such-service',
    });
  });

  test('and orders that come at once: no order is open behind it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const service = await aService(world);
      const order = {
        order: anId('race'),
        service: service.id,
        integration: 'panel',
        family: 'ipv4',
        group: 'public',
        ptr: null,
        wanted: null,
        run: service.run,
      } as const;
      const [removal, opened] = await Promise.all([
        world.ledger.services.beginRemoval({ service: service.id, reason: 'x', run: aRun() }),
        world.ledger.orders.open(order),
      ]);
      const seen = removal.kind === 'removing' ? removal.openOrders.length : -1;
      expect([opened.kind, seen]).toEqual(opened.kind === 'open' ? ['open', 1] : ['removing', 0]);
    }
  });
});
