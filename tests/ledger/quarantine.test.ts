import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
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

describe('an address on its way out', () => {
  test('is withheld while it is releasing, and parked once for the order', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const run = aRun();
    await lock(world, ip, run);
    await world.ledger.releases.begin({ ip, reason: 'a test', run });
    await unlock(world, ip, run);
    const order = await anOpenOrder(world, await aService(world));
    const expected = { kind: 'withheld', until: null, state: 'releasing' };
    expect(await claim(world, order, ip)).toEqual(expected);
    expect(await claim(world, order, ip)).toEqual(expected);
    const parked = (await world.ledger.addresses.parked()).filter((entry) => entry.ip === ip);
    expect(parked).toEqual([{ ip, order: order.order, integration: 'panel', since: expect.any(String) }]);
    expect((await world.ledger.addresses.history(ip)).at(-1)).toMatchObject({
      event: 'parked',
      reason: expect.stringContaining(order.order),
    });
  });

  // Who had it, who asks, how long the quarantine runs: what comes of it (I9).
  test.each([
    ['the same customer', 'c', 'c', 60_000, 'claimed'],
    ['another customer', 'c', 'd', 60_000, 'withheld'],
    ['a service without a customer', 'c', null, 60_000, 'withheld'],
    ['somebody after a service without a customer', null, 'c', 60_000, 'withheld'],
    ['a service without a customer after one without', null, null, 60_000, 'withheld'],
    ['another customer once it is over', 'c', 'd', 0, 'claimed'],
    ['a service without a customer once it is over', null, null, 0, 'claimed'],
  ] as const)('in quarantine: %s', async (_, before, after, quarantineMs, kind) => {
    const { ip } = await aReserved(world, await aService(world, { customer: before }));
    const gone = await release(world, ip, quarantineMs);
    const service = await aService(world, { customer: after });
    const order = await anOpenOrder(world, service);
    const answer = await claim(world, order, ip);
    expect(answer.kind).toBe(kind);
    const events = (await world.ledger.addresses.history(ip)).map((entry) => entry.event);
    if (kind === 'withheld') {
      expect(answer).toEqual({ kind, until: gone.quarantineUntil, state: 'quarantined' });
      expect(events).toEqual(['reserved', 'releasing', 'quarantined', 'parked']);
    } else {
      expect(events).toEqual(['reserved', 'releasing', 'quarantined', 'released', 'reserved']);
      const rows = await world.ledger.addresses.list({});
      expect(rows.filter((row) => row.ip === ip).map((row) => row.state)).toEqual(['released', 'reserved']);
    }
  });

  test('is not parked any more once it is bound', async () => {
    const { ip } = await aReserved(world, await aService(world, { customer: 'c' }));
    await release(world, ip, 60_000);
    await claim(world, await anOpenOrder(world, await aService(world, { customer: 'd' })), ip);
    expect((await world.ledger.addresses.parked()).some((entry) => entry.ip === ip)).toBe(true);
    await claim(world, await anOpenOrder(world, await aService(world, { customer: 'c' })), ip);
    expect((await world.ledger.addresses.parked()).some((entry) => entry.ip === ip)).toBe(false);
  });

  test('is withheld from the same customer too when the order has its address, or the service is leaving', async () => {
    const service = await aService(world, { customer: 'c' });
    const { ip } = await aReserved(world, service);
    await release(world, ip, 60_000);
    const { order } = await aReserved(world, service, { group: 'big' });
    expect(await claim(world, order, ip)).toMatchObject({ kind: 'withheld', state: 'quarantined' });
    const leaving = await aService(world, { customer: 'c' });
    const open = await anOpenOrder(world, leaving);
    await world.ledger.services.beginRemoval({ service: leaving.id, reason: 'gone', run: aRun() });
    expect(await claim(world, open, ip)).toMatchObject({ kind: 'withheld', state: 'quarantined' });
  });
});
