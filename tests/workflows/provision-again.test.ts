import { describe, expect, test } from '@jest/globals';
import { orderService, service } from '../support/orders.ts';
import {
  activeService,
  addIntegration,
  addIspManager,
  eventually,
  failureOf,
  heldFor,
  openDesk,
  release,
  sendAgain,
} from './support/desk.ts';

/** An order that is sent to a service which an earlier run worked for. */
// Side by side, what some gave back is offered to others again and again while its quarantine runs.
const engine = await openDesk({ integration: { fenceMs: 700, maxAttempts: 40 } });
const { ledger } = engine;

const ipsOf = (rows: readonly { readonly ip: string }[]) => rows.map(({ ip }) => ip);
const rowsOf = (id: string) => ledger.addresses.list({ service: id });

describe('a service that is set up, ordered again', () => {
  test.concurrent('answers the addresses it has when its tariff has grown since, and reserves none', async () => {
    await engine.addTariff('grows', 1);
    const first = await activeService(engine, service('b-1', { tariff: 'grows' }));
    await ledger.settings.tariffs.edit('grows', { ipv4: 2 });
    const { answer, handle } = await orderService(engine, service('b-1', { tariff: 'grows' }));
    expect(answer).toMatchObject({ outcome: 'allocated', addresses: [{ ip: first[0]?.ip, state: 'active' }] });
    expect((await handle.result()).addresses).toHaveLength(1);
    expect(ipsOf(await rowsOf('b-1'))).toEqual(ipsOf(first));
    expect(await heldFor(engine, 'b-1/1/ipv4/2')).toEqual([]);
  });

  test.concurrent('answers them also when the panel has no more to give: nothing is asked', async () => {
    const pool = '203.0.113.251-203.0.113.251';
    const permissions = [{ pool, groups: ['public'] }];
    await addIntegration(engine, 'narrow', { requestTimeoutMs: 20_000, permissions });
    await engine.addTariff('grows-full', 1);
    const input = service('b-2', { tariff: 'grows-full', server: 'on-narrow' });
    const first = await activeService(engine, input);
    await ledger.settings.tariffs.edit('grows-full', { ipv4: 2 });
    const { answer, handle } = await orderService(engine, input);
    expect(ipsOf(answer.addresses)).toEqual(ipsOf(first));
    await handle.result();
    expect(await ledger.services.find('b-2')).toMatchObject({ state: 'active' });
  });

  test.concurrent('answers them all, as at first, when there are several', async () => {
    const input = service('b-3', { tariff: 'vps-4' });
    const first = await orderService(engine, input);
    await first.handle.executeUpdate('setupFinished', { args: [{ ok: true }] });
    const again = await orderService(engine, input);
    expect(ipsOf(again.answer.addresses)).toEqual(ipsOf(first.answer.addresses));
  });

  test.concurrent('that was imported answers what it was imported with, and reserves none', async () => {
    const { kind, domain, customer, server, tariff } = service('b-4').service;
    const row = { service: 'b-4', kind, domain, customer: customer ?? null, server, tariff, group: null };
    const addresses = [{ ip: '203.0.113.240', ptr: null }];
    await ledger.imports.import({
      lines: (async function* () {
        yield [{ line: 2, row: { ...row, addresses } }];
      })(),
      dryRun: false,
      skipBad: false,
      onBad: (bad) => expect(bad).toEqual([]),
    });
    const { answer, handle } = await orderService(engine, service('b-4'));
    expect(answer).toMatchObject({ outcome: 'allocated', addresses: [{ ip: '203.0.113.240', state: 'active' }] });
    await handle.result();
    expect(ipsOf(await rowsOf('b-4'))).toEqual(['203.0.113.240']);
    expect(await heldFor(engine, 'b-4/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('with an order it does not know is refused, pointing to addAddress, and stays as it is', async () => {
    const first = await activeService(engine, service('b-5'));
    const addresses = [{ order: 'b-5-other', family: 'ipv4' as const }];
    const failure = await failureOf(orderService(engine, { ...service('b-5'), addresses }));
    expect(failure).toMatchObject({ type: 'service-set-up', field: 'addresses', value: 'b-5-other' });
    expect(failure.next).toContain('iptally address add --service b-5 --order b-5-other');
    expect(await ledger.orders.find('b-5-other')).toBeUndefined();
    expect(ipsOf(await rowsOf('b-5'))).toEqual(ipsOf(first));
    expect(await ledger.services.find('b-5')).toMatchObject({ state: 'active' });
  });

  test.concurrent('with its own orders answers them, and with another PTR or family for one is refused, naming the field', async () => {
    const listed = (family: 'ipv4' | 'ipv6', ptr?: string) => ({
      ...service('b-6'),
      addresses: [{ order: 'b-6-own', family, ...(ptr === undefined ? {} : { ptr }) }],
    });
    const first = await activeService(engine, listed('ipv4'));
    expect(ipsOf((await orderService(engine, listed('ipv4'))).answer.addresses)).toEqual(ipsOf(first));
    const ptr = await failureOf(orderService(engine, listed('ipv4', 'x.example.com')));
    expect(ptr).toMatchObject({ type: 'order-differs', field: 'ptr' });
    const family = await failureOf(orderService(engine, listed('ipv6')));
    expect(family).toMatchObject({ type: 'order-differs', field: 'family' });
  });

  test.concurrent('answers what is left when an address was released, and says so when none is', async () => {
    const [one, two] = ipsOf(await activeService(engine, service('b-7', { tariff: 'vps-2' })));
    await (await release(engine, one ?? '')).result();
    const left = await orderService(engine, service('b-7', { tariff: 'vps-2' }));
    expect(left.answer).toMatchObject({ outcome: 'allocated', addresses: [{ ip: two }] });
    await left.handle.result();
    await (await release(engine, two ?? '')).result();
    const none = await orderService(engine, service('b-7', { tariff: 'vps-2' }));
    expect(none.answer).toMatchObject({
      outcome: 'not-allocated',
      reason: { code: 'no-addresses-left' },
      addresses: [],
    });
    await none.handle.result();
    expect(await ledger.services.find('b-7')).toMatchObject({ state: 'active' });
  });
});

describe('a service whose run was terminated in the middle of its set-up', () => {
  /** A user is made on the server, which never says so, and the address is refused there. */
  async function halfMade(id: string) {
    const old = await addIspManager(engine, `web-${id}`, {}, 20_000);
    const next = await addIspManager(engine, `web-${id}-new`, {}, 20_000);
    old.faults.hook = ({ func }) => (func === 'ipaddr.edit' ? { kind: 'reset-before' } : undefined);
    const input = service(id, { server: `web-${id}` });
    const { answer, handle } = await orderService(engine, input);
    await eventually(() => expect(old.world.users.size).toBe(1));
    await handle.terminate('a person did this');
    return { old, next, input, moved: service(id, { server: `web-${id}-new` }), ips: ipsOf(answer.addresses) };
  }

  test.concurrent('begins again only on the server it was on: something of it may stand there', async () => {
    const { old, next, input, moved, ips } = await halfMade('t-1');
    expect(await failureOf(orderService(engine, moved))).toMatchObject({ type: 'order-differs', field: 'server' });
    expect(await ledger.services.find('t-1')).toMatchObject({ server: 'web-t-1' });
    expect(next.world.users.size).toBe(0);
    old.faults.hook = undefined;
    const { answer, handle } = await orderService(engine, input);
    expect(ipsOf(answer.addresses)).toEqual(ips);
    expect((await handle.result()).addresses).toMatchObject([{ state: 'active' }]);
    expect(old.world.users.size).toBe(1);
  });

  test.concurrent('moves to another one while it waits, once it is off the old one', async () => {
    const { old, next, input, moved, ips } = await halfMade('t-2');
    // Silent by now: no try of the new run says anything of what stands there.
    await ledger.settings.servers.edit('web-t-2', { url: 'http://127.0.0.1:1/ispmgr' });
    const { handle } = await orderService(engine, input);
    await eventually(async () => expect(await ledger.services.find('t-2')).toMatchObject({ state: 'waiting' }), 60_000);
    await ledger.settings.servers.edit('web-t-2', { url: old.url });
    await sendAgain(handle, moved);
    expect(ipsOf((await handle.result()).addresses)).toEqual(ips);
    expect(old.world.users.size).toBe(0);
    expect(next.world.users.size).toBe(1);
  });
});
