import { afterEach, describe, expect, test } from '@jest/globals';
import type { FaultKind } from '../../activities/http/simulator/faults.ts';
import { serverModules } from '../../activities/servers/index.ts';
import { createTransport } from '../../activities/http/transport.ts';
import { ServerError } from '../../activities/servers/server-module.ts';
import { createTokenAuthority } from '../../activities/servers/vmmanager6/authority.ts';
import { refusalOf } from '../../activities/servers/vmmanager6/refusals.ts';
import { demoVmManager6World } from '../../activities/servers/vmmanager6/simulator/demo-world.ts';
import { startVmManager6Simulator } from '../../activities/servers/vmmanager6/simulator/start.ts';
import { newPassword } from '../../activities/servers/vmmanager6/vm-name.ts';
import { canary, openTrust, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { settled } from './support/settled.ts';
import { addresses, done, login, openVmManager6, service, settings } from './support/vmmanager6-desk.ts';

const panels = new Panels();
afterEach(() => panels.close());

describe('what VMmanager 6 says', () => {
  const said = (code: number) => ({ error: { code, msg: 'words of the panel' } });
  const rows: readonly (readonly [number, unknown, string | undefined, Partial<Record<string, boolean>>])[] = [
    [401, said(1000), 'access-denied', { notLoggedIn: true }],
    [401, undefined, 'access-denied', { notLoggedIn: true }],
    [400, said(1000), 'access-denied', { notLoggedIn: true }],
    [403, said(3001), 'access-denied', { notLoggedIn: true }],
    [403, said(3003), 'access-denied', { notLoggedIn: false }],
    [404, said(4004), 'not-found', { notLoggedIn: false }],
    [400, said(5992), 'panel-refused', { retryable: false }],
    [200, said(5992), 'panel-refused', { retryable: false }],
    [500, said(5992), 'panel-internal-error', { retryable: true }],
    [503, said(1), 'panel-internal-error', { retryable: true }],
    [500, undefined, undefined, {}],
    [403, undefined, undefined, {}],
    [404, { message: 'no' }, undefined, {}],
    [200, { list: [], size: 0 }, undefined, {}],
  ];

  test.each(rows)('HTTP %i with %j is %s', (status, body, code, more) => {
    const refusal = refusalOf(status, body, []);
    expect(refusal?.failure.code).toBe(code);
    if (refusal === undefined) return;
    expect(refusal).toMatchObject(more);
    if (body !== undefined) expect(refusal.failure.message).toContain('words of the panel');
  });

  test('with HTTP 500 and words of its own leaves a change unknown, in those words; the next call looks', async () => {
    const { world, setUp, machines } = await openVmManager6(panels, { failInside: 'database is locked' });
    expect(await setUp()).toMatchObject({
      kind: 'unknown',
      failure: { code: 'panel-internal-error', message: expect.stringContaining('database is locked') },
    });
    world.knobs.failInside = null;
    expect(await setUp()).toEqual(done);
    expect(machines()).toHaveLength(1);
  });
});

describe('settings of vmmanager6', () => {
  const needed = { cluster: '1', os: '2' };
  const resources = { ram_mib: '2048', cpu_number: '2', hdd_mib: '20480' };
  test.each([
    { ...needed, preset: '3' },
    { ...needed, ...resources },
    { ...needed, ...resources, account: '3', node: '1', ip_pool: '4' },
  ])('%j is accepted', (given) => {
    expect(serverModules['vmmanager6']?.settings.safeParse(given).success).toBe(true);
  });

  test.each([
    [{ os: '2', preset: '1' }, 'cluster'],
    [{ cluster: '1', preset: '1' }, 'os'],
    [{ ...needed, preset: 'big' }, 'preset the id of a preset: a whole number from 1, like 3'],
    [{ ...needed, preset: '0' }, 'preset the id of a preset'],
    [{ ...needed, preset: '1', node: '-1' }, 'node the id of a node'],
    [{ ...needed, preset: '1', os: '99999999999' }, 'os the id of an operating system'],
    [{ ...needed, preset: '1', ram_mib: '2048' }, 'preset a preset alone, as it decides about ram_mib'],
    [{ ...needed, ram_mib: '2048' }, 'cpu_number all of ram_mib, cpu_number, hdd_mib, or a preset'],
    [needed, 'preset the id of a preset, or instead of it all of ram_mib'],
    [{ ...needed, preset: '1', colour: 'red' }, 'colour'],
  ])('%j is refused: %s', (given, words) => {
    const answer = serverModules['vmmanager6']?.settings.safeParse(given);
    expect(answer?.success).toBe(false);
    expect(JSON.stringify(answer?.error?.issues.map(({ message, path }) => `${path.join()} ${message}`))).toContain(
      JSON.stringify(words).slice(1, -1),
    );
  });

  test('without a preset, memory, processors and disk go along as numbers; with an account, a node and a pool, these too', async () => {
    const { make, asked, world } = await openVmManager6(panels);
    const own = { cluster: '1', os: '2', ram_mib: '2048', cpu_number: '2', hdd_mib: '20480' };
    const module = make({ settings: { ...own, account: '3', node: '1', ip_pool: '1' } });
    expect(await settled(module, () => module.setUp({ service, addresses }))).toEqual(done);
    expect(asked('POST /vm/v3/host')[0]?.parameters).toMatchObject({
      cluster: '1',
      os: '2',
      ram_mib: '2048',
      cpu_number: '2',
      hdd_mib: '20480',
      account: '3',
      node: '1',
    });
    expect(asked('POST /vm/v3/host/ID/ip')[0]?.parameters['ip_addr']).toBe(
      JSON.stringify({ name: addresses[1], ip_pool: 1 }),
    );
    expect([...world.hosts.values()]).toMatchObject([{ account: 3, node: 1, os: 2 }]);
  });

  test('every number the panel does not know is missing, by name and number', async () => {
    const { make } = await openVmManager6(panels);
    const wrong = { cluster: '71', os: '72', preset: '73', account: '74', node: '75', ip_pool: '76' };
    expect((await make({ settings: wrong }).test()).missing).toEqual([
      'VMmanager has no cluster with id 71',
      'VMmanager has no operating system with id 72',
      'VMmanager has no preset with id 73',
      'VMmanager has no account with id 74',
      'VMmanager has no node with id 75',
      'VMmanager has no address pool with id 76',
    ]);
  });
});

describe('the login to VMmanager 6', () => {
  const loginCalls = 'POST /auth/v4/public/token';

  test('is one for many calls, and one more when the token is dead', async () => {
    const { server, setUp, add, asked } = await openVmManager6(panels);
    await setUp();
    await add('198.51.100.11');
    expect(asked(loginCalls)).toHaveLength(1);
    server.loseSessions();
    await add('198.51.100.12');
    expect(asked(loginCalls)).toHaveLength(2);
  });

  test('is shared by calls at once, and made anew when its token is 45 minutes old, before the panel forgets it', async () => {
    const { server, asked } = await openVmManager6(panels);
    const transport = panels.keep(createTransport({ url: `${server.url}/`, trust: openTrust, timeoutMs: 5_000 }));
    let minutes = 0;
    const authority = createTokenAuthority({ transport, email: login, password: canary, now: () => minutes * 60_000 });
    await Promise.all([authority.prove(), authority.prove()]);
    minutes = 44;
    expect(await authority.prove()).toMatchObject({ kind: 'proof', proof: { key: '1', fresh: false } });
    expect(asked(loginCalls)).toHaveLength(1);
    minutes = 45;
    expect(await authority.prove()).toMatchObject({ kind: 'proof', proof: { key: '2', fresh: true } });
    authority.forget('1');
    expect(await authority.prove()).toMatchObject({ kind: 'proof', proof: { key: '2', fresh: false } });
  });

  test('that fails with 503 now and then sends nothing, and the next call logs in', async () => {
    const { setUp, machines } = await openVmManager6(panels, { loginsFail: 1 });
    expect((await setUp()).kind).toBe('not-sent');
    expect(machines()).toEqual([]);
    expect(await setUp()).toEqual(done);
  });

  test.each(['', '/', '/api', '/api/'])('works with the URL of the panel and %j', async (path) => {
    const { server, make } = await openVmManager6(panels);
    expect((await make({ url: server.url + path }).test()).missing).toEqual([]);
  });

  test('and its password, tokens and the passwords we make are in no outcome, whatever the panel repeats', async () => {
    const { world, make, module, setUp, server } = await openVmManager6(panels, { echoes: true });
    const outcomes: unknown[] = [
      await make({ secret: `${canary}?` }).setUp({ service, addresses }),
      await make({ settings: { ...settings, os: '9' } }).setUp({ service, addresses }),
    ];
    world.knobs.failNext = `cannot log in as ${canary}`;
    outcomes.push(await setUp());
    await settled(module, () => module.remove(service));
    world.knobs.failNext = `mkpasswd ${newPassword()} failed`;
    outcomes.push(await setUp());
    const words = JSON.stringify([outcomes, server.log]);
    expect(words.match(/withheld/g)).toHaveLength(4);
    expect(words).not.toContain('C4nary');
    expect(words).not.toMatch(/Vm6-/);
    expect((await module.test()).missing).toEqual([]);
  });
});

describe('lists of VMmanager 6', () => {
  test('longer than a page are read to their end', async () => {
    const { module, setUp } = await openVmManager6(panels, { rowsPerPage: 1 });
    const ips = ['198.51.100.10', '198.51.100.11', '198.51.100.12'];
    expect(await setUp(ips)).toEqual(done);
    expect(await module.addressesOf(service)).toEqual(ips);
  });

  const spoilt: readonly FaultKind[] = [
    'empty-list',
    'short-by-one',
    'page-missing',
    'page-twice',
    'total-unlike-sum',
    'shrinking',
  ];
  test.each(spoilt)('spoiled by %s prove nothing: no address is said to be gone (I12)', async (kind) => {
    const { module, setUp, takeOff, server } = await openVmManager6(panels, { rowsPerPage: 1 });
    await setUp(['198.51.100.10', '198.51.100.11', '198.51.100.12']);
    server.faults.hook = ({ func }) => (func === 'GET /vm/v3/host/ID/ipv4' ? { kind } : undefined);
    await expect(module.addressesOf(service)).rejects.toThrow(ServerError);
    expect((await takeOff('198.51.100.13')).kind).toBe('not-sent');
  });

  test('that do not say how many rows there are prove nothing, and no machine is made', async () => {
    const { setUp, machines } = await openVmManager6(panels, { tellsSize: false });
    expect(await setUp()).toMatchObject({ kind: 'not-sent', failure: { code: 'list-not-complete' } });
    expect(machines()).toEqual([]);
  });
});

test('the VMmanager 6 of the demo is fine with the settings the demo gives', async () => {
  const server = panels.keep(await startVmManager6Simulator({ world: demoVmManager6World({ admin: canary }) }));
  const demo = connectionTo(server.url, {
    login: 'admin@demo.example',
    settings: { cluster: '1', os: '1', preset: '1' },
  });
  const report = await panels.keep(moduleNamed('vmmanager6', demo)).test();
  expect(report).toEqual({ product: 'VMmanager 6', version: '2026.9.1-1', rights: '@admin', missing: [] });
});
