import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerConnection } from '../../activities/servers/server-module.ts';
import { serviceLabel } from '../../activities/servers/service-label.ts';
import { vdsName } from '../../activities/servers/vdsmanager4/create-vds.ts';
import { otherKey } from '../../activities/servers/vdsmanager4/panel-view.ts';
import { startVdsManager4Simulator } from '../../activities/servers/vdsmanager4/simulator/start.ts';
import { addVds, createVdsWorld, type VdsWorldOptions } from '../../activities/servers/vdsmanager4/simulator/world.ts';
import { canary, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { settled } from './support/settled.ts';
import { addresses, done, service, stepsOf } from './support/usual-service.ts';

const panels = new Panels();
afterEach(() => panels.close());

const settings = { preset: 'OVZ-1', template: 'centos-5-x86_64' };
const [ipv4, ipv6] = addresses;
const second = '198.51.100.11';
const name = `${serviceLabel(service)}.www.example.com`;

async function open(knobs: VdsWorldOptions['knobs'] = {}, connection: Partial<ServerConnection> = {}) {
  const world = createVdsWorld({
    logins: [
      { name: 'root', password: canary },
      { name: 'plain', password: canary, level: 16 },
      { name: 'reseller', password: canary },
    ],
    knobs: { taskMs: 20, ...knobs },
  });
  const server = panels.keep(await startVdsManager4Simulator({ world }));
  const make = (more: Partial<ServerConnection> = {}) =>
    panels.keep(moduleNamed('vdsmanager4', connectionTo(server.url, { settings, ...connection, ...more })));
  const module = make();
  return {
    world,
    server,
    module,
    make,
    ...stepsOf(module),
    ours: () => [...world.vdss].filter((vds) => vds.name.startsWith(serviceLabel(service))),
  };
}

describe('the protocol of version 4', () => {
  test('login and password go with every call, by POST, in XML; there is no session', async () => {
    const { server, setUp } = await open();
    expect(await setUp()).toEqual(done); // the password holds colons: only the first one of authinfo splits
    expect(server.log.filter(({ func }) => func === 'auth')).toEqual([]);
    expect(new Set(server.log.map(({ parameters }) => parameters['out']))).toEqual(new Set(['xml']));
    server.loseSessions();
    expect(await setUp()).toEqual(done);
  });

  test('a login with a colon is refused before anything is sent', async () => {
    const { server, module } = await open({}, { login: 'a:b' });
    expect(await module.setUp({ service, addresses })).toMatchObject({
      kind: 'refused',
      failure: { code: 'login-refused', message: expect.stringContaining('colon') },
    });
    expect(server.log).toEqual([]);
  });

  test.each([
    ['2, the address exists', 'occupied', {}, {}, 'refused', 'address-used-on-server'],
    ['3, no such preset', '', {}, { settings: { ...settings, preset: 'gold' } }, 'refused', 'setting-not-on-server'],
    ['4, a value', '', {}, { settings: { ...settings, owner: 'nobody' } }, 'refused', 'value-refused'],
    ['5, a limit', '', { diskFull: true }, {}, 'refused', 'limit-reached'],
    ['6, no access', '', {}, { login: 'plain' }, 'refused', 'access-denied'],
    ['authfail', '', {}, { secret: 'wrong' }, 'refused', 'login-refused'],
    ['HTTP 403', '', { clientBlocked: true }, {}, 'not-sent', 'panel-blocks-us'],
    [
      'a template not ready',
      '',
      {},
      { settings: { ...settings, template: 'debian-6-x86_64' } },
      'refused',
      'setting-not-on-server',
    ],
  ] as const)('its error %s is understood', async (_, state, knobs, connection, kind, code) => {
    const { world, setUp, ours } = await open(knobs, connection);
    if (state === 'occupied') addVds(world, { name: 'other.example', addresses: [second, ipv4] });
    expect(await setUp()).toMatchObject({ kind, failure: { code } });
    expect(ours()).toEqual([]);
  });

  test('a list whose rows are not counted proves nothing, until the operator says that lists come whole', async () => {
    const { server, module, make } = await open({ countsRows: false });
    expect(await module.setUp({ service, addresses })).toMatchObject({ failure: { code: 'list-not-complete' } });
    expect(server.log.filter(({ purpose }) => purpose === 'create')).toEqual([]);
    expect((await module.test()).missing.join()).toContain('lists=whole');
    const whole = make({ settings: { ...settings, lists: 'whole' } });
    expect((await whole.test()).missing).toEqual([]);
    expect(await settled(whole, () => whole.setUp({ service, addresses }))).toEqual(done);
    expect((await whole.addressesOf(service))?.toSorted()).toEqual(addresses.toSorted());
  });

  test('a list that is counted after all is not believed to be whole when it is not', async () => {
    const { server, setUp, make } = await open();
    await setUp();
    const whole = make({ settings: { ...settings, lists: 'whole' } });
    server.faults.hook = ({ purpose }) => (purpose === 'list' ? { kind: 'empty-list' } : undefined);
    await expect(whole.addressesOf(service)).rejects.toMatchObject({ failure: { code: 'list-not-complete' } });
  });
});

describe('a VDS of ours', () => {
  test('is named by a host label of its service before its domain, with the sizes of its preset and an owner', async () => {
    const { server, setUp, add, ours } = await open({}, { settings: { ...settings, owner: 'reseller' } });
    await setUp([ipv4]);
    await add(second);
    expect(ours()).toMatchObject([{ name, owner: 'reseller', sizes: { desc: '4096', traf: '100000' } }]);
    expect(ours()[0]?.addresses).toEqual([
      { ip: ipv4, ptr: 'www.example.com' }, // the panel made it of its name: that is mended
      { ip: second, ptr: 'a.example.com' },
    ]);
    const created = server.log.find(({ purpose }) => purpose === 'create');
    expect(created?.parameters).toMatchObject({ sok: 'yes', id: 'auto', ip: ipv4, vdspreset: 'OVZ-1' });
  });

  test('is found by that label, whatever became of the domain', async () => {
    const { module, setUp } = await open();
    await setUp();
    expect((await module.addressesOf({ ...service, domain: 'moved.example.org' }))?.length).toBe(2);
    expect(await module.addressesOf({ ...service, id: 'svc-1002' })).toBeUndefined();
  });

  test('has a name the panel takes, however long the domain is', () => {
    const domain = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example`;
    const long = vdsName({ ...service, domain });
    expect(long.length).toBeLessThanOrEqual(253);
    expect(long).toMatch(/^svc-1001-[0-9a-f]{16}\.b{60}\..*\.example$/);
  });

  test('is one, also when two copies of us set it up at once: the panel knows it by the address both name', async () => {
    const { make, ours } = await open();
    const copies = [make(), make()];
    const outcomes = await Promise.all(
      copies.map((copy) => settled(copy, () => copy.setUp({ service, addresses })).catch(String)),
    );
    expect(ours()).toHaveLength(1);
    expect(outcomes).toContainEqual(done);
    const again = make();
    expect(await settled(again, () => again.setUp({ service, addresses }))).toEqual(done);
    expect(
      ours()[0]
        ?.addresses.map(({ ip }) => ip)
        .toSorted(),
    ).toEqual(addresses.toSorted());
  });

  test('whose installation failed is found by the next try, which makes no second one', async () => {
    const { world, setUp, remove, ours } = await open();
    world.knobs.failNext = 'no space left for the template';
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure: { code: 'server-task-failed' } });
    expect(await setUp()).toMatchObject({ kind: 'task-failed', failure: { code: 'server-half-made', value: name } });
    expect(ours()).toHaveLength(1);
    expect(await remove()).toEqual(done);
    expect(await setUp()).toEqual(done);
  });
});

describe('the main address of a VDS, which is its key', () => {
  test('is first moved to another of its addresses, the form sent back as it was; then it goes', async () => {
    const { server, setUp, add, takeOff, ours } = await open();
    await setUp();
    await add(second);
    const [before] = ours();
    expect(await takeOff(ipv4)).toEqual(done);
    expect(ours()).toMatchObject([{ name, owner: before?.owner, sizes: before?.sizes }]);
    expect(ours()[0]?.addresses.map(({ ip }) => ip)).toEqual([second, ipv6]);
    const changed = server.log.filter(({ purpose }) => ['write', 'release'].includes(purpose)).slice(-2);
    expect(changed.map(({ func, parameters }) => [func, parameters['elid']])).toEqual([
      ['vds.edit', ipv4],
      ['vds.ip.delete', ipv4],
    ]);
  });

  test('stays where it is the only one, with words that say what to do', async () => {
    const { server, setUp, takeOff, ours } = await open();
    await setUp([ipv4]);
    const before = server.log.length;
    expect(await takeOff(ipv4)).toMatchObject({
      kind: 'refused',
      failure: { code: 'main-address-stays', value: ipv4 },
    });
    expect(server.log.slice(before).filter(({ purpose }) => purpose !== 'list')).toEqual([]);
    expect(ours()[0]?.addresses.map(({ ip }) => ip)).toEqual([ipv4]);
  });

  test('stays where the panel does not move it, in the words of the panel', async () => {
    const { setUp, takeOff, ours } = await open({ mainMoves: false });
    await setUp();
    expect(await takeOff(ipv4)).toMatchObject({ kind: 'refused', failure: { code: 'value-refused' } });
    expect(ours()[0]?.addresses.map(({ ip }) => ip)).toEqual(addresses);
    expect(await takeOff(ipv6)).toEqual(done);
  });

  test('moved by a call whose answer was lost is found moved by the next one', async () => {
    const { server, setUp, takeOff, ours } = await open();
    await setUp();
    let once = true;
    server.faults.hook = ({ func, purpose }) => {
      if (func !== 'vds.edit' || purpose !== 'write' || !once) return undefined;
      once = false;
      return { kind: 'reset-after' };
    };
    expect(await takeOff(ipv4)).toMatchObject({ kind: 'unknown' });
    expect(await takeOff(ipv4)).toEqual(done);
    expect(ours()[0]?.addresses.map(({ ip }) => ip)).toEqual([ipv6]);
    expect(server.log.filter(({ func, purpose }) => func === 'vds.edit' && purpose === 'write')).toHaveLength(1);
  });
});

describe('a further address', () => {
  test('that the panel chose by itself is taken back and refused', async () => {
    const { setUp, add, ours } = await open({ namedAddresses: false });
    await setUp([ipv4]);
    expect(await add(second)).toMatchObject({
      kind: 'refused',
      failure: { code: 'server-gave-another', value: second },
    });
    expect(ours()[0]?.addresses.map(({ ip }) => ip)).toEqual([ipv4]);
  });

  test.each([
    [[], 'other'],
    [['auto', 'auto6'], 'other'],
    [['auto', 'auto6', 'manual'], 'manual'],
    [['auto', '198.51.100.11', 'manual'], '198.51.100.11'],
    [['auto', '198.51.100.12', 'manual'], 'manual'],
  ])('is asked for as the form wants it: of %j it is %s', (keys, wanted) => {
    const val = keys.map((key) => ({ $key: key, $: key }));
    expect(otherKey({ slist: [{ $name: 'ip', val }] }, '198.51.100.11')).toBe(wanted);
  });
});

describe('the test of a server', () => {
  test.each([
    ['https://ip.example.com/manager/ipmgr', 'ipmgr', undefined],
    ['', 'ipmgr', 'IPmanager form is empty: PTRs do not show'],
    [null, 'ipmgr', 'does not show its IPmanager form (function ipmgr)'],
    ['', 'none', undefined],
    ['https://ip.example.com/manager/ipmgr', 'ipmanager', 'function ipmanager'],
  ])('of a panel whose IPmanager form holds %j, asked by %s, says %s', async (ipmanagerUrl, ipmanager, words) => {
    const { module } = await open({ ipmanagerUrl }, { settings: { ...settings, ipmanager } });
    const { missing } = await module.test();
    expect(missing).toHaveLength(words === undefined ? 0 : 1);
    expect(missing.join()).toContain(words ?? '');
  });

  test('says which preset and template are missing, and of a wrong URL whose it is', async () => {
    const { module } = await open({}, { settings: { preset: 'gold', template: 'debian-6-x86_64' } });
    expect((await module.test()).missing).toEqual([
      'The server has no preset named "gold"',
      'The server has no ready template "debian-6-x86_64"',
    ]);
  });
});
