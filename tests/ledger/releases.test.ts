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

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function releasing(customer: string | null = 'c') {
  const service = await aService(world, { customer });
  const held = await aReserved(world, service);
  const run = aRun(`release/${held.ip}`);
  await lock(world, held.ip, run);
  const begun = await world.ledger.releases.begin({ ip: held.ip, reason: 'the service ended', run });
  return { service, ...held, run, begun };
}

describe('begin', () => {
  test('takes the address off its service and keeps what it was', async () => {
    const { begun, service, order, address, ip } = await releasing();
    expect(begun).toMatchObject({
      kind: 'releasing',
      address: {
        ip,
        state: 'releasing',
        service: null,
        formerService: service.id,
        customer: 'c',
        order: order.order,
        mark: address.mark,
        version: address.version + 1,
      },
    });
    expect((await world.ledger.addresses.history(ip)).at(-1)).toMatchObject({
      event: 'releasing',
      service: service.id,
      customer: 'c',
      reason: 'the service ended',
    });
  });

  test('again, by the same or a later run, is harmless', async () => {
    const { ip, run, begun } = await releasing();
    expect(await world.ledger.releases.begin({ ip, reason: 'again', run })).toEqual(begun);
    await unlock(world, ip, run);
    const later = aRun();
    await lock(world, ip, later);
    expect(await world.ledger.releases.begin({ ip, reason: 'again', run: later })).toEqual(begun);
    expect(await world.ledger.addresses.history(ip)).toHaveLength(2);
  });

  test('of a protected address is refused', async () => {
    const { ip } = await aReserved(world, await aService(world));
    await world.ledger.addresses.protect(ip, true);
    const run = aRun();
    await lock(world, ip, run);
    expect(await world.ledger.releases.begin({ ip, reason: 'x', run })).toEqual({ kind: 'protected' });
    await world.ledger.addresses.protect(ip, false);
    expect(await world.ledger.releases.begin({ ip, reason: 'x', run })).toMatchObject({ kind: 'releasing' });
  });

  test.each([
    ['unknown', null, undefined],
    ['quarantined', 'quarantined', 60_000],
    ['released', 'released', 0],
  ] as const)('of an address that is %s says so', async (_, state, quarantineMs) => {
    let ip = anIp();
    if (quarantineMs !== undefined) {
      ip = (await aReserved(world, await aService(world))).ip;
      await release(world, ip, quarantineMs);
    }
    const run = aRun();
    await lock(world, ip, run);
    expect(await world.ledger.releases.begin({ ip, reason: 'x', run })).toEqual({ kind: 'not-held', state });
  });

  test('of an address whose row is history says released', async () => {
    const { ip } = await aReserved(world, await aService(world));
    await release(world, ip, 60_000);
    await world.sql(`update address set state = 'released' where ip = ?`, [ip]);
    const run = aRun();
    await lock(world, ip, run);
    expect(await world.ledger.releases.begin({ ip, reason: 'x', run })).toEqual({
      kind: 'not-held',
      state: 'released',
    });
  });

  test('needs the lock', async () => {
    const { ip } = await aReserved(world, await aService(world));
    expect(await world.ledger.releases.begin({ ip, reason: 'x', run: aRun() })).toEqual({ kind: 'lock-lost' });
  });
});

describe('stillUnused, just before the delete (I4)', () => {
  test('answers the row while it is releasing', async () => {
    const { ip, run } = await releasing();
    expect(await world.ledger.releases.stillUnused({ ip, run })).toMatchObject({
      ip,
      state: 'releasing',
      service: null,
    });
  });

  test('is in use when it is bound again, when it was protected, and when there is no row', async () => {
    const { ip, run } = await releasing();
    await world.ledger.releases.rebind({ ip, reason: 'kept', run });
    expect(await world.ledger.releases.stillUnused({ ip, run })).toBe('in-use');
    const guarded = await releasing();
    await world.sql(`update address set protected = true where ip = ?`, [guarded.ip]);
    expect(await world.ledger.releases.stillUnused({ ip: guarded.ip, run: guarded.run })).toBe('in-use');
    const nowhere = anIp();
    await lock(world, nowhere, run);
    expect(await world.ledger.releases.stillUnused({ ip: nowhere, run })).toBe('in-use');
  });

  test('needs the lock', async () => {
    const { ip } = await releasing();
    expect(await world.ledger.releases.stillUnused({ ip, run: aRun() })).toBe('lock-lost');
  });
});

