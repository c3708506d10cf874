import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { PveWorld, PveWorldOptions } from '../../activities/servers/proxmox-ve/simulator/world.ts';
import type { ServerConnection } from '../../activities/servers/server-module.ts';
import { canary, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { pveSettings, pveWorld, tokenUuid } from './support/servers/proxmox-ve.ts';
import {
  addLogin,
  addresses,
  done,
  guestOf,
  made,
  openPve,
  service,
  servePve,
  stranger,
  twice,
  vmids,
} from './support/servers/proxmox-ve-desk.ts';
import { settled } from './support/settled.ts';

const panels = new Panels();
afterEach(() => panels.close());

const firstVmid = vmids[0] ?? 0;

describe('tasks', () => {
  test('a task is followed by its UPID from another process, also over a restart of the panel', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pve-'));
    const stateFile = join(folder, 'state.json');
    const first = await servePve(panels, { world: pveWorld({ taskMs: 60 }), kind: 'lxc', stateFile });
    const begun = await first.module.setUp({ service, addresses });
    await first.server.close();
    const world = pveWorld();
    const { module, setUp } = await servePve(panels, { world, kind: 'lxc', stateFile });
    const task = begun.kind === 'started' ? begun.task : '';
    expect(task).toMatch(/^UPID:pve2:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:vzcreate:\d+:root@pam:$/);
    expect((await module.progressOf(task)).kind).toMatch(/^(started|done)$/);
    expect(await setUp()).toEqual(done);
    expect(made(world)).toHaveLength(1);
    await rm(folder, { recursive: true });
  });

  test('warnings are well', async () => {
    const { setUp } = await openPve(panels, 'lxc', { warnings: 3 });
    expect(await setUp()).toEqual(done);
  });

  test('a task the panel no longer knows is told, and a look that fails says nothing about the task', async () => {
    const { world, module } = await openPve(panels, 'lxc', { taskMs: 1000 });
    const unknown = 'UPID:pve1:00001234:00005678:66666666:vzcreate:100:root@pam:';
    expect(await module.progressOf(unknown)).toMatchObject({
      kind: 'task-failed',
      failure: { code: 'server-task-lost' },
    });
    expect(await module.progressOf('something else')).toMatchObject({ kind: 'task-failed' });
    const begun = await module.setUp({ service, addresses });
    for (const node of world.nodes) node.online = false;
    const outcome = await module.progressOf(begun.kind === 'started' ? begun.task : '');
    expect(outcome.kind).toBe('not-sent');
  });

  test('a start that fails is told; once it is mended the same guest is started, not a second one made', async () => {
    const { world, make, setUp } = await openPve(panels);
    const module = make({ settings: { ...pveSettings.lxc, bridge: 'vmbr9' } });
    const failed = await setUp(addresses, module);
    expect(failed).toMatchObject({ kind: 'task-failed', failure: { code: 'server-task-failed' } });
    expect(JSON.stringify(failed)).toContain("bridge 'vmbr9' does not exist");
    expect((await module.test()).missing.join()).toContain('no bridge vmbr9');
    world.nodes.forEach((node) => node.bridges.push('vmbr9'));
    expect(await setUp(addresses, module)).toEqual(done);
    expect(made(world)).toMatchObject([{ status: 'running' }]);
  });

  test('a guest that was set up once and is stopped on purpose is not started again', async () => {
    const { world, module, setUp, address } = await openPve(panels);
    await setUp();
    const guest = guestOf(world);
    guest.status = 'stopped';
    expect(await setUp()).toEqual(done);
    expect(await module.addAddress(address('198.51.100.11'))).toEqual(done);
    expect(guest.status).toBe('stopped');
  });

  test('a creation that died half way is named with what to do, and is neither made again nor removed', async () => {
    const { world, module } = await openPve(panels);
    world.guests.set(firstVmid, stranger(firstVmid, { status: 'stopped', lock: 'create', config: {} }));
    const failure = { code: 'server-half-made', value: String(firstVmid) };
    expect(await module.setUp({ service, addresses })).toMatchObject({ kind: 'task-failed', failure });
    expect(await module.remove(service)).toMatchObject({ kind: 'refused', failure });
    expect(world.guests.get(firstVmid)).toMatchObject({ lock: 'create' });
  });

  test('a server before version 6 tells its running tasks for the whole cluster', async () => {
    const { world, module, setUp } = await openPve(panels, 'lxc', { version: '5.4', hang: true });
    expect((await module.setUp({ service, addresses })).kind).toBe('started');
    expect((await module.setUp({ service, addresses })).kind).toBe('started');
    world.goOn();
    expect(await setUp()).toEqual(done);
    expect(await settled(module, () => module.remove(service))).toEqual(done);
    expect(made(world)).toEqual([]);
  });

  test('a guest locked by a backup, or protected, is not touched, and that is said', async () => {
    const { world, module, setUp, address } = await openPve(panels);
    await setUp();
    const guest = guestOf(world);
    guest.lock = 'backup';
    expect(await module.addAddress(address('198.51.100.11'))).toMatchObject({ failure: { code: 'server-busy' } });
    guest.lock = '';
    guest.config = { ...guest.config, protection: '1' };
    const outcome = await settled(module, () => module.remove(service));
    expect(JSON.stringify(outcome)).toContain('protection mode enabled');
    expect(made(world)).toHaveLength(1);
  });
});

