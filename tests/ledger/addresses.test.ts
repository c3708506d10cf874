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

const isLocked = async (ip: string) => (await world.ledger.locks.list()).some((entry) => entry.key === `address/${ip}`);

describe('savePtr', () => {
  test('keeps what was read back and what is wanted, and unlocks in the same transaction', async () => {
    const { ip, order, address } = await aReserved(world, await aService(world));
    await lock(world, ip, order.run);
    const request = { ip, ptr: 'a.example.com', ptrSeen: 'a.example.com', unlock: true, run: order.run };
    const saved = await world.ledger.addresses.savePtr(request);
    expect(saved).toMatchObject({ ptr: 'a.example.com', ptrSeen: 'a.example.com', version: address.version + 1 });
    expect(await isLocked(ip)).toBe(false);
    // Again, after an answer that was lost with the lock: the same answer, and nothing is written.
    expect(await world.ledger.addresses.savePtr(request)).toEqual(saved);
    expect((await world.ledger.addresses.history(ip)).map((entry) => entry.event)).toEqual(['reserved', 'ptr']);
  });

  test('keeps the lock where it is told to, and the wanted PTR where none is given', async () => {
    const { ip, order, address } = await aReserved(world, await aService(world));
    await lock(world, ip, order.run);
    expect(await world.ledger.addresses.savePtr({ ip, ptrSeen: null, unlock: false, run: order.run })).toEqual(address);
    expect(await isLocked(ip)).toBe(true);
  });

  test('without the lock changes nothing', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const request = { ip, ptrSeen: 'b.example.com', unlock: true, run: aRun() };
    expect(await world.ledger.addresses.savePtr(request)).toBe('lock-lost');
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ ptrSeen: null });
  });
});

describe('a PTR change (I5)', () => {
  test.each([
    ['operator', 'c', 'begun'],
    ['provisioning', 'c', 'begun'],
    ['customer:c', 'c', 'begun'],
    ['customer:d', 'c', 'not-yours'],
    ['customer:', null, 'not-yours'],
    ['customer:null', null, 'not-yours'],
    ['somebody', 'c', 'not-yours'],
  ])('%s on an address of customer %s: %s', async (actor, customer, kind) => {
    const { ip, address } = await aReserved(world, await aService(world, { customer }));
    const run = aRun(`ptr/${ip}`);
    await lock(world, ip, run);
    const start = await world.ledger.addresses.beginPtrChange({ ip, ptr: 'new.example.com', actor, run });
    expect(start.kind).toBe(kind);
    expect(await world.ledger.addresses.find(ip)).toMatchObject({
      ptr: kind === 'begun' ? 'new.example.com' : address.ptr,
    });
  });

  test('said again names what it was before the first time; refused by the panel, that comes back', async () => {
    const { ip, address } = await aReserved(world, await aService(world));
    const run = aRun();
    await lock(world, ip, run);
    const change = { ip, ptr: 'new.example.com', actor: 'operator', run };
    const begun = await world.ledger.addresses.beginPtrChange(change);
    expect(begun).toMatchObject({ kind: 'begun', before: address.ptr });
    expect(await world.ledger.addresses.beginPtrChange(change)).toEqual(begun);
    await world.ledger.addresses.revertPtr({ ip, ptr: address.ptr, run });
    await world.ledger.addresses.revertPtr({ ip, ptr: address.ptr, run });
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ ptr: address.ptr });
    expect(await isLocked(ip)).toBe(false);
    expect((await world.ledger.addresses.history(ip)).map((entry) => entry.reason)).toEqual([
      null,
      `operator asked for new.example.com instead of ${address.ptr}`,
      `refused: back to ${address.ptr}`,
    ]);
  });

  test('is over when it was read back', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const run = aRun();
    await lock(world, ip, run);
    await world.ledger.addresses.beginPtrChange({ ip, ptr: 'n.example.com', actor: 'operator', run });
    await world.ledger.addresses.savePtr({ ip, ptr: 'n.example.com', ptrSeen: 'n.example.com', unlock: true, run });
    expect(await world.sql(`select ptr_change from address where ip = ?`, [ip])).toEqual([{ ptr_change: null }]);
  });

  test('of an address that is not held, in conflict or locked by another is refused', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const run = aRun();
    const start = (address: string) =>
      world.ledger.addresses.beginPtrChange({ ip: address, ptr: 'n.example.com', actor: 'operator', run });
    expect(await start(ip)).toEqual({ kind: 'lock-lost' });
    await claim(world, await anOpenOrder(world, await aService(world)), ip);
    await lock(world, ip, run);
    expect(await start(ip)).toEqual({ kind: 'in-conflict' });
    const gone = (await aReserved(world, await aService(world))).ip;
    await release(world, gone, 60_000);
    await lock(world, gone, run);
    expect(await start(gone)).toEqual({ kind: 'not-held' });
  });

  test('of another run does not undo what a third one wrote', async () => {
    const { ip } = await aReserved(world, await aService(world));
    await expect(world.ledger.addresses.revertPtr({ ip, ptr: 'stale.example.com', run: aRun() })).rejects.toMatchObject(
      { code: 'lock-lost' },
    );
  });
});

