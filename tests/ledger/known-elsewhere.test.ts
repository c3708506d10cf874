import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  anIp,
  anOpenOrder,
  aReserved,
  aRun,
  aService,
  claim,
  lock,
  openWorld,
  release,
  unlock,
  type World,
} from './world.ts';

/** What a run that is killed, stopped or doubled leaves behind, and asks again. */
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('an address another row knows, offered to an order that can use none any more', () => {
  test('is a conflict on record, though the order’s service is being removed (I3)', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const service = await aService(world);
    const order = await anOpenOrder(world, service);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'a test', run: aRun('remove/x') });
    expect(await claim(world, order, ip)).toMatchObject({ kind: 'in-use', mark: true });
    expect(await world.ledger.addresses.conflicts({ open: true, order: order.order })).toHaveLength(1);
  });

  test('is parked when it is in quarantine, also after the same customer (I9)', async () => {
    const holder = await aService(world, { customer: 'same' });
    const { ip } = await aReserved(world, holder);
    await release(world, ip, 60_000);
    const service = await aService(world, { customer: 'same' });
    const order = await anOpenOrder(world, service);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'a test', run: aRun('remove/y') });
    expect(await claim(world, order, ip)).toMatchObject({ kind: 'withheld' });
    expect(await world.ledger.addresses.parked()).toContainEqual(expect.objectContaining({ ip, order: order.order }));
  });

  test('is a conflict, not an extra to be given back, when the order has its address already', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const { order } = await aReserved(world, await aService(world));
    expect(await claim(world, order, ip)).toMatchObject({ kind: 'in-use' });
  });
});

describe('a release that is asked for again', () => {
  test('is over for the run that ended it, also when the address is another order’s by now', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const run = aRun(`release/${ip}`);
    await lock(world, ip, run);
    await world.ledger.releases.begin({ ip, reason: 'a test', run });
    expect(await world.ledger.releases.finished({ ip, run })).toBeUndefined();
    await world.ledger.releases.finish({ ip, quarantineMs: 0, run });
    await aReserved(world, await aService(world), { ip });
    expect(await world.ledger.releases.finished({ ip, run })).toMatchObject({ ip });
    expect(await world.ledger.releases.finished({ ip, run: aRun(`release/${ip}`) })).toBeUndefined();
  });

  test('is not over for another order of the same run that took the address meanwhile', async () => {
    const service = await aService(world);
    const { ip, order } = await aReserved(world, service);
    await lock(world, ip, service.run);
    await world.ledger.releases.begin({ ip, reason: 'a test', run: service.run });
    await world.ledger.releases.finish({ ip, quarantineMs: 0, run: service.run });
    const beside = await anOpenOrder(world, service);
    const { run } = service;
    expect(await world.ledger.releases.finished({ ip, order: order.order, run })).toMatchObject({ ip });
    expect(await world.ledger.releases.finished({ ip, order: beside.order, run })).toBeUndefined();
  });

  test('takes an address that was only found in once, whoever asks twice', async () => {
    const service = await aService(world);
    const order = await anOpenOrder(world, service);
    const ip = anIp();
    await lock(world, ip, service.run);
    const extra = { ip, order: order.order, group: 'public', reason: 'a test', run: service.run };
    expect(await world.ledger.releases.extra(extra)).toBe('releasing');
    expect(await world.ledger.releases.extra(extra)).toBe('releasing');
    await unlock(world, ip, service.run);
  });
});
