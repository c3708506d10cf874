import { afterEach, describe, expect, test } from '@jest/globals';
import type { FaultKind } from '../../activities/http/simulator/faults.ts';
import { ServerError } from '../../activities/servers/server-module.ts';
import { canary, Panels } from './support/panels.ts';
import { changes, changing, openServer, serviceOf } from './support/open-server.ts';
import type { ServerRow } from './support/server-row.ts';
import { serverRows } from './support/server-rows.ts';
import { settled, untilClear } from './support/settled.ts';
import { addresses, done, stepsOf } from './support/usual-service.ts';

const panels = new Panels();
afterEach(() => panels.close());

function open(row: ServerRow, among = panels) {
  return openServer(row, among);
}

/** Faults that are told at once; the one that is waited for has a place of its own at the end. */
const spoiled: readonly FaultKind[] = [
  'reset-before',
  'reset-after',
  'status-after',
  'truncated-after',
  'html-after',
  'late',
  'session-lost',
];

/** A set-up, one address off, the removal, with each change spoiled once. */
async function spoilEachChange(opened: Awaited<ReturnType<typeof open>>, row: ServerRow, kind: FaultKind) {
  const { server, service, addressesOf } = opened;
  // Only a silent panel is waited for in vain; an answer may take its time on a busy machine.
  const module = kind === 'no-answer-after' ? server.module({ requestTimeoutMs: 2_000 }) : opened.module;
  const services = server.count();
  const spoilt = new Set<string>();
  const worked: string[] = [];
  server.onRequest((request) => {
    if (!changing.has(request.purpose)) return undefined;
    const what = `${request.func} ${JSON.stringify(request.parameters)}`;
    worked.push(what);
    if (spoilt.has(what)) return undefined;
    spoilt.add(what);
    return { kind, ms: 20 };
  });
  const fence = () => server.lateWorkDone();
  const takeOff = () => {
    server.stop?.();
    return module.removeAddress(off);
  };
  const off = { service, ip: addresses[0] ?? '', ptr: null };
  const most = ['reset-before', 'session-lost'].includes(kind) ? 2 : 1; // what did not work is asked for once more
  return {
    setUp: await untilClear(module, () => module.setUp({ service, addresses }), fence),
    given: await addressesOf(),
    made: server.count() - services,
    takenOff: await untilClear(module, takeOff, fence),
    left: await addressesOf(),
    removed: await untilClear(module, () => module.remove(service), fence),
    there: await addressesOf(),
    enough: spoilt.size >= row.leastChanges,
    tooOften: [...spoilt].filter((what) => worked.filter((one) => one === what).length > most),
  };
}

const foundAndOnce = {
  ...{ setUp: done, given: addresses, made: 1, takenOff: done, left: addresses.slice(1), removed: done },
  ...{ there: undefined, enough: true, tooOften: [] },
};

