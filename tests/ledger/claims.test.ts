import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  anIp,
  anOpenOrder,
  anOrder,
  aReserved,
  aRun,
  aService,
  claim,
  lock,
  openWorld,
  unlock,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const live = (ip: string) =>
  world.sql<{ order_id: string; state: string }>(
    `select order_id, state from address where ip = ? and state <> 'released'`,
    [ip],
  );

describe('a claim', () => {
  test('binds the address to service, customer, integration and order, with the PTR that is wanted', async () => {
    const service = await aService(world);
    const order = await anOpenOrder(world, service);
    const ip = anIp();
    const answer = await claim(world, { ...order, group: 'alias' }, ip);
    const opened = await world.ledger.orders.find(order.order);
    expect(answer).toEqual({
      kind: 'claimed',
      address: {
        ip,
        family: 'ipv4',
        state: 'reserved',
        service: service.id,
        formerService: null,
        customer: service.customer,
        integration: 'panel',
        group: 'alias',
        order: order.order,
        mark: opened?.mark,
        untagged: false,
        protected: false,
        deleteBegun: false,
        ptr: `${service.id}.example.com`,
        ptrSeen: null,
        quarantineUntil: null,
        version: 1,
        since: expect.any(String),
      },
    });
    expect(await world.ledger.addresses.history(ip)).toMatchObject([
      {
        event: 'reserved',
        service: service.id,
        customer: service.customer,
        order: order.order,
        workflowId: order.run.workflowId,
      },
    ]);
  });

  test('takes the name of the order before the domain of the service', async () => {
    const { address } = await aReserved(world, await aService(world), { ptr: 'mail.example.com' });
    expect(address.ptr).toBe('mail.example.com');
  });

  test('of the same address by the same order is the same answer (a zombie of the activity)', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const ip = anIp();
    await lock(world, ip, order.run);
    const ask = () => world.ledger.orders.claim({ order: order.order, ip, group: 'public', run: order.run });
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map((answer) => answer.kind)).toEqual(['claimed', 'claimed', 'claimed']);
    expect(await world.ledger.addresses.history(ip)).toHaveLength(1);
    expect(await live(ip)).toHaveLength(1);
  });

  test('of a second address by one order is an extra (I7)', async () => {
    const { order, ip } = await aReserved(world, await aService(world));
    expect(await claim(world, order, anIp())).toEqual({ kind: 'extra', has: ip });
  });

  test('of an address others hold is on record, also by an order that has one, or whose service is leaving (I3)', async () => {
    const holder = await aReserved(world, await aService(world));
    const { order } = await aReserved(world, await aService(world));
    expect(await claim(world, order, holder.ip)).toMatchObject({ kind: 'in-use', conflict: { order: order.order } });
    const service = await aService(world);
    const leaving = await anOpenOrder(world, service);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: aRun() });
    expect(await claim(world, leaving, holder.ip)).toMatchObject({
      kind: 'in-use',
      conflict: { order: leaving.order },
    });
  });

  test('without the lock, or with another run’s, changes nothing', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const ip = anIp();
    const ask = () => world.ledger.orders.claim({ order: order.order, ip, group: 'public', run: order.run });
    expect(await ask()).toEqual({ kind: 'lock-lost' });
    await lock(world, ip, aRun());
    expect(await ask()).toEqual({ kind: 'lock-lost' });
    expect(await live(ip)).toHaveLength(0);
  });

  test('for a service that is leaving, or in another life of it, is refused', async () => {
    const service = await aService(world);
    const order = await anOpenOrder(world, service);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: aRun() });
    expect(await claim(world, order, anIp())).toEqual({ kind: 'removing' });
    await world.ledger.services.finishRemoval({ service: service.id, run: aRun() });
    // The removal closed the order: nobody may bind anything for it any more.
    expect(await claim(world, order, anIp())).toEqual({ kind: 'lock-lost' });
    await aService(world, { id: service.id });
    expect(await claim(world, order, anIp())).toEqual({ kind: 'lock-lost' });
  });

  test.each(['010.0.0.1', '10.0.0.1/24', '::ffff:10.0.0.1', '2001:DB8::1', '2001:db8:0::1', '10.1', ''])(
    'of %p, which is not a canonical address, breaks the contract',
    async (ip) => {
      const order = await anOpenOrder(world, await aService(world));
      await expect(
        world.ledger.orders.claim({ order: order.order, ip, group: 'public', run: order.run }),
      ).rejects.toMatchObject({ code: 'not-canonical' });
    },
  );

  test('of an address of the other family is no claim, and on record where another row knows it', async () => {
    const order = await anOpenOrder(world, await aService(world));
    expect(await claim(world, order, '2001:db8::77')).toEqual({ kind: 'wrong-family' });
    expect(await world.ledger.addresses.find('2001:db8::77')).toBeUndefined();
    const { ip } = await aReserved(world, await aService(world), { ip: '2001:db8::78' });
    expect(await claim(world, order, ip)).toMatchObject({ kind: 'in-use', mark: true });
  });
});