describe('where a guest goes', () => {
  const placed = (world: PveWorld) => made(world).map(({ node }) => node);

  test('to the online node with most memory free', async () => {
    const { world, setUp } = await openPve(panels);
    await setUp();
    expect(placed(world)).toEqual(['pve2']);
    const other = await openPve(panels);
    const second = other.world.nodes[1];
    if (second !== undefined) second.online = false;
    await other.setUp();
    expect(placed(other.world)).toEqual(['pve1']);
  });

  test('where it can, while another node is off, and what stands there is not asked for addresses', async () => {
    const { world, setUp } = await openPve(panels);
    const first = world.nodes[0];
    if (first !== undefined) first.online = false;
    expect(await setUp()).toEqual(done);
    expect(placed(world)).toEqual(['pve2']);
  });

  test('a guest on a node that is off is no absence: nothing is made elsewhere', async () => {
    const { world, module, setUp } = await openPve(panels);
    await setUp();
    for (const node of world.nodes) node.online = node.name !== guestOf(world).node;
    expect((await module.setUp({ service, addresses })).kind).toBe('not-sent');
    expect((await module.remove(service)).kind).toBe('not-sent');
    expect(made(world)).toHaveLength(1);
  });

  test('to the node of the settings; a clone stays beside its template otherwise', async () => {
    const { world, make, setUp } = await openPve(panels, 'qemu');
    await setUp();
    expect(placed(world)).toEqual(['pve1']);
    const other = await openPve(panels, 'qemu');
    await other.setUp(addresses, other.make({ settings: { ...pveSettings.qemu, node: 'pve2' } }));
    expect(placed(other.world)).toEqual(['pve2']);
    const nowhere = make({ settings: { ...pveSettings.lxc, node: 'pve7' } });
    const next = { ...service, id: 'svc-2' };
    expect(await nowhere.setUp({ service: next, addresses: ['198.51.100.77'] })).toMatchObject({
      failure: { value: 'pve7', accepted: 'pve1, pve2' },
    });
    expect((await nowhere.test()).missing.join()).toContain('pve7');
  });

  test('the test names a storage that is missing and rights that lack', async () => {
    const { world, make } = await openPve(panels);
    const wrong = make({ settings: { ...pveSettings.lxc, storage: 'no-such-storage' } });
    expect((await wrong.test()).missing.join()).toContain('no-such-storage');
    expect(await settled(wrong, () => wrong.setUp({ service, addresses }))).toMatchObject({ kind: 'refused' });
    addLogin(world, 'half@pve', ['VM.Audit', 'Datastore.Audit', 'Sys.Audit']);
    const report = await make({ login: 'half@pve' }).test();
    expect(report.missing).toContain('The login lacks the right VM.Allocate on /vms');
    expect(report.rights).toContain('lacks');
  });
});

test('each field of a configuration wants its right: one that lacks is named beforehand and by the panel', async () => {
  const { world, make } = await openPve(panels);
  const all = ['VM.Audit', 'VM.Allocate', 'VM.PowerMgmt', 'VM.Config.Network', 'VM.Config.Memory', 'VM.Config.CPU'];
  addLogin(world, 'half@pve', [...all, 'VM.Config.Disk', 'Datastore.AllocateSpace', 'Datastore.Audit', 'SDN.Use']);
  const module = make({ login: 'half@pve' });
  expect((await module.test()).missing).toEqual(['The login lacks the right VM.Config.Options on /vms']);
  const outcome = await settled(module, () => module.setUp({ service, addresses }));
  expect(outcome).toMatchObject({ kind: 'task-failed', failure: { code: 'access-denied' } });
  expect(JSON.stringify(outcome)).toContain('VM.Config.Options');
});

