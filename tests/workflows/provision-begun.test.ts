import { describe, expect, test } from '@jest/globals';
import type { ProvisionServiceInput } from '../../workflows/inputs/inputs.ts';
import { orderService, service } from '../support/orders.ts';
import { addIntegration, addIspManager, eventually, failureOf, heldFor, openDesk } from './support/desk.ts';

/** A service whose run was terminated before its end, ordered again: what it was answered stays. */
const refused = { code: 'ptr-not-taken', message: 'the zone is not served', next: 'serve it' };
const refuses = new Set<string>();
/** Asked at the moment an address goes back: how many users its server still has. */
const atGiveBack = new Map<string, number>();
const servers = new Map<string, { readonly world: { readonly users: { readonly size: number } } }>();

const engine = await openDesk({
  integration: { fenceMs: 500, maxAttempts: 40 },
  wrap: (activities) => ({
    ...activities,
    writePtr: async (target) =>
      refuses.has(target.ip) ? { kind: 'refused' as const, failure: refused } : activities.writePtr(target),
    giveBack: (ticket, ip, why) => {
      atGiveBack.set(ip, servers.get(ticket.order)?.world.users.size ?? 0);
      return activities.giveBack(ticket, ip, why);
    },
  }),
});
const { ledger } = engine;
const ipsOf = (rows: readonly { readonly ip: string }[]) => rows.map(({ ip }) => ip).toSorted();

/** Answered, and terminated while its set-up failed or waited. */
async function terminated(input: ProvisionServiceInput): Promise<readonly string[]> {
  const { answer, handle } = await orderService(engine, input);
  await handle.terminate('a person did this');
  return ipsOf(answer.addresses);
}

async function setUp(input: ProvisionServiceInput): Promise<readonly string[]> {
  const { answer, handle } = await orderService(engine, input);
  await handle.executeUpdate('setupFinished', { args: [{ ok: true }] });
  const { addresses } = await handle.result();
  expect(new Set(addresses.map(({ state }) => state))).toEqual(new Set(['active']));
  expect(ipsOf(addresses)).toEqual(ipsOf(answer.addresses));
  return ipsOf(answer.addresses);
}

describe('a service whose addresses were answered, begun again', () => {
  test.concurrent.each([
    ['has more', 'p-1', { ipv4: 3 }],
    ['has fewer', 'p-2', { ipv4: 1 }],
    ['allows no dedicated address', 'p-3', { dedicated: false }],
    ['has another group', 'p-4', { group: 'alias' }],
  ])('keeps them when its tariff %s by now', async (_, id, edit) => {
    await engine.addTariff(`of-${id}`, 2);
    const input = service(id, { tariff: `of-${id}` });
    const first = await terminated(input);
    expect(first).toHaveLength(2);
    await ledger.settings.tariffs.edit(`of-${id}`, edit);
    expect(await setUp(input)).toEqual(first);
    expect(await ledger.addresses.list({ service: id, state: 'active' })).toHaveLength(2);
    expect(await heldFor(engine, `${id}/1/ipv4/1`, `${id}/1/ipv4/2`, `${id}/1/ipv4/3`)).toHaveLength(2);
  });

  test.concurrent('keeps those its caller listed', async () => {
    await engine.addTariff('of-p-5', 2);
    const addresses = ['p-5-a', 'p-5-b'].map((order) => ({ order, family: 'ipv4' as const }));
    const input = { ...service('p-5', { tariff: 'of-p-5' }), addresses };
    const first = await terminated(input);
    await ledger.settings.tariffs.edit('of-p-5', { ipv4: 1 });
    expect(await setUp(input)).toEqual(first);
  });

  test.concurrent('keeps them beside those of another list: none stays reserved with nobody to set it up', async () => {
    await engine.addTariff('of-p-6', 2);
    const list = (...ids: readonly string[]) => ({
      ...service('p-6', { tariff: 'of-p-6' }),
      addresses: ids.map((order) => ({ order, family: 'ipv4' as const })),
    });
    const first = await terminated(list('p-6-a', 'p-6-b'));
    expect(await setUp(list('p-6-c'))).toEqual(first);
    expect(await ledger.addresses.list({ service: 'p-6', state: 'reserved' })).toEqual([]);
  });

  test.concurrent('keeps them when the panel gets no orders any more', async () => {
    const permissions = [{ pool: '203.0.113.251-203.0.113.254', groups: ['public'] }];
    await addIntegration(engine, 'cutting', { requestTimeoutMs: 20_000, permissions });
    const input = service('p-7', { server: 'on-cutting' });
    const first = await terminated(input);
    await ledger.settings.integrations.markTagNotKept('cutting');
    const more = service('p-7-other', { server: 'on-cutting' });
    expect((await failureOf(orderService(engine, more))).type).toBe('tag-not-kept');
    expect(await setUp(input)).toEqual(first);
  });

  test.concurrent('keeps them when its server points to another integration by now', async () => {
    const permissions = [{ pool: '203.0.113.251-203.0.113.254', groups: ['public'] }];
    await addIntegration(engine, 'former', { requestTimeoutMs: 20_000, permissions });
    const input = service('p-8', { server: 'on-former' });
    const first = await terminated(input);
    await ledger.settings.servers.edit('on-former', { integration: null });
    expect(await setUp(input)).toEqual(first);
  });
});

test('an address taken over with its PTR refused goes back once its server is cleared, and all is told', async () => {
  const web = await addIspManager(engine, 'web-p-9', {}, 20_000);
  web.faults.hook = ({ func }) => (func === 'ipaddr.edit' ? { kind: 'reset-before' } : undefined);
  const list = (order: string, ptr: string) => ({
    ...service('p-9', { server: 'web-p-9' }),
    addresses: [{ order, family: 'ipv4' as const, ptr }],
  });
  const { answer, handle } = await orderService(engine, list('p-9-a', 'a.example.com'));
  await eventually(() => expect(web.world.users.size).toBe(1));
  await handle.terminate('a person did this');
  web.faults.hook = undefined;
  const [ip = ''] = ipsOf(answer.addresses);
  refuses.add(ip);
  servers.set('p-9-b', web);
  expect(await failureOf(orderService(engine, list('p-9-b', 'b.example.com')))).toMatchObject({
    type: 'ptr-not-taken',
  });
  expect(atGiveBack.get(ip)).toBe(0);
  expect(await heldFor(engine, 'p-9-a', 'p-9-b')).toEqual([]);
  expect(await ledger.services.find('p-9')).toMatchObject({ state: 'removed' });
});
