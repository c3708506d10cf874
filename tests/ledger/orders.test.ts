import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenedOrder } from '../../activities/ledger/ledger.ts';
import {
  anId,
  anIp,
  anOpenOrder,
  anOrder,
  aReserved,
  aRun,
  aService,
  claim,
  openWorld,
  release,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const failure = { code: 'nothing-free', message: 'the panel has no free address', next: 'ask for more' };

describe('a new order', () => {
  test('is written with its tag and its label before anything is asked', async () => {
    const service = await aService(world);
    const opened = await world.ledger.orders.open(
      anOrder(service, { order: 'customer:order-1', ptr: 'a.example.com' }),
    );
    const installation = await world.ledger.installation();
    expect(opened).toMatchObject({
      kind: 'open',
      order: {
        id: 'customer:order-1',
        service: service.id,
        ptr: 'a.example.com',
        attempts: 0,
        owner: service.run,
        mark: {
          tag: expect.stringMatching(new RegExp(`^iptally:${installation}:[0-9a-f]{16}$`)),
          label: expect.stringMatching(/^iptally-[0-9a-f]{32}$/),
        },
      },
    });
    expect(await world.ledger.orders.find('customer:order-1')).toEqual(openOf(opened).order);
  });

  test('is open again for the same run, and written once when it comes twice at once', async () => {
    const order = anOrder(await aService(world));
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.ledger.orders.open(order)));
    expect(answers.map((answer) => answer.kind)).toEqual(Array.from({ length: 8 }, () => 'open'));
    expect(await world.sql(`select id from address_order where id = ?`, [order.order])).toHaveLength(1);
  });

  test('of a service that is being removed is refused, known or not', async () => {
    const service = await aService(world);
    const known = await anOpenOrder(world, service);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: aRun() });
    expect(await world.ledger.orders.open(anOrder(service))).toEqual({ kind: 'removing' });
    expect(await world.ledger.orders.open(known)).toEqual({ kind: 'removing' });
  });

  test('of a service or an integration nobody knows breaks the contract', async () => {
    const service = await aService(world);
    await expect(world.ledger.orders.open(anOrder(service, { service: 'nobody' }))).rejects.toMatchObject({
      code: 'no-such-service',
    });
    await expect(world.ledger.orders.open(anOrder(service, { integration: 'nowhere' }))).rejects.toMatchObject({
      code: 'no-such-integration',
    });
  });

  test('is refused when 32 addresses and open orders are there, also when many come at once', async () => {
    const service = await aService(world);
    await aReserved(world, service);
    const answers = await Promise.all(Array.from({ length: 40 }, () => world.ledger.orders.open(anOrder(service))));
    expect(answers.filter((answer) => answer.kind === 'open')).toHaveLength(31);
    expect(answers.filter((answer) => answer.kind === 'too-many')).toHaveLength(9);
    expect(answers.find((answer) => answer.kind === 'too-many')).toEqual({ kind: 'too-many', most: 32 });
  });
});

describe('an order that is known', () => {
  test.each([
    ['service', 'service'],
    ['family', 'family'],
    ['ptr', 'ptr'],
    ['wanted', 'address'],
  ] as const)('with another %s differs in %s', async (field, named) => {
    const service = await aService(world);
    const order = await anOpenOrder(world, service);
    const other = {
      service: (await aService(world)).id,
      family: 'ipv6',
      ptr: 'other.example.com',
      wanted: anIp(),
    } as const;
    expect(await world.ledger.orders.open({ ...order, [field]: other[field] })).toEqual({
      kind: 'differs',
      fields: [named],
    });
  });

  test('with another group or integration, which settings decide, does not differ', async () => {
    const order = await anOpenOrder(world, await aService(world));
    expect(await world.ledger.orders.open({ ...order, group: 'big', integration: 'other' })).toMatchObject({
      kind: 'open',
      order: { group: 'public', integration: 'panel' },
    });
  });

  test('asks for the same address in PostgreSQL’s own writing of it', async () => {
    // PostgreSQL prints this one as ::10.0.0.1.
    const order = await anOpenOrder(world, await aService(world), { family: 'ipv6', wanted: '::a00:1' });
    expect(await world.ledger.orders.open(order)).toMatchObject({ kind: 'open', order: { wanted: '::a00:1' } });
  });

  test('moves only from the owner that is named', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const later = aRun();
    expect(await world.ledger.orders.open({ ...order, run: later })).toEqual({ kind: 'owned', owner: order.run });
    expect(await world.ledger.orders.open({ ...order, run: later, takeOverFrom: aRun() })).toEqual({
      kind: 'owned',
      owner: order.run,
    });
    expect(await world.ledger.orders.open({ ...order, run: later, takeOverFrom: order.run })).toMatchObject({
      kind: 'open',
      order: { owner: later },
    });
    // The first run is nobody now.
    expect(await world.ledger.orders.open(order)).toEqual({ kind: 'owned', owner: later });
  });

  test('is taken over by one of two that name the same owner', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const answers = await Promise.all(
      [aRun(), aRun()].map((run) => world.ledger.orders.open({ ...order, run, takeOverFrom: order.run })),
    );
    expect(answers.map((answer) => answer.kind).toSorted()).toEqual(['open', 'owned']);
  });

  test('tells the attempts of earlier runs', async () => {
    const order = await anOpenOrder(world, await aService(world));
    await world.ledger.orders.beginAttempt({ order: order.order, attempt: 1, run: order.run });
    const later = { ...order, run: aRun(), takeOverFrom: order.run };
    expect(await world.ledger.orders.open(later)).toMatchObject({ kind: 'open', order: { attempts: 1 } });
  });

  test('answers its stored outcome for ever', async () => {
    const order = await anOpenOrder(world, await aService(world));
    await world.ledger.orders.beginAttempt({ order: order.order, attempt: 1, run: order.run });
    await world.ledger.orders.endAttempt({ order: order.order, attempt: 1, run: order.run, result: 'nothing free' });
    const outcome = await world.ledger.orders.close({ order: order.order, failure, run: order.run });
    expect(outcome).toEqual({
      failure,
      attempts: [{ attempt: 1, sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), result: 'nothing free' }],
      marked: [],
    });
    expect(await world.ledger.orders.open({ ...order, run: aRun() })).toEqual({ kind: 'closed', outcome });
    // Again, with the same or with other words, is the first outcome.
    expect(await world.ledger.orders.close({ order: order.order, failure, run: order.run })).toEqual(outcome);
  });
});

