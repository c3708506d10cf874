import { describe, expect, test } from '@jest/globals';
import { orderService, service } from '../support/orders.ts';
import {
  activeService,
  add,
  addIspManager,
  attributesOf,
  eventually,
  failureOf,
  heldFor,
  openDesk,
  repoint,
} from './support/desk.ts';

const refused = { code: 'ptr-not-taken', message: 'the zone is not served', next: 'serve it' };
/** Addresses whose PTR the panel refuses, or never answers about. */
const refuses = new Set<string>();
const silent = new Set<string>();
/** Orders whose particular address the panel does not heed. */
const heedless = new Set<string>();
/** Asked at the moment an address goes back: how many its server still has. */
const atGiveBack = new Map<string, number>();
const servers = new Map<string, { readonly world: { readonly addresses: { readonly size: number } } }>();

// Side by side, what some gave back is offered to others again and again while its quarantine runs.
const engine = await openDesk({
  integration: { fenceMs: 500, maxAttempts: 40 },
  wrap: (activities) => ({
    ...activities,
    writePtr: async (target) => {
      if (silent.has(target.ip)) return { kind: 'unknown' as const, failure: refused };
      return refuses.has(target.ip) ? { kind: 'refused' as const, failure: refused } : activities.writePtr(target);
    },
    requestAddress: (ticket, attempt, fresh) =>
      activities.requestAddress(heedless.has(ticket.order) ? { ...ticket, wanted: null } : ticket, attempt, fresh),
    giveBack: (ticket, ip, why) => {
      atGiveBack.set(ip, servers.get(ticket.order)?.world.addresses.size ?? 0);
      return activities.giveBack(ticket, ip, why);
    },
  }),
});
const { ledger, simulator } = engine;

/** An order that is done, and what it got. */
async function done(id: string, input = { order: `${id}-more`, service: id, family: 'ipv4' as const }) {
  const { answer, handle } = await add(engine, input);
  await handle.result();
  return { input, ip: answer.addresses[0]?.ip ?? '' };
}

const nowhere = 'http://127.0.0.1:1/ispmgr';

describe('an added address that is active, ordered again', () => {
  test.concurrent('stays as it is while its PTR is being changed, also where the panel takes no PTR', async () => {
    await activeService(engine, service('g-1'));
    const { input, ip } = await done('g-1');
    silent.add(ip);
    const change = await repoint(engine, ip, 'new.example.com');
    await eventually(async () => expect((await ledger.addresses.find(ip))?.ptr).toBe('new.example.com'));
    await change.terminate('a person did this');
    refuses.add(ip);
    silent.delete(ip);
    const again = await add(engine, input);
    expect(again.answer).toMatchObject({ outcome: 'allocated', addresses: [{ ip, state: 'active' }] });
    expect((await again.handle.result()).addresses).toMatchObject([{ ip, state: 'active' }]);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'g-1', ptr: 'new.example.com' });
    expect(await heldFor(engine, input.order)).toEqual([ip]);
  });

  test.concurrent('keeps the PTR its customer chose, also when it came from another order', async () => {
    const web = await addIspManager(engine, 'web-g-2', {}, 20_000);
    await (await orderService(engine, service('g-2', { server: 'web-g-2' }))).handle.result();
    await ledger.settings.servers.edit('web-g-2', { url: nowhere });
    const first = await add(engine, { order: 'g-2-first', service: 'g-2', family: 'ipv4' });
    await first.handle.terminate('a person did this');
    await ledger.settings.servers.edit('web-g-2', { url: web.url });
    const { input, ip } = await done('g-2');
    expect(ip).toBe(first.answer.addresses[0]?.ip);
    await (await repoint(engine, ip, 'theirs.example.com')).result();
    const again = await add(engine, input);
    await again.handle.result();
    expect(simulator.world.addresses.get(ip)).toMatchObject({ domain: 'theirs.example.com' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 'theirs.example.com', state: 'active' });
  });

  test.concurrent('is answered at once where its tag is gone: there is no run that a cancel could make take it away', async () => {
    await activeService(engine, service('g-3'));
    const { input, ip } = await done('g-3');
    const held = simulator.world.addresses.get(ip);
    Object.assign(held ?? {}, { note: 'somebody wrote here' });
    const again = await add(engine, input);
    expect((await again.handle.result()).addresses).toMatchObject([{ ip, state: 'active' }]);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'g-3' });
    expect(simulator.world.addresses.get(ip)).toBe(held);
  });

  test.concurrent('is answered whatever its tariff has by now, and only to who asks for the same', async () => {
    await engine.addTariff('shrinks', 1);
    await activeService(engine, service('g-4', { tariff: 'shrinks' }));
    const { input, ip } = await done('g-4');
    await ledger.settings.tariffs.edit('shrinks', { ipv4: 0, ipv6: 1 });
    expect((await add(engine, input)).answer).toMatchObject({ outcome: 'allocated', addresses: [{ ip }] });
    const other = await failureOf(add(engine, { ...input, address: '203.0.113.77' }));
    expect(other).toMatchObject({ type: 'order-differs', field: 'address' });
  });
});

describe('an order that goes on with an address which is on its server already', () => {
  test.concurrent('and whose PTR is refused takes it off there before it gives it back, and ends with that reason', async () => {
    const web = await addIspManager(engine, 'web-g-5', {}, 20_000);
    await (await orderService(engine, service('g-5', { server: 'web-g-5' }))).handle.result();
    await ledger.settings.servers.edit('web-g-5', { url: nowhere });
    const first = await add(engine, { order: 'g-5-first', service: 'g-5', family: 'ipv4' });
    const ip = first.answer.addresses[0]?.ip ?? '';
    const note = simulator.world.addresses.get(ip)?.note;
    Object.assign(simulator.world.addresses.get(ip) ?? {}, { note: 'somebody wrote here' });
    await ledger.settings.servers.edit('web-g-5', { url: web.url });
    await eventually(async () =>
      expect(await attributesOf(engine, first.handle.workflowId)).toMatchObject({ IptallyReason: 'address-lost' }),
    );
    await first.handle.terminate('a person did this');
    Object.assign(simulator.world.addresses.get(ip) ?? {}, { note });
    expect(web.world.addresses.size).toBe(2);
    refuses.add(ip);
    const input = { order: 'g-5-more', service: 'g-5', family: 'ipv4' as const, ptr: 'x.example.com' };
    servers.set(input.order, web);
    const end = await failureOf(add(engine, input));
    expect(end).toMatchObject({ type: 'ptr-not-taken' });
    expect(atGiveBack.get(ip)).toBe(1);
    expect(web.world.addresses.size).toBe(1);
    expect(await heldFor(engine, 'g-5-first', 'g-5-more')).toEqual([]);
    expect(await failureOf(add(engine, input))).toEqual(end);
  });
});

describe('a particular address', () => {
  test.concurrent('that the panel replaces by another is refused, and the other goes back', async () => {
    await activeService(engine, service('g-6'));
    heedless.add('g-6-more');
    const input = { order: 'g-6-more', service: 'g-6', family: 'ipv4' as const, address: '203.0.113.222' };
    expect(await failureOf(add(engine, input))).toMatchObject({ type: 'address-not-given', value: input.address });
    expect(await heldFor(engine, 'g-6-more')).toEqual([]);
  });
});
