import { afterEach, describe, expect, test } from '@jest/globals';
import type { FaultKind } from '../../activities/http/simulator/faults.ts';
import { ServerError, type ServerModule, type ServiceOnServer } from '../../activities/servers/server-module.ts';
import { canary, Panels } from './support/panels.ts';
import { serverRows } from './support/server-rows.ts';

const panels = new Panels();
afterEach(() => panels.close());

const service: ServiceOnServer = { id: 'svc-1001', kind: 'hosting', domain: 'www.example.com', customer: 'c-7' };
const addresses = ['198.51.100.10', '2001:db8:100::10'];

function sorted(list: readonly string[] | undefined): readonly string[] | undefined {
  return list?.toSorted();
}

/** What the workflow does: waits one fence after an unknown outcome, and calls again. */
async function untilClear(call: () => ReturnType<ServerModule['setUp']>, wait: () => Promise<void>) {
  let outcome = await call();
  for (let tries = 0; tries < 12 && (outcome.kind === 'unknown' || outcome.kind === 'not-sent'); tries += 1) {
    await wait();
    outcome = await call();
  }
  return outcome;
}

describe.each(serverRows)('a server module, $name', (row) => {
  async function ready() {
    const server = await row.start(panels);
    return { server, module: server.module() };
  }

  test('sets a service up with exactly the addresses it is given (I2)', async () => {
    const { module } = await ready();
    expect(await module.addressesOf(service)).toBeUndefined();
    expect(await module.setUp({ service, addresses })).toEqual({ kind: 'done' });
    expect(sorted(await module.addressesOf(service))).toEqual(addresses);
  });

  test('the same call again finds what is there and changes nothing', async () => {
    const { server, module } = await ready();
    await module.setUp({ service, addresses });
    const before = server.changes();
    expect(await module.setUp({ service, addresses })).toEqual({ kind: 'done' });
    expect(await module.addAddress({ service, ip: addresses[0] ?? '', ptr: null })).toEqual({ kind: 'done' });
    expect(server.changes()).toBe(before);
  });

  test('two services never share a user', async () => {
    const { module } = await ready();
    const second = { ...service, id: 'svc-1002', domain: 'second.example.com' };
    await module.setUp({ service, addresses: ['198.51.100.10'] });
    expect(await module.setUp({ service: second, addresses: ['198.51.100.11'] })).toEqual({ kind: 'done' });
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
    expect(await module.addressesOf(second)).toEqual(['198.51.100.11']);
  });

  test('adds, lists and takes off addresses; taking off again finds them gone', async () => {
    const { module } = await ready();
    await module.setUp({ service, addresses: ['198.51.100.10'] });
    const added = { service, ip: '198.51.100.11', ptr: 'a.example.com' };
    expect(await module.addAddress(added)).toEqual({ kind: 'done' });
    expect(sorted(await module.addressesOf(service))).toEqual(['198.51.100.10', '198.51.100.11']);
    expect(await module.removeAddress(added)).toEqual({ kind: 'done' });
    expect(await module.removeAddress(added)).toEqual({ kind: 'done' });
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
  });

  test('removes a service, or finds it gone', async () => {
    const { module } = await ready();
    await module.setUp({ service, addresses });
    expect(await module.remove(service)).toEqual({ kind: 'done' });
    expect(await module.addressesOf(service)).toBeUndefined();
    expect(await module.remove(service)).toEqual({ kind: 'done' });
  });

  test('an address that somebody else uses there is refused, and nothing of the service is left', async () => {
    const { server, module } = await ready();
    server.occupy('198.51.100.10');
    const outcome = await module.setUp({ service, addresses });
    expect(outcome).toMatchObject({
      kind: 'refused',
      failure: { code: 'address-used-on-server', value: '198.51.100.10' },
    });
    expect(await module.addressesOf(service)).toBeUndefined();
    expect(server.changes()).toBe(0);
  });

  test("somebody else's address is not taken off", async () => {
    const { server, module } = await ready();
    await module.setUp({ service, addresses: ['198.51.100.11'] });
    server.occupy('198.51.100.10');
    const before = server.changes();
    expect(await module.removeAddress({ service, ip: '198.51.100.10', ptr: null })).toEqual({ kind: 'done' });
    expect(server.changes()).toBe(before);
  });

  test('a wrong secret is refused in words, and nothing is changed', async () => {
    const { server } = await ready();
    const module = server.module({ secret: `${canary}?` });
    expect(await module.setUp({ service, addresses })).toMatchObject({
      kind: 'refused',
      failure: { code: 'login-refused' },
    });
    await expect(module.addressesOf(service)).rejects.toThrow(ServerError);
    expect(server.changes()).toBe(0);
  });

  test('a login without rights is refused, and the test says what is missing', async () => {
    const { server } = await ready();
    const module = server.module({ login: row.powerless });
    expect(await module.setUp({ service, addresses })).toMatchObject({
      kind: 'refused',
      failure: { code: 'access-denied' },
    });
    expect((await module.test()).missing).not.toEqual([]);
  });

  test('an unknown preset is refused with its name, and the test says so beforehand', async () => {
    const { server } = await ready();
    const module = server.module({ settings: row.unknownPreset });
    const outcome = await module.setUp({ service, addresses });
    expect(outcome.kind).toBe('refused');
    expect(JSON.stringify(outcome)).toContain('no-such-preset');
    expect((await module.test()).missing.join()).toContain('no-such-preset');
    expect(await module.addressesOf(service)).toBeUndefined();
  });

  test('a server that is fine has nothing missing', async () => {
    const { module } = await ready();
    const report = await module.test();
    expect(report.missing).toEqual([]);
    expect(report.version).not.toBeNull();
  });

  test('a slow server is waited for', async () => {
    const { server } = await ready();
    const module = server.module({ requestTimeoutMs: 4000 });
    server.onRequest((request) => (request.purpose === 'list' ? undefined : { kind: 'delay', ms: 60 }));
    expect(await module.setUp({ service, addresses })).toEqual({ kind: 'done' });
  });

  test('a server that restarts in the middle is logged in to again', async () => {
    const { server, module } = await ready();
    await module.setUp({ service, addresses: ['198.51.100.10'] });
    server.restart();
    expect(await module.addAddress({ service, ip: '198.51.100.11', ptr: null })).toEqual({ kind: 'done' });
    server.restart();
    expect(sorted(await module.addressesOf(service))).toEqual(['198.51.100.10', '198.51.100.11']);
  });

  const spoiled: readonly FaultKind[] = [
    'reset-before',
    'reset-after',
    'no-answer-after',
    'status-after',
    'truncated-after',
    'html-after',
    'late',
    'session-lost',
  ];

  test.each(spoiled)('every change spoiled once by %s: unknown, then found, never done twice', async (kind) => {
    const { server, module } = await ready();
    const spoilt = new Set<string>();
    const worked: string[] = [];
    server.onRequest((request) => {
      if (!['create', 'write', 'release'].includes(request.purpose)) return undefined;
      const what = `${request.func} ${request.parameters['name'] ?? request.parameters['elid'] ?? ''}`;
      worked.push(what);
      if (spoilt.has(what)) return undefined;
      spoilt.add(what);
      return { kind, ms: 20 };
    });
    const wait = () => server.lateWorkDone();
    expect(await untilClear(() => module.setUp({ service, addresses }), wait)).toEqual({ kind: 'done' });
    expect(sorted(await module.addressesOf(service))).toEqual(addresses);
    const request = { service, ip: addresses[0] ?? '', ptr: null };
    expect(await untilClear(() => module.removeAddress(request), wait)).toEqual({ kind: 'done' });
    expect(await module.addressesOf(service)).toEqual([addresses[1]]);
    expect(await untilClear(() => module.remove(service), wait)).toEqual({ kind: 'done' });
    expect(await module.addressesOf(service)).toBeUndefined();
    expect(spoilt.size).toBeGreaterThan(3);
    const most = ['reset-before', 'session-lost'].includes(kind) ? 2 : 1; // what did not work is asked for once more
    for (const what of spoilt) expect(worked.filter((one) => one === what).length).toBeLessThanOrEqual(most);
  });

  test('a list that is not complete makes nothing: unknown is never empty (I12)', async () => {
    const { server, module } = await ready();
    await module.setUp({ service, addresses });
    const before = server.changes();
    server.onRequest((request) => (request.purpose === 'list' ? { kind: 'empty-list' } : undefined));
    expect((await module.setUp({ service, addresses })).kind).not.toBe('done');
    expect((await module.removeAddress({ service, ip: addresses[0] ?? '', ptr: null })).kind).not.toBe('done');
    expect((await module.remove(service)).kind).not.toBe('done');
    await expect(module.addressesOf(service)).rejects.toThrow(ServerError);
    expect(server.changes()).toBe(before);
  });
});
