import { describe, expect, test } from '@jest/globals';
import { workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  add,
  addIntegration,
  detailsOf,
  eventually,
  failureOf,
  fault,
  heldFor,
  openDesk,
  release,
  start,
  tagOf,
} from './support/desk.ts';

const engine = await openDesk({ integration: { fenceMs: 700, maxConflicts: 3, maxAttempts: 3 } });
const { ledger, simulator } = engine;
const { world } = simulator;

/** A login of its own, with a few addresses of its own. */
async function own(name: string, last: number, more: Parameters<typeof addIntegration>[2] = {}): Promise<string> {
  const pool = `203.0.113.${last}-203.0.113.${last + 4}`;
  const limits = { fenceMs: 700, maxAttempts: 3, maxConflicts: 3, requestTimeoutMs: 20_000 };
  await addIntegration(engine, name, { ...limits, permissions: [{ pool, groups: ['public'] }], ...more });
  return `on-${name}`;
}

const billing = world.users.get('billing');
Object.assign(billing ?? {}, { permissions: [{ pool: '203.0.113.10-203.0.113.99', groups: ['public'] }] });

describe('an allocation', () => {
  test.concurrent('that meets an address in use records the conflict, marks it, keeps it held and takes the next', async () => {
    const server = await own('conflict', 100);
    const ip = await activeAddress(engine, service('a-1-holder', { server }));
    fault(engine, { purpose: 'create', at: await tagOf(engine, 'a-1/1/ipv4/1') }, { kind: 'busy-address', ip });
    const { answer } = await orderService(engine, service('a-1', { server }));
    expect(answer.addresses[0]?.ip).not.toBe(ip);
    expect(world.addresses.get(ip)).toMatchObject({ domain: 'dns.set.error', state: 'allocated' });
    expect(await ledger.addresses.conflicts({ open: true, order: 'a-1/1/ipv4/1' })).toMatchObject([
      { ip, holder: 'a-1-holder', holderPtr: 'a-1-holder.example.com', markedAt: expect.any(String) },
    ]);
    expect(await detailsOf(engine, workflowIds.provisionService('a-1'))).toContain(`**conflict**: ${ip} is on service`);
    expect(await ledger.addresses.find(ip)).toMatchObject({ service: 'a-1-holder', state: 'active' });
  });

  test.concurrent('gives up after as many conflicts as the integration allows, and lists every address marked', async () => {
    const server = await own('conflicts', 110);
    const at = await tagOf(engine, 'a-2/1/ipv4/1');
    const ips: string[] = [];
    for (const n of [1, 2, 3]) ips.push(await activeAddress(engine, service(`a-2-${n}`, { server })));
    fault(engine, { purpose: 'create', at }, ...ips.map((ip) => ({ kind: 'busy-address' as const, ip })));
    const failure = await failureOf(orderService(engine, service('a-2', { server })));
    expect(failure).toMatchObject({ type: 'too-many-conflicts', value: ips.join(', ') });
    for (const ip of ips) expect(world.addresses.get(ip)?.domain).toBe('dns.set.error');
    expect(await ledger.addresses.list({ service: 'a-2' })).toEqual([]);
  });

  test.concurrent('in conflict across integrations is recorded and never marked', async () => {
    const one = await own('left', 120);
    const pool = '203.0.113.120-203.0.113.124';
    const ip = await activeAddress(engine, service('a-3-holder', { server: one }));
    const permissions = [{ pool, groups: ['public'] }];
    await addIntegration(engine, 'right', { fenceMs: 700, requestTimeoutMs: 20_000, permissions });
    // The same address under a second login: one address space, so it is a conflict and not a second address.
    world.addresses.delete(ip);
    const { answer } = await orderService(engine, service('a-3', { server: 'on-right' }));
    expect(answer.addresses[0]?.ip).not.toBe(ip);
    expect(world.addresses.get(ip)).toMatchObject({ owner: 'right', domain: '' });
    const [conflict] = await ledger.addresses.conflicts({ open: true, order: 'a-3/1/ipv4/1' });
    expect(conflict).toMatchObject({ ip, holder: 'a-3-holder', markedAt: null });
    // Another login of the very same panel: given back there, it would be taken from under its holder (I4).
    const holder = await tagOf(engine, 'a-3-holder/1/ipv4/1');
    const input = { address: ip, actor: 'operator' };
    const run = await start(engine, 'resolveConflict', { workflowId: workflowIds.resolveConflict(ip), input });
    expect(await run.result()).toEqual({ address: ip, service: 'a-3-holder', ptr: 'a-3-holder.example.com' });
    expect(world.addresses.get(ip)).toMatchObject({ domain: 'a-3-holder.example.com', note: holder });
    expect(await ledger.addresses.openConflict(ip)).toBeUndefined();
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', ptrSeen: 'a-3-holder.example.com' });
    expect((await ledger.locks.list()).filter(({ key }) => key === `address/${ip}`)).toEqual([]);
  });

  test.concurrent('of a particular address is refused on conflict, never replaced', async () => {
    const server = await own('wanted', 130);
    const ip = await activeAddress(engine, service('a-4-holder', { server }));
    await activeAddress(engine, service('a-4', { server }));
    world.addresses.delete(ip);
    const failure = await failureOf(add(engine, { order: 'a-4-wanted', service: 'a-4', family: 'ipv4', address: ip }));
    expect(failure).toMatchObject({ type: 'address-in-use', value: ip });
    expect(simulator.allocations().get(await tagOf(engine, 'a-4-wanted'))).toBe(1);
  });

  test.concurrent('of a particular address takes just that one', async () => {
    const server = await own('exact', 140);
    await activeAddress(engine, service('a-5', { server }));
    const { answer } = await add(engine, { order: 'a-5-w', service: 'a-5', family: 'ipv4', address: '203.0.113.143' });
    expect(answer.addresses).toMatchObject([{ ip: '203.0.113.143', order: 'a-5-w' }]);
  });

  test.concurrent('gives an address in quarantine back to the same customer, and to nobody else: parked, then another', async () => {
    const server = await own('quarantine', 150);
    const ip = await activeAddress(engine, service('a-6', { server, customer: 'c-6' }));
    await (await release(engine, ip)).result();
    const stranger = await orderService(engine, service('a-6-b', { server, customer: 'c-7' }));
    expect(stranger.answer.addresses[0]?.ip).not.toBe(ip);
    expect(await ledger.addresses.parked()).toContainEqual(expect.objectContaining({ ip, order: 'a-6-b/1/ipv4/1' }));
    expect(world.addresses.get(ip)).toMatchObject({ domain: '', state: 'allocated' });
    // The panel forgets what was parked there, and offers it to the customer who had it.
    world.addresses.delete(ip);
    const back = await orderService(engine, service('a-6-c', { server, customer: 'c-6' }));
    expect(back.answer.addresses[0]).toMatchObject({ ip, customer: 'c-6' });
  });

  test.concurrent('of a particular address in quarantine after another customer is refused', async () => {
    const server = await own('quarantined', 160);
    const ip = await activeAddress(engine, service('a-7', { server, customer: 'c-8' }));
    await activeAddress(engine, service('a-7-b', { server, customer: null }));
    await (await release(engine, ip)).result();
    const asked = { order: 'a-7-w', service: 'a-7-b', family: 'ipv4' as const, address: ip };
    expect(await failureOf(add(engine, asked))).toMatchObject({ type: 'address-quarantined', value: ip });
  });

  test.concurrent('offered nothing but quarantined addresses ends saying so', async () => {
    const server = await own('only', 170, {
      permissions: [{ pool: '203.0.113.170-203.0.113.172', groups: ['public'] }],
    });
    for (const n of [1, 2, 3]) {
      const ip = await activeAddress(engine, service(`a-8-${n}`, { server, customer: `c-${n}` }));
      await (await release(engine, ip)).result();
      world.addresses.set(ip, {
        ip,
        owner: 'x',
        group: 'public',
        domain: '',
        note: '',
        state: 'allocated',
        freeAt: null,
      });
    }
    for (const n of [170, 171, 172]) world.addresses.delete(`203.0.113.${n}`);
    const failure = await failureOf(orderService(engine, service('a-8', { server, customer: 'c-9' })));
    expect(failure.type).toBe('only-quarantined-addresses');
    expect((await ledger.addresses.parked()).filter(({ order }) => order === 'a-8/1/ipv4/1')).toHaveLength(3);
  });

  test.concurrent('whose answer is lost waits one fence and adopts what carries its tag', async () => {
    const at = await tagOf(engine, 'a-9/1/ipv4/1');
    fault(engine, { purpose: 'create', at }, { kind: 'reset-after' });
    const before = Date.now();
    const { answer } = await orderService(engine, service('a-9'));
    expect(Date.now() - before).toBeGreaterThanOrEqual(700);
    expect(simulator.allocations().get(at)).toBe(1);
    expect(answer.addresses[0]?.ip).toBe((await heldFor(engine, 'a-9/1/ipv4/1'))[0]);
  });

  test.concurrent('without any clear answer ends as unknown-outcome after its attempts, and holds nothing', async () => {
    const at = await tagOf(engine, 'a-10/1/ipv4/1');
    fault(
      engine,
      { purpose: 'create', at },
      ...Array.from({ length: 9 }, () => ({ kind: 'status-before' as const, status: 502 })),
    );
    const failure = await failureOf(orderService(engine, service('a-10')));
    expect(failure).toMatchObject({ type: 'unknown-outcome', value: '3' });
    expect(await heldFor(engine, 'a-10/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('at a panel that cannot be reached ends with a typed failure after bounded tries', async () => {
    const dead = { url: 'http://127.0.0.1:9/', login: 'billing' };
    const { integrations } = ledger.settings;
    const main = await integrations.find('main');
    if (main === undefined) throw new Error('main');
    await integrations.add('dead', { ...main, ...dead, maxAttempts: 2 }, { password: 'x', adminPassword: null });
    if (main.dialect !== null) await integrations.keepDialect('dead', main.dialect);
    await engine.addServer('on-dead', { integration: 'dead' });
    const failure = await failureOf(orderService(engine, service('a-13', { server: 'on-dead' })));
    expect(failure.type).toMatch(/unreachable|refused|connect/);
    expect(failure.next).not.toBe('');
    expect(await ledger.services.find('a-13')).toMatchObject({ state: 'removed' });
  });

  test.concurrent('reads the forms of an integration that was added without a test, once', async () => {
    const { integrations } = ledger.settings;
    const main = await integrations.find('main');
    if (main === undefined) throw new Error('main');
    world.users.set('fresh', {
      ...(billing ?? { passwordHash: '', level: 16 }),
      name: 'fresh',
      permissions: [{ pool: '203.0.113.180-203.0.113.184', groups: ['public'] }],
    });
    const { password } = await import('../support/engine.ts');
    await integrations.add('fresh', { ...main, login: 'fresh' }, { password, adminPassword: null });
    await engine.addServer('on-fresh', { integration: 'fresh' });
    const { answer } = await orderService(engine, service('a-14', { server: 'on-fresh' }));
    expect(answer.addresses[0]?.ip).toBe('203.0.113.180');
    expect((await integrations.find('fresh'))?.dialect).toMatchObject({ login: 'fresh', dummy: false });
  });

  test.concurrent('resolve brings the PTR and tag of the holder back', async () => {
    const server = await own('resolve', 190);
    const ip = await activeAddress(engine, service('a-15-holder', { server }));
    fault(engine, { purpose: 'create', at: await tagOf(engine, 'a-15/1/ipv4/1') }, { kind: 'busy-address', ip });
    await orderService(engine, service('a-15', { server }));
    expect(world.addresses.get(ip)?.domain).toBe('dns.set.error');
    fault(engine, { purpose: 'write', at: ip }, { kind: 'reset-before' });
    const resolve = { workflowId: workflowIds.resolveConflict(ip), input: { address: ip, actor: 'operator' } };
    const result = await (await start(engine, 'resolveConflict', resolve)).result();
    expect(result).toEqual({ address: ip, service: 'a-15-holder', ptr: 'a-15-holder.example.com' });
    expect(world.addresses.get(ip)).toMatchObject({ domain: 'a-15-holder.example.com' });
    expect(world.addresses.get(ip)?.note.startsWith(await tagOf(engine, 'a-15-holder/1/ipv4/1'))).toBe(true);
    expect(await ledger.addresses.openConflict(ip)).toBeUndefined();
    const again = await failureOf((await start(engine, 'resolveConflict', resolve)).result());
    expect(again).toMatchObject({ type: 'no-conflict', field: 'address' });
  });

  test.concurrent('waits visibly for the lock of a run that is running, and goes on when it is free', async () => {
    const server = await own('locked', 200);
    const ip = '203.0.113.200';
    const holder = await orderService(engine, service('a-16-holder'));
    const run = { workflowId: holder.handle.workflowId, runId: (await holder.handle.describe()).runId };
    await ledger.locks.acquire({ key: `address/${ip}`, reason: 'a test holds it', run });
    const asked = orderService(engine, service('a-16', { server }));
    await eventually(async () =>
      expect(await detailsOf(engine, workflowIds.provisionService('a-16'))).toContain(
        `address/${ip} is locked by provision/a-16-holder (a test holds it)`,
      ),
    );
    await ledger.locks.release({ key: `address/${ip}`, run });
    expect((await asked).answer.addresses[0]?.ip).toBe(ip);
  });

  test.concurrent('takes the lock of a closed run over only after one fence', async () => {
    const server = await own('stale', 210, { fenceMs: 2_500 });
    const ip = '203.0.113.210';
    const holder = await orderService(engine, service('a-17-holder'));
    const run = { workflowId: holder.handle.workflowId, runId: (await holder.handle.describe()).runId };
    await ledger.locks.acquire({ key: `address/${ip}`, reason: 'a test holds it', run });
    await holder.handle.terminate();
    const closed = Date.now();
    const { answer } = await orderService(engine, service('a-17', { server }));
    expect(Date.now() - closed).toBeGreaterThanOrEqual(2_400);
    expect(answer.addresses[0]?.ip).toBe(ip);
  });

  test.concurrent('at a panel whose forms cannot be read at first use fails the order with its reason, and the service does not stay', async () => {
    const { integrations } = ledger.settings;
    const main = await integrations.find('main');
    if (main === undefined) throw new Error('main');
    const at = { ...main, login: 'nobody', url: 'http://127.0.0.1:9/' };
    await integrations.add('dead-forms', at, { password: 'x', adminPassword: null });
    await engine.addServer('on-dead-forms', { integration: 'dead-forms' });
    const failure = await failureOf(orderService(engine, service('a-18', { server: 'on-dead-forms' })));
    expect(failure.type).toMatch(/unreachable/);
    expect(await ledger.services.find('a-18')).toMatchObject({ state: 'removed' });
  });
});