describe('finish', () => {
  test('quarantines until now and the quarantine, and unlocks', async () => {
    const { ip, run } = await releasing();
    const gone = await world.ledger.releases.finish({ ip, quarantineMs: 3_600_000, run });
    expect(gone).toMatchObject({ ip, state: 'quarantined' });
    expect(Date.parse(gone.quarantineUntil ?? '') - Date.parse(gone.since)).toBe(3_600_000);
    expect((await world.ledger.locks.list()).some((entry) => entry.key === `address/${ip}`)).toBe(false);
    // Again, after an answer that was lost: the same row, and no second history.
    expect(await world.ledger.releases.finish({ ip, quarantineMs: 1, run })).toEqual(gone);
    expect((await world.ledger.addresses.history(ip)).map((entry) => entry.event)).toEqual([
      'reserved',
      'releasing',
      'quarantined',
    ]);
  });

  test('without quarantine reads as released everywhere at once, though the row was never turned', async () => {
    const { ip, run } = await releasing();
    expect(await world.ledger.releases.finish({ ip, quarantineMs: 0, run })).toMatchObject({ state: 'released' });
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'released' });
    const listed = async (state: 'released' | 'quarantined') =>
      (await world.ledger.addresses.list({ state })).some((row) => row.ip === ip);
    expect(await listed('released')).toBe(true);
    expect(await listed('quarantined')).toBe(false);
    expect(await world.sql(`select state from address where ip = ?`, [ip])).toEqual([{ state: 'quarantined' }]);
  });

  test('closes the conflicts and the parking of the address', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const order = await anOpenOrder(world, await aService(world));
    await claim(world, order, ip);
    const run = aRun();
    await lock(world, ip, run);
    await world.ledger.releases.begin({ ip, reason: 'x', run });
    await unlock(world, ip, run);
    await claim(world, order, ip);
    await lock(world, ip, run);
    await world.ledger.releases.finish({ ip, quarantineMs: 60_000, run });
    expect(await world.ledger.addresses.openConflict(ip)).toBeUndefined();
    expect((await world.ledger.addresses.parked()).some((entry) => entry.ip === ip)).toBe(false);
  });

  test('is refused without the lock, and for an address that is on a service', async () => {
    const { ip, run } = await releasing();
    await expect(world.ledger.releases.finish({ ip, quarantineMs: 0, run: aRun() })).rejects.toMatchObject({
      code: 'lock-lost',
    });
    await world.ledger.releases.rebind({ ip, reason: 'kept', run });
    await expect(world.ledger.releases.finish({ ip, quarantineMs: 0, run })).rejects.toMatchObject({
      code: 'address-not-releasing',
    });
  });
});

