import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startVmManager6Simulator } from '../../activities/servers/vmmanager6/simulator/start.ts';
import { beginTask } from '../../activities/servers/vmmanager6/simulator/tasks.ts';
import { addHost, giveIp } from '../../activities/servers/vmmanager6/simulator/world.ts';
import { commentOf, vmNameOf } from '../../activities/servers/vmmanager6/vm-name.ts';
import { endTasks } from './support/hanging-work.ts';
import { Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { settled } from './support/settled.ts';
import {
  addresses,
  done,
  ipsOf,
  login,
  openVmManager6,
  service,
  settings,
  smallWorld,
} from './support/vmmanager6-desk.ts';

const panels = new Panels();
afterEach(() => panels.close());

describe('a machine of VMmanager 6', () => {
  test('is made with its first IPv4 address, named after the service; the others follow at once, none waiting for the next', async () => {
    const { world, setUp, asked, server } = await openVmManager6(panels);
    const ips = ['2001:db8:100::10', '198.51.100.10', '198.51.100.11', '198.51.100.12'];
    expect(await setUp(ips)).toEqual(done);
    const [creation] = asked('POST /vm/v3/host');
    expect(creation?.parameters).toMatchObject({
      name: vmNameOf(service),
      comment: 'iptally 0123456789ab svc-1001',
      domain: 'www.example.com',
      custom_interfaces: '[{"ip_name":"198.51.100.10"}]',
      ipv6_enabled: 'false',
    });
    const calls = server.log.map(({ func }) => func);
    const first = calls.indexOf('POST /vm/v3/host/ID/ip');
    expect(calls.slice(first, first + 3)).toEqual(Array.from({ length: 3 }, () => 'POST /vm/v3/host/ID/ip'));
    expect(ipsOf(world)).toEqual(ips.toSorted());
  });

  test('loses what it was not asked to have', async () => {
    const { module, setUp } = await openVmManager6(panels);
    await setUp(['198.51.100.10', '198.51.100.11', '2001:db8:100::11']);
    expect(await setUp(['198.51.100.10'])).toEqual(done);
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
  });

  test('with no address at all has none', async () => {
    const { module, setUp, world } = await openVmManager6(panels);
    expect(await setUp([])).toEqual(done);
    expect(await module.addressesOf(service)).toEqual([]);
    expect(ipsOf(world)).toEqual([]);
  });

  test('whose comment people went on with is still ours; one of a longer service id is not', async () => {
    const { world, module } = await openVmManager6(panels);
    const name = vmNameOf(service);
    addHost(world, { name, comment: `${commentOf(service)}-b`, domain: 'b.example', state: 'active' });
    expect(await module.addressesOf(service)).toBeUndefined();
    addHost(world, { name, comment: `${commentOf(service)}\nmoved in May`, domain: 'a.example', state: 'active' });
    expect(await module.addressesOf(service)).toEqual([]);
  });

  test('that was renamed there is found by its comment: not made again, and not removed from our sight (I4)', async () => {
    const { module, machines, setUp, takeOff, remove, world } = await openVmManager6(panels);
    await setUp();
    for (const host of machines()) host.name = 'shop';
    expect(await setUp()).toEqual(done);
    expect((await module.addressesOf(service))?.toSorted()).toEqual(addresses);
    expect(await takeOff('198.51.100.10')).toEqual(done);
    expect(ipsOf(world)).toEqual(['2001:db8:100::10']);
    expect(await remove()).toEqual(done);
    expect(machines()).toEqual([]);
  });

  test('is found by its name where the panel cannot be asked for comments', async () => {
    const { module, machines, setUp, remove } = await openVmManager6(panels, { notAskedFor: ['comment'] });
    expect(await setUp()).toEqual(done);
    expect((await module.addressesOf(service))?.toSorted()).toEqual(addresses);
    expect(await remove()).toEqual(done);
    expect(machines()).toEqual([]);
  });

  test('that was not finished is not taken for one: said with its number, and nothing is changed', async () => {
    const { world, setUp, add, machines, server } = await openVmManager6(panels, { failNext: 'no such image' });
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure: { code: 'server-task-failed' } });
    const before = server.log.filter(({ purpose }) => purpose !== 'list' && purpose !== 'read').length;
    const id = String(machines()[0]?.id);
    // Something of it stands there: no word for "nothing is there".
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure: { code: 'server-half-made', value: id } });
    expect(await add('198.51.100.11')).toMatchObject({ kind: 'refused', failure: { code: 'server-half-made' } });
    expect(server.log.filter(({ purpose }) => purpose !== 'list' && purpose !== 'read')).toHaveLength(before);
    expect(world.hosts.size).toBe(1);
  });

  test('that stands there makes every refusal one that says so: whoever gives up removes it first', async () => {
    const { world, setUp } = await openVmManager6(panels);
    await setUp(['198.51.100.10']);
    world.accounts.splice(0, 1, { id: 3, email: login, role: '@user' });
    expect(await setUp(['198.51.100.10', '198.51.100.11'])).toMatchObject({
      kind: 'task-failed',
      failure: { code: 'access-denied' },
    });
  });

  test('is waited for while the panel works on what we may have asked for, and not while it makes a backup', async () => {
    const { world, module, setUp, machines } = await openVmManager6(panels);
    await setUp(['198.51.100.10']);
    world.knobs.hang = true;
    const host = machines()[0]?.id ?? 0;
    beginTask(world, { name: 'host_backup', host });
    expect(await setUp(['198.51.100.10'])).toEqual(done);
    beginTask(world, { name: 'host_reinstall', host });
    expect(await module.setUp({ service, addresses: ['198.51.100.10'] })).toMatchObject({
      kind: 'started',
      task: `vm${host}`,
    });
    endTasks(world);
    expect(await setUp(['198.51.100.10'])).toEqual(done);
  });

  test('goes on being made when the panel is killed in the middle: the task is followed to its end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iptally-vm6-'));
    const stateFile = join(folder, 'state.json');
    const first = await startVmManager6Simulator({ stateFile, world: smallWorld({ taskMs: 60 }) });
    const before = panels.keep(moduleNamed('vmmanager6', connectionTo(first.url, { login, settings })));
    const begun = await before.setUp({ service, addresses });
    expect(begun.kind).toBe('started');
    await first.close();
    const again = panels.keep(await startVmManager6Simulator({ stateFile, world: smallWorld() }));
    const after = panels.keep(moduleNamed('vmmanager6', connectionTo(again.url, { login, settings })));
    expect(begun.kind === 'started' && (await after.progressOf(begun.task)).kind).toMatch(/started|done/);
    expect(await settled(after, () => after.setUp({ service, addresses }))).toEqual(done);
    expect(again.world.hosts.size).toBe(1);
    rmSync(folder, { recursive: true });
  });
});

