import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { anOpenOrder, anOrder, aReserved, aRun, aService, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const failure = { code: 'nothing-free', message: 'the panel has no free address', next: 'ask for more' };

test('the orders of a service are those of its present life, as written, but for those whose address went to another', async () => {
  const service = await aService(world);
  const ofLife = async () => (await world.ledger.orders.ofLife(service.id)).map(({ id }) => id);
  expect(await ofLife()).toEqual([]);
  const held = await aReserved(world, service);
  const ended = await anOpenOrder(world, service);
  await world.ledger.orders.close({ order: ended.order, failure, run: service.run });
  const open = await anOpenOrder(world, service);
  expect(await ofLife()).toEqual([held.order.order, ended.order, open.order]);
  const next = anOrder(service, { run: aRun(), takeOverFrom: service.run });
  expect(await world.ledger.orders.open(next)).toMatchObject({ kind: 'holds' });
  expect(await ofLife()).toEqual([ended.order, open.order, next.order]);
});

test('a new life has none of them', async () => {
  const service = await aService(world);
  await anOpenOrder(world, service);
  await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: service.run });
  await world.ledger.services.finishRemoval({ service: service.id, run: service.run });
  await aService(world, { id: service.id, customer: service.customer });
  expect(await world.ledger.orders.ofLife(service.id)).toEqual([]);
});