describe.each(serverRows)('a server module, $name', (row) => {
  test('sets a service up with exactly the addresses it is given (I2)', async () => {
    const { addressesOf, setUp } = await open(row);
    expect(await addressesOf()).toBeUndefined();
    expect(await setUp()).toEqual(done);
    expect(await addressesOf()).toEqual(addresses);
  });

  test('the same call again finds what is there and changes nothing', async () => {
    const { server, setUp, add } = await open(row);
    await setUp();
    const before = changes(server);
    expect(await setUp()).toEqual(done);
    expect(await add(addresses[0] ?? '')).toEqual(done);
    expect(changes(server)).toBe(before);
  });

  test('a new call after a restart of ours finds the service by its id in the own fields of the panel', async () => {
    const { server, setUp } = await open(row);
    await setUp();
    const [before, services] = [changes(server), server.count()];
    expect(await setUp(addresses, server.module())).toEqual(done);
    expect([changes(server), server.count()]).toEqual([before, services]);
  });

  test('for another installation, with the same service id, finds nothing there and changes nothing', async () => {
    const { server, module, service, setUp, addressesOf } = await open(row);
    await setUp();
    const [before, services] = [changes(server), server.count()];
    const theirs = { ...service, installation: 'ba9876543210' };
    const steps = stepsOf(module, theirs);
    expect(await module.addressesOf(theirs)).toBeUndefined();
    expect(await steps.takeOff(addresses[0])).toEqual(done);
    expect(await steps.remove()).toEqual(done);
    expect([changes(server), server.count()]).toEqual([before, services]);
    expect(await addressesOf()).toEqual(addresses);
  });

  test('two services never share what is made for them', async () => {
    const { module, service, setUp } = await open(row);
    const second = serviceOf(row, { id: 'svc-1002', domain: 'second.example.com' });
    await setUp(['198.51.100.10']);
    const other = () => module.setUp({ service: second, addresses: ['198.51.100.11'] });
    expect(await settled(module, other)).toEqual(done);
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
    expect(await module.addressesOf(second)).toEqual(['198.51.100.11']);
  });

  test('adds, lists and takes off addresses; taking off again finds them gone', async () => {
    const { setUp, add, takeOff, addressesOf } = await open(row);
    await setUp(['198.51.100.10']);
    expect(await add('198.51.100.11')).toEqual(done);
    expect(await add('2001:db8:100::11')).toEqual(done);
    expect(await addressesOf()).toEqual(['198.51.100.10', '198.51.100.11', '2001:db8:100::11']);
    expect(await takeOff('198.51.100.11')).toEqual(done);
    expect(await takeOff('198.51.100.11')).toEqual(done);
    expect(await addressesOf()).toEqual(['198.51.100.10', '2001:db8:100::11']);
  });

  test('what is not there gets no address, and loses none', async () => {
    const { server, add, takeOff } = await open(row);
    expect(await add('198.51.100.11')).toMatchObject({ kind: 'refused', failure: { code: 'service-not-on-server' } });
    expect(await takeOff('198.51.100.11')).toEqual(done);
    expect(changes(server)).toBe(0);
  });

  test('removes a service, or finds it gone', async () => {
    const { setUp, remove, addressesOf } = await open(row);
    await setUp();
    expect(await remove()).toEqual(done);
    expect(await addressesOf()).toBeUndefined();
    expect(await remove()).toEqual(done);
  });

  test('an address that somebody else uses there is refused, and nothing of the service is left', async () => {
    const { server, setUp, addressesOf } = await open(row);
    server.occupy('198.51.100.10');
    const failure = { code: 'address-used-on-server', value: '198.51.100.10' };
    expect(await setUp()).toMatchObject({ kind: 'refused', failure });
    expect(await addressesOf()).toBeUndefined();
    expect(changes(server)).toBe(0);
  });

  test("somebody else's address is not taken off", async () => {
    const { server, setUp, takeOff } = await open(row);
    await setUp(['198.51.100.11']);
    server.occupy('198.51.100.10');
    const before = changes(server);
    expect(await takeOff('198.51.100.10')).toEqual(done);
    expect(changes(server)).toBe(before);
  });

  test('a wrong secret is refused in words, and nothing is changed', async () => {
    const { server, service, setUp } = await open(row);
    const module = server.module({ secret: `${canary}?` });
    expect(await setUp(addresses, module)).toMatchObject({ kind: 'refused', failure: { code: 'login-refused' } });
    await expect(module.addressesOf(service)).rejects.toThrow(ServerError);
    expect(changes(server)).toBe(0);
  });

  test('a login without rights is refused, and the test says what is missing', async () => {
    const { server, setUp } = await open(row);
    const module = server.module(row.powerless);
    expect(await setUp(addresses, module)).toMatchObject({ kind: 'refused', failure: { code: 'access-denied' } });
    expect((await module.test()).missing).not.toEqual([]);
    expect(changes(server)).toBe(0);
  });

  test('a setting the server does not have is refused with its name, and the test says so beforehand', async () => {
    const { server, service, setUp } = await open(row);
    const module = server.module({ settings: { ...row.settings, ...row.unknown } });
    const [word = ''] = Object.values(row.unknown);
    const outcome = await setUp(addresses, module);
    expect(outcome.kind).toBe('refused');
    expect(JSON.stringify(outcome)).toContain(word);
    expect((await module.test()).missing.join()).toContain(word);
    expect(await module.addressesOf(service)).toBeUndefined();
  });

  test('a full disk is said in the words of the panel, and nothing of the service is left', async () => {
    const { server, setUp, remove, addressesOf } = await open(row);
    server.fillDisk();
    const outcome = await setUp();
    expect(['refused', 'task-failed']).toContain(outcome.kind);
    expect(JSON.stringify(outcome)).toMatch(/disk|space|storage/i);
    expect(await remove()).toEqual(done);
    expect(await addressesOf()).toBeUndefined();
  });

  test('a server that is fine has nothing missing, and the test changes nothing', async () => {
    const { server, module } = await open(row);
    const report = await module.test();
    expect(report.missing).toEqual([]);
    expect(report.version).not.toBeNull();
    expect(changes(server)).toBe(0);
  });

  test('a slow server is waited for', async () => {
    const { server, setUp } = await open(row);
    server.onRequest((request) => (request.purpose === 'list' ? undefined : { kind: 'delay', ms: 60 }));
    expect(await setUp(addresses, server.module({ requestTimeoutMs: 4000 }))).toEqual(done);
  });

  test('a server that restarts in the middle is logged in to again', async () => {
    const { server, setUp, add, addressesOf } = await open(row);
    await setUp(['198.51.100.10']);
    server.restart();
    expect(await add('198.51.100.11')).toEqual(done);
    server.restart();
    expect(await addressesOf()).toEqual(['198.51.100.10', '198.51.100.11']);
  });

  test.each(spoiled)('every change spoiled once by %s: unknown, then found, never done twice', async (kind) => {
    expect(await spoilEachChange(await open(row), row, kind)).toEqual(foundAndOnce);
  });

  test('a list that is not complete makes nothing: unknown is never empty (I12)', async () => {
    const { server, service, module, setUp, takeOff, remove } = await open(row);
    await setUp();
    const before = changes(server);
    server.onRequest((request) => (request.purpose === 'list' ? { kind: 'empty-list' } : undefined));
    expect((await setUp()).kind).not.toBe('done');
    expect((await takeOff(addresses[0] ?? '')).kind).not.toBe('done');
    expect((await remove()).kind).not.toBe('done');
    await expect(module.addressesOf(service)).rejects.toThrow(ServerError);
    expect(changes(server)).toBe(before);
  });

  (row.inTasks ? describe : describe.skip)('where the server works on in tasks', () => {
    async function withTasks() {
      const opened = await open(row);
      const { tasks } = opened.server;
      if (tasks === null) throw new Error(`row ${row.name} has tasks and no knobs for them`);
      return { ...opened, tasks };
    }

    test('a slow task is followed, and the call meanwhile starts no second one', async () => {
      const { server, module, service, setUp, tasks, addressesOf } = await withTasks();
      const services = server.count();
      tasks.hang();
      const first = await module.setUp({ service, addresses });
      expect(first.kind).toBe('started');
      const begun = changes(server);
      expect((await server.module().setUp({ service, addresses })).kind).toBe('started');
      expect((await module.progressOf(first.kind === 'started' ? first.task : '')).kind).toBe('started');
      expect(changes(server)).toBe(begun);
      tasks.goOn();
      expect(await setUp()).toEqual(done);
      expect(server.count()).toBe(services + 1);
      expect(await addressesOf()).toEqual(addresses);
    });

    test('a task that ends badly is told in the words of the panel; what is left is found and can be removed', async () => {
      const { server, setUp, remove, tasks, addressesOf } = await withTasks();
      const services = server.count();
      tasks.failNext('unable to allocate image of 10 GiB');
      const outcome = await setUp();
      expect(outcome.kind).toBe('task-failed');
      expect(JSON.stringify(outcome)).toContain('unable to allocate image of 10 GiB');
      expect(await remove()).toEqual(done);
      expect(server.count()).toBe(services);
      expect(await setUp()).toEqual(done);
      expect(await addressesOf()).toEqual(addresses);
      expect(server.count()).toBe(services + 1);
    });
  });
});

describe('a server module whose panel says nothing after each change', () => {
  // Nothing but waiting: side by side, each with panels of its own.
  test.concurrent.each(serverRows)('$name: unknown, then found, never done twice', async (row) => {
    const own = new Panels();
    try {
      expect(await spoilEachChange(await open(row, own), row, 'no-answer-after')).toEqual(foundAndOnce);
    } finally {
      await own.close();
    }
  });
});