describe('a conflict', () => {
  async function conflict() {
    const { ip, address } = await aReserved(world, await aService(world));
    const order = await anOpenOrder(world, await aService(world));
    await claim(world, order, ip);
    await lock(world, ip, order.run);
    return { ip, address, order };
  }

  test('is marked once, and unlocked', async () => {
    const { ip, order } = await conflict();
    const mark = { ip, order: order.order, run: order.run };
    await world.ledger.addresses.conflictMarked(mark);
    await world.ledger.addresses.conflictMarked(mark);
    expect(await world.ledger.addresses.openConflict(ip)).toMatchObject({
      markedAt: expect.any(String),
      resolvedAt: null,
    });
    expect(await isLocked(ip)).toBe(false);
    expect((await world.ledger.addresses.history(ip)).map((entry) => entry.event)).toEqual([
      'reserved',
      'conflict',
      'marked',
    ]);
  });

  test('is resolved: the holder’s PTR is read back, and the record stays', async () => {
    const { ip, address, order } = await conflict();
    const done = { ip, ptrSeen: address.ptr, run: order.run };
    await world.ledger.addresses.conflictResolved(done);
    await world.ledger.addresses.conflictResolved(done);
    expect(await world.ledger.addresses.openConflict(ip)).toBeUndefined();
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'reserved', ptrSeen: address.ptr });
    expect(await world.ledger.addresses.conflicts({ order: order.order })).toMatchObject([
      { resolvedAt: expect.any(String) },
    ]);
    expect(await world.ledger.addresses.conflicts({ order: order.order, open: true })).toEqual([]);
    expect(await world.ledger.addresses.conflicts({ order: order.order, open: false })).toHaveLength(1);
    expect(await isLocked(ip)).toBe(false);
    // It may come again, as a new record.
    expect(await claim(world, order, ip)).toMatchObject({ kind: 'in-use' });
    expect(await world.ledger.addresses.conflicts({ order: order.order })).toHaveLength(2);
  });

  test('of which something must come back is mended before one of another integration, however old that is', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const elsewhere = await anOpenOrder(world, await aService(world, { server: 'srv-other' }), {
      integration: 'other',
    });
    await claim(world, elsewhere, ip);
    expect(await world.ledger.addresses.openConflict(ip)).toMatchObject({ order: elsewhere.order, mark: false });
    const there = await anOpenOrder(world, await aService(world));
    await claim(world, there, ip);
    expect(await world.ledger.addresses.openConflict(ip)).toMatchObject({ order: there.order, mark: true });
  });

  test('is neither marked nor resolved without the lock', async () => {
    const { ip, order } = await conflict();
    await unlock(world, ip, order.run);
    await expect(
      world.ledger.addresses.conflictMarked({ ip, order: order.order, run: order.run }),
    ).rejects.toMatchObject({ code: 'lock-lost' });
    await expect(world.ledger.addresses.conflictResolved({ ip, ptrSeen: null, run: order.run })).rejects.toMatchObject({
      code: 'lock-lost',
    });
    expect(await world.ledger.addresses.openConflict(ip)).toMatchObject({ markedAt: null });
  });
});