describe('logging in', () => {
  test('a token is sent with every call, and no ticket is asked for', async () => {
    const { server, make, setUp } = await openPve(panels);
    expect(await setUp(addresses, make({ login: 'root@pam!iptally', secret: tokenUuid }))).toEqual(done);
    expect(server.log.filter(({ purpose }) => purpose === 'login')).toEqual([]);
    expect(server.log.every(({ user }) => user === 'root@pam!iptally')).toBe(true);
  });

  test('a ticket is asked for once, carries changes by its CSRF token, and is made anew when it is too old', async () => {
    const { world, server, module, setUp, address } = await openPve(panels);
    await setUp();
    const logins = () => server.log.filter(({ purpose }) => purpose === 'login').length;
    expect(logins()).toBe(1);
    world.knobs.ticketMs = 0;
    expect((await module.addAddress(address('198.51.100.11'))).kind).toBe('refused');
    world.knobs.ticketMs = 3_600_000;
    expect(await module.addAddress(address('198.51.100.11'))).toEqual(done);
    expect(logins()).toBeGreaterThan(1);
  });

  const refusedLogins: readonly {
    readonly name: string;
    readonly connection: Partial<ServerConnection>;
    readonly knobs?: PveWorldOptions['knobs'];
  }[] = [
    { name: 'a wrong password', connection: { secret: 'wrong' } },
    { name: 'a user nobody knows', connection: { login: 'nobody@pam' } },
    {
      name: 'a wrong token',
      connection: { login: 'root@pam!iptally', secret: '00000000-0000-4000-8000-000000000000' },
    },
    { name: 'a token without a realm', connection: { login: 'root!iptally', secret: tokenUuid } },
    { name: 'a token that is no header', connection: { login: 'root@pam!iptally', secret: 'a\r\nb' } },
    { name: 'a second factor', connection: {}, knobs: { secondFactor: true } },
  ];

  test.each(refusedLogins)('$name is refused in words', async ({ connection, knobs }) => {
    const { make } = await openPve(panels, 'lxc', { ...knobs, refusalMs: 50 });
    const outcome = await make(connection).setUp({ service, addresses });
    expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'login-refused' } });
  });

  test.each(['', '/', '/api2/json', '/api2/json/'])('the URL may end with "%s"', async (end) => {
    const { server } = await openPve(panels);
    const usual = { login: 'root@pam', settings: pveSettings.lxc };
    const module = panels.keep(moduleNamed('proxmox-ve', connectionTo(`${server.url}${end}`, usual)));
    expect((await module.test()).version).toBe('8.4.1');
  });
});

describe('words', () => {
  test('a server that has them in the status line alone is understood as well', async () => {
    const { world, make } = await openPve(panels, 'lxc', { wordsInBody: false });
    expect(await twice(make)).toEqual([done, done]);
    expect(made(world)).toHaveLength(1);
    const outcome = await make({ login: 'plain@pve' }).setUp({ service: { ...service, id: 'svc-2' }, addresses });
    expect(JSON.stringify(outcome)).toContain('VM.Allocate');
  });

  test('no secret is in any outcome, task, report or error (I11)', async () => {
    const { world, server, make, module, setUp } = await openPve(panels);
    const said: unknown[] = [await module.setUp({ service, addresses }), await setUp(), await module.test()];
    const next = { ...service, id: 'svc-2' };
    world.knobs.failNext.push(`cannot use ${canary} here`);
    said.push(await settled(module, () => module.setUp({ service: next, addresses: [] })));
    said.push(await make({ secret: `${canary}?` }).setUp({ service, addresses }));
    said.push(
      await make({ secret: `${canary}?` })
        .addressesOf(service)
        .catch((error: unknown) => error),
    );
    said.push(server.log);
    const text = said
      .map((one) => (one instanceof Error ? `${one.message}${JSON.stringify(one)}` : JSON.stringify(one)))
      .join();
    expect(text).toContain('withheld');
    for (const secret of [canary, JSON.stringify(canary).slice(1, -1), encodeURIComponent(canary)])
      expect(text).not.toContain(secret);
  });
});
