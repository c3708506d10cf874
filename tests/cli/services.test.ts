import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { testServers } from '../support/servers.ts';
import { iptally, ledgerEnv, type Ran } from './support/cli.ts';
import { createNamespace } from './support/namespace.ts';
import { startWorkerProcess, type WorkerProcess } from './support/worker.ts';

/** The whole of it as other programs use it: the commands, and `iptally worker` as a process of its own. */
let database: TestDatabase;
let panel: IpManagerSimulator;
let worker: WorkerProcess;
let env: Record<string, string>;
let migrated: Record<string, unknown>;

async function run(args: readonly string[], stdin = ''): Promise<Ran> {
  return iptally([...args, '--json'], { env, stdin });
}

/** The document of a command that must succeed. */
async function done(args: readonly string[], stdin = ''): Promise<Record<string, unknown>> {
  const ran = await run(args, stdin);
  if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.status} ${ran.stdout} ${ran.stderr}`);
  return ran.json as Record<string, unknown>;
}

const provision = (id: string, more: Readonly<Record<string, string>> = {}): readonly string[] => {
  const fields = { kind: 'vps', domain: `${id}.example`, server: 'vps1', tariff: 'one', customer: 'c-1', ...more };
  return ['service', 'provision', id, ...Object.entries(fields).flatMap(([name, value]) => [`--${name}`, value])];
};

beforeAll(async () => {
  const servers = testServers();
  database = await createDatabase();
  panel = await startIpManagerSimulator({ world: demoWorld({ billing: 'b', admin: 'a', dummy: 'd' }) });
  env = {
    ...ledgerEnv(database),
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: await createNamespace(servers.temporalAddress),
  };
  migrated = await done(['migrate']);
  worker = await startWorkerProcess(env);

  const panelFlags = ['--url', panel.url, '--login', 'billing', '--allow-plain-http', '--password-stdin'];
  await done(['integration', 'add', 'main', ...panelFlags, '--request-timeout', '1s'], 'b');
  await done(['server', 'add', 'vps1', '--module', 'external', '--integration', 'main']);
  await done(['server', 'add', 'lite1', '--module', 'ispmanager-lite', '--integration', 'main']);
  await done(['tariff', 'add', 'one']);
  await done(['tariff', 'add', 'pair', '--ipv4', '1', '--ipv6', '1']);
});

afterAll(async () => {
  await worker.stop();
  await panel.close();
  await database.drop();
});

test('migrate registers what the namespace does not know, once; the worker says when it is ready', async () => {
  expect(migrated).toMatchObject({ searchAttributes: expect.arrayContaining(['IptallyState', 'IptallyReason']) });
  expect(await done(['migrate'])).toMatchObject({ applied: [], searchAttributes: [] });
  expect(worker.document).toMatchObject({ pid: worker.pid, taskQueue: 'iptally' });
});

const address = (more: object) => ({
  ip: expect.any(String),
  state: 'reserved',
  service: 's-1',
  customer: 'c-1',
  integration: 'main',
  group: 'public',
  ptr: 's-1.example',
  order: expect.stringMatching(/^s-1\/1\/ipv[46]\/1$/),
  tag: expect.stringMatching(/^iptally:[0-9a-f]{12}:[0-9a-f]{16}$/),
  since: expect.stringMatching(/Z$/),
  ...more,
});

describe('a service', () => {
  test('gets its addresses, and the same ones when it is ordered again', async () => {
    const first = await done(provision('s-1', { tariff: 'pair' }));
    expect(first).toEqual({
      service: 's-1',
      workflowId: 'provision/s-1',
      outcome: 'allocated',
      addresses: [address({}), address({ ip: expect.stringContaining(':') })],
    });
    expect(await done(provision('s-1', { tariff: 'pair' }))).toEqual(first);
  });

  test('ordered again with another customer is refused by the field that differs', async () => {
    const ran = await run(provision('s-1', { tariff: 'pair', customer: 'c-2' }));
    expect(ran.status).toBe(3);
    expect(ran.json).toMatchObject({ error: { code: 'order-differs', message: expect.stringContaining('customer') } });
  });

  test('is active once its set-up is reported; the report may be repeated', async () => {
    const reported = await done(['service', 'set-up-finished', 's-1']);
    expect(reported).toMatchObject({ service: 's-1', state: 'active', workflowId: 'provision/s-1' });
    expect(await done(['service', 'set-up-finished', 's-1'])).toEqual(reported);
    expect(await done(['service', 'show', 's-1'])).toMatchObject({
      id: 's-1',
      state: 'active',
      addresses: [address({ state: 'active' }), address({ state: 'active' })],
    });
    expect(await done(['service', 'list', '--state', 'active'])).toMatchObject({ services: [{ id: 's-1' }] });
  });

  test.each([['retry'], ['abandon']])('that is complete has nothing to %s', async (verb) => {
    const ran = await run(['service', verb, 's-1']);
    expect(ran.status).toBe(3);
  });

  test('whose set-up failed waits with its reason, and keeps its address when it is retried', async () => {
    const ordered = await done(provision('s-2'));
    const failed = await done(['service', 'set-up-finished', 's-2', '--failed', 'no space left']);
    expect(failed).toMatchObject({ state: 'waiting', reason: { message: expect.stringContaining('no space left') } });
    expect(await done(['service', 'show', 's-2'])).toMatchObject({ state: 'waiting' });
    await done(['service', 'retry', 's-2']);
    const set = await done(['service', 'set-up-finished', 's-2']);
    expect(set).toMatchObject({ state: 'active', addresses: [{ state: 'active' }] });
    const ips = (view: Record<string, unknown>) => (view['addresses'] as { ip: string }[]).map(({ ip }) => ip);
    expect(ips(set)).toEqual(ips(ordered));
  });

  test('that was abandoned gives its address back', async () => {
    const ordered = await done(provision('s-3'));
    await done(['service', 'abandon', 's-3']);
    const [{ ip }] = ordered['addresses'] as [{ ip: string }];
    const after = await done(['address', 'show', ip]);
    expect(after).toMatchObject({ service: null });
    expect((await run(['service', 'set-up-finished', 's-3'])).status).not.toBe(0);
  });

  test.each([
    ['a licence', { kind: 'licence' }],
    ['a server without addresses', { server: 'lite1' }],
  ])('that gets no address is an answer, exit status 0: %s', async (_why, more) => {
    const id = `none-${Object.keys(more)[0]}`;
    expect(await done(provision(id, more))).toEqual({
      service: id,
      workflowId: `provision/${id}`,
      outcome: 'not-allocated',
      reason: { code: expect.any(String), message: expect.any(String) },
      addresses: [],
    });
  });

  test('on an unknown server fails with its code', async () => {
    const ran = await run(provision('s-9', { server: 'nope' }));
    expect(ran.status).toBe(1);
    expect(ran.json).toMatchObject({ error: { code: 'no-such-server', value: 'nope' } });
  });

  test('with --no-wait is on its way at once', async () => {
    expect(await done([...provision('s-4'), '--no-wait'])).toEqual({
      service: 's-4',
      workflowId: 'provision/s-4',
      outcome: null,
      addresses: [],
    });
    expect(await done(provision('s-4'))).toMatchObject({ outcome: 'allocated' });
  });
});

describe('an address', () => {
  test('is added once an order, with a name of its own', async () => {
    const add = ['address', 'add', '--service', 's-1', '--order', 'o-1', '--ptr', 'Mail.Example.ORG.'];
    const first = await done(add);
    expect(first).toMatchObject({
      outcome: 'allocated',
      order: 'o-1',
      addresses: [{ ptr: 'mail.example.org', order: 'o-1' }],
    });
    expect(await done(add)).toMatchObject({ addresses: [{ ip: (first['addresses'] as [{ ip: string }])[0].ip }] });
    const fresh = await run(['address', 'add', '--service', 's-1', '--family', 'ipv6']);
    expect(fresh.stderr).toMatch(/order cli-/);
    expect(fresh.json).toMatchObject({ addresses: [{ ip: expect.stringContaining(':') }] });
  });

  test('changes its PTR for its customer and for nobody else', async () => {
    const { addresses } = (await done(['address', 'list', '--service', 's-1'])) as { addresses: { ip: string }[] };
    const [{ ip }] = addresses as [{ ip: string }];
    const ran = await run(['address', 'ptr', ip, 'www.example.org', '--actor', 'customer:c-2']);
    expect(ran.status).toBe(3);
    expect(ran.json).toMatchObject({ error: { code: 'not-yours' } });
    const changed = await done(['address', 'ptr', ip, 'www.example.org', '--actor', 'customer:c-1']);
    expect(changed).toMatchObject({ address: ip, ptr: 'www.example.org', workflowId: `ptr/${ip}` });
    expect(await done(['address', 'show', ip])).toMatchObject({ ptr: 'www.example.org', conflict: null, lock: null });
  });

  test('that is protected is not released; unprotected it is, and its history tells', async () => {
    const [{ ip }] = (await done(['address', 'list', '--service', 's-2']))['addresses'] as [{ ip: string }];
    expect(await done(['address', 'protect', ip])).toMatchObject({ protected: true });
    expect(await run(['address', 'release', ip])).toMatchObject({ status: 3 });
    expect(await done(['address', 'unprotect', ip])).toMatchObject({ protected: false });
    const released = await done(['address', 'release', ip, '--reason', 'not needed']);
    expect(released).toMatchObject({ address: ip, state: 'quarantined', workflowId: `release/${ip}`, reason: null });
    expect(await done(['address', 'list', '--state', 'quarantined'])).toMatchObject({
      addresses: expect.arrayContaining([expect.objectContaining({ ip, service: null })]),
    });
    const { history } = (await done(['address', 'history', ip])) as { history: { event: string; reason: string }[] };
    expect(history.map(({ event }) => event)).toContain('active');
    expect(history.some(({ reason }) => reason?.includes('not needed'))).toBe(true);
    const late = await run(['address', 'keep', ip]);
    expect(late).toMatchObject({ status: 3 });
    expect(late.json).toMatchObject({ error: { code: 'nothing-to-keep' } });
  });

  test('in a long cool-down nobody is kept waiting for', async () => {
    await done(['integration', 'edit', 'main', '--cool-down', '10m']);
    const [{ ip }] = (await done(['address', 'list', '--service', 's-4']))['addresses'] as [{ ip: string }];
    await done(['service', 'set-up-finished', 's-4']);
    const ran = await done(['address', 'release', ip]);
    expect(ran).toMatchObject({ address: ip, state: 'releasing', until: expect.stringMatching(/Z$/) });
    await done(['integration', 'edit', 'main', '--cool-down', '0']);
  });

  test.each([
    [['address', 'show', '192.0.2.77'], 1, 'no-such-address'],
    [['address', 'release', '192.0.2.77'], 1, 'no-such-address'],
    [['address', 'history', '192.0.2.77'], 1, 'no-such-address'],
    [['address', 'list', '--state', 'lost'], 2, 'invalid-input'],
    [['service', 'show', 'nope'], 1, 'no-such-service'],
    [['service', 'remove', 'nope'], 1, 'no-such-service'],
  ])('%j ends with %i', async (args, status, code) => {
    const ran = await run(args);
    expect(ran.status).toBe(status);
    expect(ran.json).toMatchObject({ error: { code } });
  });
});

test('a service that is removed has given everything back', async () => {
  const removed = await done(['service', 'remove', 's-1', '--reason', 'cancelled by the customer']);
  expect(removed).toMatchObject({ service: 's-1', workflowId: 'remove/s-1', state: 'removed', kept: [] });
  expect(removed['released']).toHaveLength(4);
  expect(await done(['service', 'show', 's-1'])).toMatchObject({ state: 'removed', addresses: [] });
});

test('doctor looks at all of it and finds nothing to do but what waits', async () => {
  const ran = await run(['doctor']);
  const { checks } = ran.json as { checks: { name: string; state: string; detail: string; next: string | null }[] };
  expect(checks.filter(({ state }) => state === 'fail')).toEqual([]);
  expect(ran.status).toBe(0);
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'node',
      'database',
      'migrations',
      'rights',
      'ledger',
      'temporal',
      'workers',
      'integration main',
    ]),
  );
});

test('a worker that is told to stop ends with 0', async () => {
  expect(await worker.stop()).toBe(0);
});