describe('an order with an address', () => {
  test('holds it while it is reserved, for its owner', async () => {
    const { order, ip } = await aReserved(world, await aService(world));
    expect(await world.ledger.orders.open(order)).toMatchObject({ kind: 'holds', address: { ip, state: 'reserved' } });
    const later = aRun();
    expect(await world.ledger.orders.open({ ...order, run: later })).toEqual({ kind: 'owned', owner: order.run });
    expect(await world.ledger.orders.open({ ...order, run: later, takeOverFrom: order.run })).toMatchObject({
      kind: 'holds',
      order: { owner: later },
      address: { ip },
    });
  });

  test('holds it for anybody who asks once it is active', async () => {
    const service = await aService(world);
    const { order, ip } = await aReserved(world, service);
    await world.ledger.services.activate({ service: service.id, ips: [ip], run: service.run });
    expect(await world.ledger.orders.open({ ...order, run: aRun() })).toMatchObject({
      kind: 'holds',
      address: { ip, state: 'active' },
    });
  });

  test('is closed once that was released, and says so', async () => {
    const { order, ip } = await aReserved(world, await aService(world));
    const gone = await release(world, ip, 60_000);
    expect(await world.ledger.orders.open(order)).toMatchObject({
      kind: 'closed',
      outcome: {
        failure: {
          code: 'order-closed',
          message: `The order ${order.order} had the address ${ip}, which is quarantined since ${gone.since}.`,
          next: expect.stringContaining('new order id'),
        },
      },
    });
  });

  test('cannot be closed', async () => {
    const { order } = await aReserved(world, await aService(world));
    await expect(world.ledger.orders.close({ order: order.order, failure, run: order.run })).rejects.toMatchObject({
      code: 'order-holds-address',
    });
  });
});

test('open orders are listed by service and by integration, without those that have an address or an end', async () => {
  const service = await aService(world, { id: anId('listed') });
  const open = await anOpenOrder(world, service);
  const other = await anOpenOrder(world, service, { integration: 'other' });
  await aReserved(world, service, { group: 'big' });
  const closed = await anOpenOrder(world, service);
  await world.ledger.orders.close({ order: closed.order, failure, run: closed.run });
  const ids = async (filter: Parameters<typeof world.ledger.orders.listOpen>[0]) =>
    (await world.ledger.orders.listOpen(filter)).map((order) => order.id);
  expect(await ids({ service: service.id })).toEqual([open.order, other.order]);
  expect(await ids({ service: service.id, integration: 'other' })).toEqual([other.order]);
  expect(await ids({ integration: 'other' })).toContain(other.order);
});

test('closing is refused to a run that is not the owner', async () => {
  const order = await anOpenOrder(world, await aService(world));
  await expect(world.ledger.orders.close({ order: order.order, failure, run: aRun() })).rejects.toMatchObject({
    code: 'not-owner',
  });
  expect(await claim(world, { ...order, run: aRun() }, anIp())).toEqual({ kind: 'lock-lost' });
});

function openOf(opened: OpenedOrder): OpenedOrder & { readonly kind: 'open' } {
  if (opened.kind !== 'open') throw new Error(opened.kind);
  return opened;
}
