import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerConnection } from '../../activities/servers/server-module.ts';
import { serviceLabel } from '../../activities/servers/service-label.ts';
import { startVmManager5Simulator } from '../../activities/servers/vmmanager5/simulator/start.ts';
import {
  addVm,
  createVmWorld,
  type VmWorld,
  type VmWorldOptions,
} from '../../activities/servers/vmmanager5/simulator/world.ts';
import { canary, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { settled } from './support/settled.ts';
import { addresses, done, service, stepsOf } from './support/usual-service.ts';

const panels = new Panels();
afterEach(() => panels.close());

const settings = { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' };
const [ipv4, ipv6] = addresses;
const second = '198.51.100.11';
const label = serviceLabel(service);

async function open(knobs: VmWorldOptions['knobs'] = {}, connection: Partial<ServerConnection> = {}) {
  const world = createVmWorld({
    logins: [
      { name: 'root', password: canary },
      { name: 'plain', password: canary, level: 16 },
    ],
    knobs: { taskMs: 20, ...knobs },
  });
  const server = panels.keep(await startVmManager5Simulator({ world }));
  const make = (more: Partial<ServerConnection> = {}) =>
    panels.keep(moduleNamed('vmmanager5', connectionTo(server.url, { settings, ...connection, ...more })));
  const module = make();
  return {
    world,
    server,
    module,
    make,
    ...stepsOf(module),
    ours: () => ourVms(world),
  };
}

function ourVms(world: VmWorld) {
  return [...world.vms.values()].filter(({ name }) => name === label);
}

describe('a VM of ours', () => {
  test('has the name of its service, a user of its own, the sizes of its preset and the PTRs asked for', async () => {
    const { world, server, setUp, add, ours } = await open();
    await setUp([ipv4]);
    await add(second);
    const [vm] = ours();
    expect(label).toMatch(/^svc-1001-[0-9a-f]{16}$/);
    expect(world.users.get(vm?.user ?? '')).toMatchObject({ name: label });
    expect(vm?.addresses).toMatchObject([
      { ip: ipv4, domain: 'www.example.com' },
      { ip: second, domain: 'a.example.com' },
    ]);
    const created = server.log.find(({ func, purpose }) => func === 'vm.edit' && purpose === 'create');
    expect(created?.parameters).toMatchObject({
      ip: ipv4,
      family: 'ipv4',
      iptype: 'public',
      hostnode: 'auto',
      preset: '1',
      mem: '1024',
      vcpu: '1',
      vsize: '10240',
    });
  });

  test('is made with an IPv4 address even when an IPv6 one stands first', async () => {
    const { setUp, ours } = await open();
    expect(await setUp([ipv6, ipv4])).toEqual(done);
    expect(ours()[0]?.addresses.map(({ ip }) => ip)).toEqual([ipv4, ipv6]);
  });

  test('belongs to the user of a setting, where one is named: then no user is made, and none is removed', async () => {
    const { world, module, make, remove } = await open();
    const user = world.users.get(addVm(world, { name: 'first', domain: 'x.example', addresses: [] }).user);
    const shared = make({ settings: { ...settings, user: user?.name ?? '', node: 'node1', group: 'vps' } });
    expect(await settled(shared, () => shared.setUp({ service, addresses }))).toEqual(done);
    expect(ourVms(world)[0]?.user).toBe(user?.id);
    expect((await shared.test()).missing).toEqual([]);
    await remove();
    expect(ourVms(world)).toEqual([]);
    expect([...world.users.values()]).toEqual([user]);
    expect(await module.addressesOf(service)).toBeUndefined();
  });

  test('is removed with its user; a user who has got another machine by now stays', async () => {
    const { world, setUp, remove } = await open();
    await setUp();
    const owner = ourVms(world)[0]?.user ?? '';
    const other = addVm(world, { name: 'other', domain: 'other.example', addresses: [] });
    world.vms.set(other.id, { ...other, user: owner });
    expect(await remove()).toEqual(done);
    expect([...world.vms.keys()]).toEqual([other.id]);
    expect(world.users.has(owner)).toBe(true);
  });

  test('is one, also when two copies of us set it up at once', async () => {
    const { world, make, ours } = await open();
    const copies = [make(), make()];
    const outcomes = await Promise.all(
      copies.map((copy) => settled(copy, () => copy.setUp({ service, addresses })).catch(String)),
    );
    expect(ours()).toHaveLength(1);
    expect([...world.users.values()].filter(({ name }) => name === label)).toHaveLength(1);
    expect(outcomes).toContainEqual(done);
    const again = make();
    expect(await settled(again, () => again.setUp({ service, addresses }))).toEqual(done);
    expect((await again.addressesOf(service))?.toSorted()).toEqual(addresses.toSorted());
  });

  test('that is there twice is decided upon by nobody', async () => {
    const { world, module } = await open();
    for (const ip of [ipv4, second]) addVm(world, { name: label, domain: 'x.example', addresses: [ip] });
    const failure = { code: 'server-has-several', message: expect.stringContaining('svc-1001') };
    expect(await module.remove(service)).toMatchObject({ kind: 'refused', failure });
    await expect(module.addressesOf(service)).rejects.toMatchObject({ failure: { code: 'server-has-several' } });
    expect(world.vms.size).toBe(2);
  });

  test('is not made without an address: the panel would choose one of its own', async () => {
    const { module, server } = await open();
    expect(await module.setUp({ service, addresses: [] })).toMatchObject({ failure: { code: 'server-needs-address' } });
    expect(server.log.filter(({ purpose }) => purpose === 'create')).toEqual([]);
  });
});

describe('an installation', () => {
  test('that failed is found by the next try, which makes no second VM; installed again by hand it goes on', async () => {
    const { world, setUp, ours } = await open();
    world.knobs.failNext = 'the repository does not answer';
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure: { code: 'server-task-failed' } });
    const failure = { code: 'server-half-made', message: expect.stringContaining('the repository does not answer') };
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure });
    expect(ours()).toHaveLength(1);
    const [vm] = ours();
    if (vm !== undefined) vm.work = { endsAt: Date.now() + 20, hangs: false, failure: null };
    expect(await setUp()).toEqual(done);
    expect(ours()).toEqual([vm]);
  });

  test('under way is waited for by everything else, and nothing is sent', async () => {
    const { world, module, server } = await open();
    world.knobs.hang = true;
    await module.setUp({ service, addresses });
    const before = server.log.filter(
      ({ worked, purpose }) => worked && purpose !== 'list' && purpose !== 'form',
    ).length;
    expect(await module.addAddress({ service, ip: second, ptr: null })).toMatchObject({ kind: 'started' });
    expect(server.log.filter(({ worked, purpose }) => worked && purpose !== 'list' && purpose !== 'form')).toHaveLength(
      before,
    );
  });

  test('names its machine in the task, so another process can ask about it', async () => {
    const { world, module, make, ours } = await open();
    world.knobs.hang = true;
    const begun = await module.setUp({ service, addresses });
    expect(begun).toEqual({ kind: 'started', task: `install ${ours()[0]?.id} ${label}`, pollMs: 1_000 });
    const asked = await make().progressOf(begun.kind === 'started' ? begun.task : '');
    expect(asked).toEqual(begun);
  });

  test.each([
    ['of a machine that is gone', `install 99 ${label}`, 'not there any more'],
    ['that is none', 'UPID:node1:0', 'no task of this kind'],
  ])('%s has ended badly', async (_, task, words) => {
    const { module } = await open();
    const failure = { code: 'server-task-failed', message: expect.stringContaining(words) };
    expect(await module.progressOf(task)).toMatchObject({ kind: 'task-failed', failure });
  });

  test('of a login that is refused meanwhile is never told as if nothing of it were there', async () => {
    const { make } = await open();
    expect(await make({ secret: 'wrong' }).progressOf(`install 1 ${label}`)).toMatchObject({
      kind: 'task-failed',
      failure: { code: 'login-refused' },
    });
  });
});