describe('rebind (keep)', () => {
  test.each(['reserved', 'active'] as const)('puts a %s address back as it was', async (state) => {
    const service = await aService(world);
    const { ip, order } = await aReserved(world, service);
    if (state === 'active') await world.ledger.services.activate({ service: service.id, ips: [ip], run: service.run });
    const run = aRun();
    await lock(world, ip, run);
    await world.ledger.releases.begin({ ip, reason: 'x', run });
    const back = await world.ledger.releases.rebind({ ip, reason: 'the customer stays', run });
    expect(back).toMatchObject({ ip, state, service: service.id, formerService: null, order: order.order });
    expect((await world.ledger.addresses.history(ip)).at(-1)).toMatchObject({
      event: 'kept',
      reason: 'the customer stays',
    });
    // The order holds it again, and saying it again is harmless.
    expect(await world.ledger.orders.open(order)).toMatchObject({ kind: 'holds' });
    expect(await world.ledger.releases.rebind({ ip, reason: 'the customer stays', run })).toEqual(back);
  });

  test('changes nothing once the address is gone, or when it never was on its way', async () => {
    const { ip, run } = await releasing();
    await world.ledger.releases.finish({ ip, quarantineMs: 60_000, run });
    await lock(world, ip, run);
    expect(await world.ledger.releases.rebind({ ip, reason: 'late', run })).toBe('not-releasing');
    const held = await aReserved(world, await aService(world));
    await lock(world, held.ip, run);
    expect(await world.ledger.releases.rebind({ ip: held.ip, reason: 'x', run })).toBe('not-releasing');
  });

  test('is too late when the service is leaving, removed, or has begun another life', async () => {
    const { ip, run, service } = await releasing();
    const again = () => world.ledger.releases.rebind({ ip, reason: 'late', run });
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: aRun() });
    expect(await again()).toBe('service-gone');
    await world.ledger.services.finishRemoval({ service: service.id, run: aRun() });
    expect(await again()).toBe('service-gone');
    await aService(world, { id: service.id, customer: 'c' });
    expect(await again()).toBe('service-gone');
  });

  test('is too late for one that is bound yet, when its service is leaving', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    const run = aRun();
    await lock(world, ip, run);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'gone', run: aRun() });
    expect(await world.ledger.releases.rebind({ ip, reason: 'late', run })).toBe('service-gone');
  });

  test('is too late once the delete has begun, whichever run asks', async () => {
    const { ip, run, service } = await releasing();
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ deleteBegun: false });
    await world.ledger.releases.stillUnused({ ip, run });
    expect(await world.ledger.releases.rebind({ ip, reason: 'late', run })).toBe('not-releasing');
    await unlock(world, ip, run);
    const later = aRun(`release/${ip}`);
    await lock(world, ip, later);
    expect(await world.ledger.releases.rebind({ ip, reason: 'late', run: later })).toBe('not-releasing');
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'releasing', deleteBegun: true });
    // Another life of the address begins without it.
    await world.ledger.releases.finish({ ip, quarantineMs: 0, run: later });
    await aReserved(world, service, { ip, group: 'big' });
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'reserved', deleteBegun: false });
  });

  test('needs the lock', async () => {
    const { ip } = await releasing();
    await expect(world.ledger.releases.rebind({ ip, reason: 'x', run: aRun() })).rejects.toMatchObject({
      code: 'lock-lost',
    });
  });
});

describe('extra (I3)', () => {
  test('takes an address no row knows into the ledger as releasing, and it goes back by the release steps', async () => {
    const service = await aService(world, { customer: 'c' });
    const { order, ip: has } = await aReserved(world, service);
    const ip = anIp();
    const request = { ip, order: order.order, group: 'public', reason: 'a second one of the order', run: order.run };
    expect(await world.ledger.releases.extra(request)).toBe('releasing');
    expect(await world.ledger.releases.extra(request)).toBe('releasing');
    expect(await world.ledger.addresses.find(ip)).toMatchObject({
      state: 'releasing',
      formerService: service.id,
      customer: 'c',
    });
    const run = aRun();
    await lock(world, ip, run);
    expect(await world.ledger.releases.rebind({ ip, reason: 'no', run })).toBe('not-releasing');
    expect(await world.ledger.releases.stillUnused({ ip, run })).toMatchObject({ ip });
    expect(await world.ledger.releases.finish({ ip, quarantineMs: 0, run })).toMatchObject({ state: 'released' });
    // The order still holds the other one.
    expect(await world.ledger.orders.open(order)).toMatchObject({ kind: 'holds', address: { ip: has } });
  });

  test('leaves what a row knows alone, and takes one whose quarantine is over', async () => {
    const service = await aService(world);
    const { order, ip } = await aReserved(world, service);
    const ask = (address: string) =>
      world.ledger.releases.extra({ ip: address, order: order.order, group: 'public', reason: 'x', run: order.run });
    expect(await ask(ip)).toBe('known');
    const quarantined = (await aReserved(world, service, { group: 'big' })).ip;
    await release(world, quarantined, 60_000);
    expect(await ask(quarantined)).toBe('known');
    const over = (await aReserved(world, service, { group: 'third' })).ip;
    await release(world, over, 0);
    expect(await ask(over)).toBe('releasing');
  });
});