describe('a machine whose history says nothing', () => {
  test.each([
    ['active', done],
    ['stopped', done],
    ['creating', { kind: 'started' }],
    ['creation_failed', { kind: 'task-failed', failure: { code: 'server-half-made' } }],
    ['error', { kind: 'task-failed', failure: { code: 'server-half-made' } }],
  ])('and whose state is %s: %j', async (state, outcome) => {
    const { world, module } = await openVmManager6(panels);
    addHost(world, { name: vmNameOf(service), comment: commentOf(service), domain: service.domain, state });
    expect(await module.setUp({ service, addresses: [] })).toMatchObject(outcome);
  });
});

describe('two copies of a call at once', () => {
  test('make one machine: the panel gives an address once, and the copy it refuses finds the machine', async () => {
    const { make, module, machines, world } = await openVmManager6(panels);
    const other = make();
    const outcomes = await Promise.all(
      [module, other].map((one) => settled(one, () => one.setUp({ service, addresses }))),
    );
    expect(outcomes).toEqual([done, done]);
    expect(machines()).toHaveLength(1);
    expect(ipsOf(world)).toEqual(addresses);
  });

  test('that cross find the machine of the other between their own two looks', async () => {
    const { world, server, module, machines, asked } = await openVmManager6(panels);
    server.faults.hook = ({ func }) => {
      if (func !== 'GET /vm/v3/ip' || machines().length > 0) return undefined;
      const fields = {
        name: vmNameOf(service),
        comment: commentOf(service),
        domain: service.domain,
        state: 'creating',
      };
      giveIp(world, '198.51.100.10', addHost(world, fields).id);
      return undefined;
    };
    expect(await module.setUp({ service, addresses })).toMatchObject({
      kind: 'started',
      task: `vm${machines()[0]?.id}`,
    });
    expect(asked('POST /vm/v3/host')).toEqual([]);
  });

  test.each([{ listsAtEnd: false }, { listsAtEnd: true }])('add one address once with %j', async (knobs) => {
    const { make, module, setUp, asked } = await openVmManager6(panels, knobs);
    await setUp(['198.51.100.10']);
    const request = { service, ip: '198.51.100.11', ptr: null };
    const copies = [module, make()].map((one) => settled(one, () => one.addAddress(request)));
    expect(await Promise.all(copies)).toEqual([done, done]);
    expect(asked('POST /vm/v3/host/ID/ip').filter(({ worked }) => worked)).toHaveLength(1);
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10', '198.51.100.11']);
  });

  test('make two when the service has no address, which nothing in the panel forbids: said, and removed both', async () => {
    const { make, module, machines, setUp, remove } = await openVmManager6(panels);
    await Promise.all([module, make()].map((one) => one.setUp({ service, addresses: [] })));
    expect(machines()).toHaveLength(2);
    expect(await setUp([])).toMatchObject({ kind: 'task-failed', failure: { code: 'service-twice-on-server' } });
    expect(await remove()).toEqual(done);
    expect(machines()).toEqual([]);
  });
});