describe('a panel', () => {
  test('that takes its time to delete is waited for, and asked once', async () => {
    const { server, module, setUp, remove, ours } = await open({ deleteMs: 60 });
    await setUp();
    expect(await module.remove(service)).toMatchObject({ kind: 'started', task: expect.stringMatching(/^delete /) });
    expect(await module.remove(service)).toMatchObject({ kind: 'started' });
    expect(await remove()).toEqual(done);
    expect(ours()).toEqual([]);
    expect(server.log.filter(({ func }) => func === 'vm.delete')).toHaveLength(1);
  });

  test('that chooses addresses by itself is found out, and what it gave is taken back', async () => {
    const { world, setUp, add, ours } = await open();
    await setUp();
    world.knobs.honoursIp = false;
    const before = ours()[0]?.addresses;
    expect(await add(second)).toMatchObject({
      kind: 'refused',
      failure: { code: 'server-gave-another', value: second },
    });
    expect(ours()[0]?.addresses).toEqual(before);
  });

  test('that makes the VM with an address of its own choice gets it mended, or says why not', async () => {
    const { world, setUp, ours } = await open({ honoursIp: false });
    expect(await setUp([ipv4])).toMatchObject({ kind: 'task-failed', failure: { code: 'server-gave-another' } });
    expect(ours()[0]?.addresses).toHaveLength(1);
    world.knobs.honoursIp = true;
    expect(await setUp([ipv4])).toEqual(done);
    expect(ours()[0]?.addresses).toMatchObject([{ ip: ipv4 }]);
  });

  test('that keeps the main address says so in its own words', async () => {
    const { setUp, takeOff, ours } = await open({ mainStays: true });
    await setUp();
    expect(await takeOff(ipv4)).toMatchObject({ kind: 'refused', failure: { value: ipv4 } });
    expect(ours()[0]?.addresses).toHaveLength(2);
    expect(await takeOff(ipv6)).toEqual(done);
  });

  test('refuses what another VM has as a further address; what was made meanwhile is not denied', async () => {
    const { world, setUp, remove, ours } = await open();
    addVm(world, { name: 'other', domain: 'other.example', addresses: [second, ipv6] });
    const failure = { code: 'address-used-on-server', value: ipv6 };
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure });
    expect(ours()).toHaveLength(1);
    expect(await remove()).toEqual(done);
    expect(await setUp([ipv6])).toMatchObject({ kind: 'refused', failure });
    expect([...world.users.values()].map(({ name }) => name)).toEqual(['u-other']); // what this call made went again
  });

  test.each([
    ['is no place for it', { diskFull: true }, {}, 'refused', 'limit-reached'],
    ['does not know the node', {}, { settings: { ...settings, node: 'node9' } }, 'refused', 'value-refused'],
    ['does not know the user', {}, { settings: { ...settings, user: 'nobody' } }, 'refused', 'setting-not-on-server'],
    [
      'does not know the template',
      {},
      { settings: { ...settings, template: 'x' } },
      'refused',
      'setting-not-on-server',
    ],
    ['refuses the password', {}, { secret: 'wrong' }, 'refused', 'login-refused'],
    ['does not take this machine', { login: 'badip' }, {}, 'refused', 'login-refused'],
    ['wants a second factor', { login: 'second-factor' }, {}, 'refused', 'login-refused'],
    ['blocks this machine', { clientBlocked: true }, {}, 'not-sent', 'panel-blocks-us'],
    ['gives too few rights', {}, { login: 'plain' }, 'refused', 'access-denied'],
  ] as const)('that %s: %j %j is %s, %s', async (_, knobs, connection, kind, code) => {
    const { setUp, ours } = await open(knobs, connection);
    expect(await setUp()).toMatchObject({ kind, failure: { code } });
    expect(ours()).toEqual([]);
  });

  test('that lists an address we cannot read is never taken to have given it back', async () => {
    const { world, module, setUp, takeOff, ours } = await open();
    await setUp();
    const [vm] = ours();
    if (vm !== undefined) vm.addresses = vm.addresses.map((row) => ({ ...row, ip: `${row.ip}/32` }));
    world.revision += 1;
    expect(await takeOff(ipv4)).toMatchObject({ failure: { code: 'row-not-understood' } });
    await expect(module.addressesOf(service)).rejects.toMatchObject({ failure: { code: 'row-not-understood' } });
  });

  test('shows a user only the own machines: that is never taken for the whole', async () => {
    const { make, setUp, ours } = await open();
    await setUp();
    const plain = make({ login: 'plain' });
    expect(await plain.remove(service)).toMatchObject({ kind: 'refused', failure: { code: 'access-denied' } });
    await expect(plain.addressesOf(service)).rejects.toMatchObject({ failure: { code: 'access-denied' } });
    expect(ours()).toHaveLength(1);
  });

  test('is told by its test what it does not have', async () => {
    const { make } = await open();
    const wrong = { preset: 'gold', template: 'local__Plan9', node: 'node9', user: 'nobody' };
    const { missing } = await make({ settings: wrong }).test();
    expect(missing).toHaveLength(4);
    for (const value of Object.values(wrong)) expect(missing.join()).toContain(`"${value}"`);
    expect(await make().test()).toMatchObject({ product: 'VMmanager', version: '5.250.0', missing: [] });
  });
});