describe('an address in use', () => {
  test('is a conflict, recorded with what must come back, and to be marked', async () => {
    const holder = await aService(world);
    const { ip, address } = await aReserved(world, holder);
    const other = await aService(world);
    const order = await anOpenOrder(world, other);
    const answer = await claim(world, order, ip);
    expect(answer).toEqual({
      kind: 'in-use',
      mark: true,
      conflict: {
        mark: true,
        ip,
        integration: 'panel',
        holder: holder.id,
        holderPtr: address.ptr,
        holderTag: address.mark?.tag,
        order: order.order,
        since: expect.any(String),
        markedAt: null,
        resolvedAt: null,
      },
    });
    // Again is the same record.
    expect(await claim(world, order, ip)).toEqual(answer);
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ service: holder.id, state: 'reserved' });
    expect((await world.ledger.addresses.history(ip)).map((entry) => entry.event)).toEqual(['reserved', 'conflict']);
  });

  test('under another integration is recorded, and never marked', async () => {
    const holder = await aService(world, { server: 'srv-other' });
    const { ip } = await aReserved(world, holder, { integration: 'other' });
    const order = await anOpenOrder(world, await aService(world));
    expect(await claim(world, order, ip)).toMatchObject({
      kind: 'in-use',
      mark: false,
      conflict: { holder: holder.id },
    });
  });

  test('is recorded for each order it was offered to, so that each finds its own; the first is the one to mend', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const one = await anOpenOrder(world, await aService(world));
    const two = await anOpenOrder(world, await aService(world));
    await claim(world, one, ip);
    expect(await claim(world, two, ip)).toMatchObject({ kind: 'in-use', conflict: { order: two.order } });
    expect(await world.ledger.addresses.openConflict(ip)).toMatchObject({ order: one.order });
    expect(await world.ledger.addresses.conflicts({ order: two.order, open: true })).toHaveLength(1);
  });

  test('does not stop an order: it takes the next one, and its end lists what was marked', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const order = await anOpenOrder(world, await aService(world));
    await claim(world, order, ip);
    await lock(world, ip, order.run);
    await world.ledger.addresses.conflictMarked({ ip, order: order.order, run: order.run });
    const failure = { code: 'too-many-conflicts', message: 'all taken', next: 'look' };
    expect(await world.ledger.orders.close({ order: order.order, failure, run: order.run })).toMatchObject({
      marked: [ip],
    });
  });
});

describe('of many claims of one address', () => {
  test('200 at once, one holds it and the rest are in use (I1)', async () => {
    const ip = anIp();
    const run = aRun('provision/many');
    await lock(world, ip, run);
    const services = await Promise.all(Array.from({ length: 20 }, () => aService(world)));
    const orders = await Promise.all(
      services.flatMap((service) =>
        Array.from({ length: 10 }, () => anOpenOrder(world, { ...service, run }, { running: [] })),
      ),
    );
    const answers = await Promise.all(
      orders.map((order) => world.ledger.orders.claim({ order: order.order, ip, group: 'public', run })),
    );
    expect(answers.filter((answer) => answer.kind === 'claimed')).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === 'in-use')).toHaveLength(199);
    expect(await live(ip)).toHaveLength(1);
    await unlock(world, ip, run);
  });

  test('one that meets a row being inserted past the lock waits for it and finds it in use: the index decides', async () => {
    const ip = anIp();
    const order = await anOpenOrder(world, await aService(world));
    const holder = await aService(world);
    const other = await MikroORM.init({
      clientUrl: world.database.migrationUrl,
      entities: [],
      discovery: { warnWhenNoEntities: false },
    });
    try {
      const em = other.em.fork();
      await em.begin();
      await em.execute(
        `insert into address (ip, family, state, service, integration, address_group) values (?, 'ipv4', 'active', ?, 'panel', 'public')`,
        [ip, holder.id],
      );
      const claiming = claim(world, order, ip);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await em.commit();
      expect(await claiming).toMatchObject({ kind: 'in-use', conflict: { holder: holder.id } });
    } finally {
      await other.close(true);
    }
  });
});

test('a licence holds no rows, so an address is free for others beside it', async () => {
  const licence = await world.ledger.services.open({
    service: {
      id: 'licence-1',
      kind: 'licence',
      domain: 'l.example.com',
      customer: 'c',
      server: 'srv-bare',
      tariff: 'plain',
    },
    run: aRun(),
  });
  expect(licence).toMatchObject({ kind: 'opened', integration: null });
  const order = await anOpenOrder(world, await aService(world));
  expect(await claim(world, order, anIp())).toMatchObject({ kind: 'claimed' });
});

test('an order that was taken over claims nothing any more for its former run, whatever lock that still has', async () => {
  const service = await aService(world);
  const order = await anOpenOrder(world, service);
  const ip = anIp();
  await lock(world, ip, order.run);
  await world.ledger.orders.open({ ...anOrder(service), ...order, run: aRun(), takeOverFrom: order.run });
  expect(await world.ledger.orders.claim({ order: order.order, ip, group: 'public', run: order.run })).toEqual({
    kind: 'lock-lost',
  });
});
