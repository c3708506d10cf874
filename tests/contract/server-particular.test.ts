import { afterEach, describe, expect, test } from '@jest/globals';
import { serverModules } from '../../activities/servers/index.ts';
import { userNameOf } from '../../activities/servers/ispmanager/panel-user.ts';
import { startIspManagerSimulator } from '../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld, type WebUser } from '../../activities/servers/ispmanager/simulator/world.ts';
import type { ServiceOnServer } from '../../activities/servers/server-module.ts';
import { canary, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';

const panels = new Panels();
afterEach(() => panels.close());

const service: ServiceOnServer = {
  installation: '0123456789ab',
  id: 'svc-1001',
  kind: 'hosting',
  domain: 'www.example.com',
  customer: 'c-7',
};
const addresses = ['198.51.100.10', '2001:db8:100::10'];

describe('ispmanager business in particular', () => {
  async function withUsers(...users: readonly WebUser[]) {
    return open({ users, freeFunction: false });
  }

  async function open({ users, freeFunction }: { readonly users: readonly WebUser[]; readonly freeFunction: boolean }) {
    const world = createIspWorld({ logins: [{ name: 'root', password: canary }], users, knobs: { freeFunction } });
    const server = panels.keep(await startIspManagerSimulator({ world }));
    return { world, server, module: panels.keep(moduleNamed('ispmanager-business', connectionTo(server.url))) };
  }

  test('a user of our name that is not of this service is left alone, and not called gone: a person says whose it is (I4)', async () => {
    const stranger = { name: userNameOf(service), fullname: 'Jane Doe', preset: 'start', domain: 'jane.example' };
    const { world, module } = await withUsers(stranger);
    expect(await module.setUp({ service, addresses })).toMatchObject({
      kind: 'refused',
      failure: { code: 'user-name-taken' },
    });
    expect(await module.addressesOf(service)).toBeUndefined();
    const request = { service, ip: addresses[0] ?? '', ptr: null };
    const unproven = { kind: 'refused', failure: { code: 'user-name-taken', value: stranger.name } };
    const refused = await module.remove(service);
    expect(refused).toMatchObject(unproven);
    expect(JSON.stringify(refused)).toContain('iptally 0123456789ab svc-1001');
    expect(await module.removeAddress(request)).toMatchObject(unproven);
    expect(world.users.get(stranger.name)).toEqual(stranger);
  });

  test('a panel that gives another address than the one asked for is found out: that one goes back, refused', async () => {
    const { world, module } = await withUsers();
    await module.setUp({ service, addresses: [] });
    world.knobs.ignoresName = true;
    const failure = { code: 'server-gave-another', value: '198.51.100.10' };
    const request = { service, ip: '198.51.100.10', ptr: null };
    expect(await module.addAddress(request)).toMatchObject({ kind: 'refused', failure });
    expect([...world.addresses.values()]).toEqual([]);
    expect(await module.remove(service)).toEqual({ kind: 'done' });
    expect(await module.setUp({ service, addresses })).toMatchObject({ kind: 'refused', failure });
    expect([world.users.size, world.addresses.size]).toEqual([0, 0]);
  });

  test('a panel that keeps the addresses of a removed user, free for the next one, has none left of ours', async () => {
    const { world, module } = await withUsers();
    world.knobs.freesRows = true;
    await module.setUp({ service, addresses });
    expect(await module.remove(service)).toEqual({ kind: 'done' });
    expect([world.users.size, world.addresses.size]).toEqual([0, 0]);
  });

  test('a user who is not found to be removed, and stands in the list, is not called removed', async () => {
    const { world, server, module } = await withUsers();
    await module.setUp({ service, addresses: [] });
    const other = new Map(world.users);
    server.faults.hook = ({ func }) => {
      // Gone for the panel's answer, there for its list.
      if (func === 'user.delete') world.users.clear();
      else for (const [name, user] of other) world.users.set(name, user);
      return undefined;
    };
    expect(await module.remove(service)).toMatchObject({ kind: 'refused', failure: { code: 'not-found' } });
  });

  test('a form that is not submitted is only shown: without sok the simulated panel changes nothing', async () => {
    const { world, server } = await withUsers();
    const authinfo = `root:${canary}`;
    const user = { name: 'jane', passwd: 'x', fullname: 'Jane' };
    const call = async (fields: Readonly<Record<string, string>>) => {
      const body = new URLSearchParams({ out: 'json', authinfo, ...fields });
      return (await fetch(server.url, { method: 'POST', body })).text();
    };
    await call({ func: 'user.add.finish', ...user });
    expect(world.users.size).toBe(0);
    await call({ func: 'user.add.finish', sok: 'ok', ...user });
    await call({ func: 'ipaddr.edit', name: '198.51.100.10', iprole: 'assigned', owner: 'jane' });
    expect([world.users.size, world.addresses.size]).toEqual([1, 0]);
  });

  test('a domain that another user has is refused, and the user who has it stays', async () => {
    const { world, module } = await withUsers({
      name: 'jane',
      fullname: 'Jane',
      preset: 'start',
      domain: service.domain,
    });
    expect(await module.setUp({ service, addresses })).toMatchObject({
      kind: 'refused',
      failure: { code: 'already-exists' },
    });
    expect([...world.users.keys()]).toEqual(['jane']);
  });

  test('a panel without ipaddr.free takes addresses off by ipaddr.delete alone', async () => {
    const { world, module } = await withUsers();
    await module.setUp({ service, addresses });
    expect(await module.removeAddress({ service, ip: addresses[0] ?? '', ptr: null })).toEqual({ kind: 'done' });
    expect(world.addresses.has(addresses[0] ?? '')).toBe(false);
  });

  test('an address that was freed and not removed, its answer lost, is removed by the next call', async () => {
    const { world, server, module } = await open({ users: [], freeFunction: true });
    await module.setUp({ service, addresses });
    const request = { service, ip: addresses[0] ?? '', ptr: null };
    server.faults.hook = ({ func }) => (func === 'ipaddr.free' ? { kind: 'reset-after' } : undefined);
    expect(await module.removeAddress(request)).toMatchObject({ kind: 'unknown' });
    expect(world.addresses.get(request.ip)).toMatchObject({ role: 'free', owner: '' });
    server.faults.hook = undefined;
    expect(await module.removeAddress(request)).toEqual({ kind: 'done' });
    expect(world.addresses.has(request.ip)).toBe(false);
  });

  test('an address in use elsewhere is no word for a user that is there: something of it may be left', async () => {
    const { world, module } = await withUsers();
    await module.setUp({ service, addresses });
    world.addresses.set('198.51.100.11', { ip: '198.51.100.11', role: 'shared', owner: '', onInterface: true });
    expect(await module.setUp({ service, addresses: [...addresses, '198.51.100.11'] })).toMatchObject({
      kind: 'task-failed',
      failure: { code: 'address-used-on-server' },
    });
  });

  test('user names fit the panel, whatever the service id', () => {
    for (const id of ['1', '...', 'A'.repeat(100), '2024-09-01', 'svc:1@x']) {
      expect(userNameOf({ ...service, id })).toMatch(/^[a-z][a-z0-9_]{9,14}$/);
    }
    expect(userNameOf({ ...service, id: 'svc-1' })).not.toBe(userNameOf({ ...service, id: 'svc:1' }));
  });

  test('settings are strings it knows, everything else is refused by name', () => {
    const settings = serverModules['ispmanager-business']?.settings;
    expect(settings?.safeParse({ preset: 'start', webdomain: 'off' }).success).toBe(true);
    const wrong = settings?.safeParse({ preset: 'start', colour: 'red' });
    expect(JSON.stringify(wrong?.error?.issues)).toContain('colour');
  });
});

describe('ispmanager lite', () => {
  test('without a URL everything is done, and addresses are refused', async () => {
    const module = moduleNamed('ispmanager-lite', connectionTo(null));
    expect(module.capabilities.addresses).toBe(false);
    expect(await module.setUp({ service, addresses: [] })).toEqual({ kind: 'done' });
    expect(await module.setUp({ service, addresses })).toMatchObject({ kind: 'refused' });
    expect(await module.remove(service)).toEqual({ kind: 'done' });
  });

  test('with a URL the user is made there, found again and removed', async () => {
    const world = createIspWorld({ logins: [{ name: 'root', password: canary }], knobs: { lite: true } });
    const server = panels.keep(await startIspManagerSimulator({ world }));
    const module = panels.keep(moduleNamed('ispmanager-lite', connectionTo(server.url)));
    expect(await module.setUp({ service, addresses: [] })).toEqual({ kind: 'done' });
    expect(await module.setUp({ service, addresses: [] })).toEqual({ kind: 'done' });
    expect([...world.users.values()]).toMatchObject([
      { fullname: 'iptally 0123456789ab svc-1001', domain: 'www.example.com' },
    ]);
    expect(await module.setUp({ service, addresses })).toMatchObject({ kind: 'refused' });
    expect(await module.addressesOf(service)).toEqual([]);
    expect(await module.remove(service)).toEqual({ kind: 'done' });
    expect(world.users.size).toBe(0);
  });
});

describe('external', () => {
  test('waits for the report of a set-up; removal and further addresses need none', async () => {
    const module = moduleNamed('external', connectionTo(null));
    const request = { service, ip: '198.51.100.10', ptr: null };
    expect(module.capabilities).toEqual({ addresses: true, lists: false, reported: true });
    expect(await module.setUp({ service, addresses })).toEqual({ kind: 'awaiting-report' });
    expect(await module.addAddress(request)).toEqual({ kind: 'done' });
    expect(await module.removeAddress(request)).toEqual({ kind: 'done' });
    expect(await module.remove(service)).toEqual({ kind: 'done' });
    expect((await module.test()).missing).toEqual([]);
  });
});

test('the registry names each module as it names itself', () => {
  for (const [name, definition] of Object.entries(serverModules)) expect(definition.name).toBe(name);
  expect(Object.keys(serverModules)).toEqual(
    expect.arrayContaining(['external', 'ispmanager-business', 'ispmanager-lite']),
  );
});