describe('protection', () => {
  test('is set and taken off what is held, and writes history when it changes', async () => {
    const { ip, address } = await aReserved(world, await aService(world));
    expect(await world.ledger.addresses.protect(ip, true)).toMatchObject({
      protected: true,
      version: address.version + 1,
    });
    expect(await world.ledger.addresses.protect(ip, true)).toMatchObject({ version: address.version + 1 });
    expect(await world.ledger.addresses.protect(ip, false)).toMatchObject({ protected: false });
    const events = (await world.ledger.addresses.history(ip)).map((entry) => entry.event);
    expect(events).toEqual(['reserved', 'protected', 'unprotected']);
  });

  test('is nothing for an address nobody holds', async () => {
    const { ip } = await aReserved(world, await aService(world));
    await release(world, ip, 60_000);
    expect(await world.ledger.addresses.protect(ip, true)).toBeUndefined();
    expect(await world.ledger.addresses.protect(anIp(), true)).toBeUndefined();
  });
});

describe('looking', () => {
  test('finds the row that counts, else the last released one, else nothing', async () => {
    const first = await aService(world, { customer: 'c' });
    const { ip } = await aReserved(world, first);
    await release(world, ip, 0);
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'released', formerService: first.id });
    const second = await aService(world, { customer: 'c' });
    await claim(world, await anOpenOrder(world, second), ip);
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'reserved', service: second.id });
    expect(await world.ledger.addresses.find(anIp())).toBeUndefined();
  });

  test('lists in address order, IPv4 first, whatever way the texts would sort', async () => {
    const service = await aService(world);
    const ips = ['10.250.0.10', '10.250.0.9', '10.250.0.100', '2001:db8:f::a', '2001:db8:f::9', '2001:db8:f::10'];
    for (const ip of ips) await aReserved(world, service, { ip });
    expect((await world.ledger.addresses.list({ service: service.id })).map((row) => row.ip)).toEqual([
      '10.250.0.9',
      '10.250.0.10',
      '10.250.0.100',
      '2001:db8:f::9',
      '2001:db8:f::a',
      '2001:db8:f::10',
    ]);
  });

  test('filters by service, integration, order and state; an order holds only what is bound', async () => {
    const service = await aService(world, { server: 'srv-other' });
    const one = await aReserved(world, service, { integration: 'other' });
    const two = await aReserved(world, service, { integration: 'other', group: 'big' });
    const ips = async (filter: Parameters<typeof world.ledger.addresses.list>[0]) =>
      (await world.ledger.addresses.list(filter)).map((row) => row.ip);
    expect(await ips({ integration: 'other' })).toEqual([one.ip, two.ip]);
    await release(world, one.ip, 60_000);
    expect(await ips({ order: one.order.order })).toEqual([]);
    expect(await ips({ order: one.order.order, state: 'quarantined' })).toEqual([one.ip]);
    expect(await ips({ integration: 'other', state: 'reserved' })).toEqual([two.ip]);
    expect(await ips({ service: service.id })).toEqual([two.ip]);
  });

  test('reads 100,000 rows without building entities, in a few seconds', async () => {
    const { id } = await aService(world, { server: 'srv-other' });
    await world.sql(
      `insert into address (ip, family, state, service, integration, address_group)
       select '100.64.0.0'::inet + n, 'ipv4', 'active', ?, 'bulk', 'public' from generate_series(0, 99999) n`,
      [id],
    );
    await world.sql('vacuum (analyze) address');
    const start = performance.now();
    const rows = await world.ledger.addresses.list({ integration: 'bulk' });
    expect(rows).toHaveLength(100_000);
    expect(rows[256]?.ip).toBe('100.64.1.0');
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('what a sync reads comes from the index alone, in address order (performance.md 2.2)', async () => {
    const plan = await world.sql<{ 'QUERY PLAN': string }>(
      `explain select ip, service, integration, address_group, state, tag, untagged, protected, ptr, ptr_seen, version, order_id, quarantine_until
       from address where state = any (array['reserved', 'active', 'releasing', 'quarantined']) order by ip`,
    );
    expect(plan.map((line) => line['QUERY PLAN'])[0]).toMatch(/Index Only Scan using address_current/);
  });
});