describe('addresses in VMmanager 6', () => {
  test.each([{ ipv6InList: true }, { ipv6InList: false }])(
    'of both families are seen and taken off with %j',
    async (knobs) => {
      const { module, setUp, takeOff, world } = await openVmManager6(panels, knobs);
      await setUp();
      expect((await module.addressesOf(service))?.toSorted()).toEqual(addresses);
      expect(await takeOff(addresses[1] ?? '')).toEqual(done);
      expect(ipsOf(world)).toEqual([addresses[0]]);
    },
  );

  test.each([{ listsAtEnd: true }, { removesAtOnce: true }])('are added and removed once with %j', async (knobs) => {
    const { module, setUp, add, takeOff, asked } = await openVmManager6(panels, knobs);
    await setUp(['198.51.100.10']);
    expect(await add('198.51.100.11')).toEqual(done);
    expect(await takeOff('198.51.100.10')).toEqual(done);
    expect(await module.addressesOf(service)).toEqual(['198.51.100.11']);
    expect(asked('POST /vm/v3/host/ID/ip')).toHaveLength(1);
    expect(asked('DELETE /vm/v3/ip/ID')).toHaveLength(1);
  });

  test('used by the panel itself, or in none of its networks, are refused with the address', async () => {
    const { world, setUp, add } = await openVmManager6(panels);
    world.ips.set('198.51.100.1', { id: 9, ip: '198.51.100.1', host: null, state: 'service', pending: false });
    expect(await setUp(['198.51.100.1'])).toMatchObject({
      kind: 'refused',
      failure: { code: 'address-used-on-server', message: '198.51.100.1 is service in VMmanager already' },
    });
    expect(await setUp(['192.0.2.1'])).toMatchObject({
      kind: 'refused',
      failure: { message: expect.stringContaining('192.0.2.1 is in no network') },
    });
    await setUp(['198.51.100.10']);
    expect(await add('192.0.2.1')).toMatchObject({ kind: 'refused' });
  });

  test('that a task fails to add are told in its words, are free again, and are added by the next call', async () => {
    const { world, module, setUp, add } = await openVmManager6(panels);
    await setUp(['198.51.100.10']);
    world.knobs.failNext = 'cannot reach the guest agent';
    expect(await add('198.51.100.11')).toMatchObject({
      kind: 'task-failed',
      failure: { message: expect.stringMatching(/ip_allocate.*cannot reach the guest agent/) },
    });
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
    expect(await add('198.51.100.11')).toEqual(done);
  });

  test('get no PTR there: IPmanager holds it', async () => {
    const { setUp, add, server } = await openVmManager6(panels);
    await setUp(['198.51.100.10']);
    await add('198.51.100.11');
    expect(server.log.filter(({ func }) => func.includes('ptr'))).toEqual([]);
  });
});

describe('tasks of VMmanager 6', () => {
  test('that are none are told, not asked for', async () => {
    const { module, server } = await openVmManager6(panels);
    const before = server.log.length;
    expect(await module.progressOf('UPID:pve')).toMatchObject({ kind: 'task-failed' });
    expect(server.log).toHaveLength(before);
  });

  test('the panel forgot, of a machine that is gone, have ended', async () => {
    const { module } = await openVmManager6(panels);
    expect(await module.progressOf('vm4711:815')).toEqual(done);
  });

  test('are polled a second after they began, and later less often by the workflow', async () => {
    const { module, machines, world } = await openVmManager6(panels);
    const begun = await module.setUp({ service, addresses });
    const [task] = [...world.tasks.values()];
    expect(begun).toEqual({ kind: 'started', task: `vm${machines()[0]?.id}:${task?.consulId}`, pollMs: 1000 });
  });
});
