import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { touch } from '../../activities/ipmanager/simulator/world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { testServers } from '../support/servers.ts';
import { bareEnv, fileWith, iptally, type Ran } from './support/cli.ts';
import { createNamespace } from './support/namespace.ts';
import { startWorkerProcess, type WorkerProcess } from './support/worker.ts';

/** The commands of the sync against a worker of its own: a first plan, its approval, and a second run with nothing to do. */
let database: TestDatabase;
let panel: IpManagerSimulator;
let worker: WorkerProcess;
let env: Record<string, string>;

const run = (args: readonly string[], stdin = ''): Promise<Ran> => iptally([...args, '--json'], { env, stdin });

/** The document of a command that must end with this status. */
async function ends(status: number, args: readonly string[], stdin = ''): Promise<Document> {
  const ran = await run(args, stdin);
  if (ran.status !== status) throw new Error(`${args.join(' ')}: ${ran.status} ${ran.stdout} ${ran.stderr}`);
  return ran.json as Document;
}

interface Document {
  readonly run: string;
  readonly checksum: string;
  readonly state: string;
  readonly items: readonly { readonly address: string; readonly action: string; readonly outcome: string | null }[];
  readonly [field: string]: unknown;
}

const provision = (id: string): readonly string[] => {
  const flags = { kind: 'vps', domain: `${id}.example`, server: 'vps1', tariff: 'one', customer: 'c-1' };
  return ['service', 'provision', id, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])];
};

async function addressOf(id: string): Promise<string> {
  const { addresses } = (await ends(0, provision(id))) as unknown as { addresses: readonly [{ ip: string }] };
  await ends(0, ['service', 'set-up-finished', id]);
  return addresses[0].ip;
}

beforeAll(async () => {
  const servers = testServers();
  database = await createDatabase();
  panel = await startIpManagerSimulator({ world: demoWorld({ billing: 'b', admin: 'a', dummy: 'd' }) });
  env = {
    ...bareEnv(),
    DATABASE_URL: database.applicationUrl,
    IPTALLY_MIGRATION_DATABASE_URL: database.migrationUrl,
    IPTALLY_MASTER_KEY_FILE: fileWith(Buffer.alloc(32, 5).toString('base64')),
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: await createNamespace(servers.temporalAddress),
    IPTALLY_METRICS_ADDRESS: `127.0.0.1:${await freePort()}`,
  };
  await ends(0, ['migrate']);
  const panelFlags = ['--url', panel.url, '--login', 'billing', '--allow-plain-http', '--password-stdin'];
  await ends(0, ['integration', 'add', 'main', ...panelFlags, '--request-timeout', '1s'], 'b');
  worker = await startWorkerProcess(env);
  await ends(0, ['server', 'add', 'vps1', '--module', 'external', '--integration', 'main']);
  await ends(0, ['tariff', 'add', 'one']);
}, 120_000);

afterAll(async () => {
  await worker.stop();
  await panel.close();
  await database.drop();
});

/** Free a moment ago: the worker's metrics have an address of their own. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Both sides apart: one address in use here and free there, one used there and unknown here, one PTR changed there. */
let lost = '';
let renamed = '';
const unknown = '203.0.113.9';

test('drift in both directions is a plan that waits: exit status 3, and nothing was changed', async () => {
  lost = await addressOf('s-1');
  renamed = await addressOf('s-2');
  panel.world.addresses.delete(lost);
  const row = panel.world.addresses.get(renamed);
  if (row !== undefined) row.domain = 'www.s-2.example';
  touch(panel.world);

  const dry = await ends(0, ['sync', 'run', 'main', '--dry-run']);
  expect(dry).toMatchObject({ state: 'planned', verdict: 'needs-approval', dryRun: true, policy: 'all' });

  const waits = await ends(3, ['sync', 'run', 'main']);
  expect(waits).toMatchObject({
    run: expect.any(String),
    integration: 'main',
    workflowId: 'sync/main',
    state: 'needs-approval',
    verdict: 'needs-approval',
    reason: { code: 'first-plan', message: expect.any(String) },
    checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    counts: { release: 1, occupy: 1, 'adopt-ptr': 1 },
    discrepancies: { 'unknown-holder': 1, missing: 1, 'ptr-drift': 1 },
    outcomes: { done: 0, failed: 0, denied: 0, changed: 0 },
    next: null,
  });
  const words = expect.any(String);
  expect(waits.items).toHaveLength(3);
  expect(waits.items).toEqual(
    expect.arrayContaining([
      { address: lost, discrepancy: 'missing', action: 'occupy', outcome: null, reason: words },
      { address: unknown, discrepancy: 'unknown-holder', action: 'release', outcome: null, reason: words },
      { address: renamed, discrepancy: 'ptr-drift', action: 'adopt-ptr', outcome: null, reason: words },
    ]),
  );
  expect(panel.world.addresses.has(unknown)).toBe(true);
  expect(panel.world.addresses.has(lost)).toBe(false);
});

/** The newest run of the integration. */
async function newest(): Promise<Document> {
  const { runs } = (await ends(0, ['sync', 'runs', 'main'])) as unknown as { runs: readonly Document[] };
  if (runs[0] === undefined) throw new Error('no run yet');
  return runs[0];
}

describe('a plan that waits', () => {
  test('is shown to people with what to do next', async () => {
    const { run: id, checksum } = await newest();
    const shown = await iptally(['sync', 'show', id], { env });
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain(`iptally sync approve ${id} --checksum ${checksum}`);
    expect(shown.stdout).toMatch(/^- release 1 unknown-holder/m);
    expect(shown.stdout).toMatch(/^\+ occupy 1 missing/m);
    expect(shown.stdout).toMatch(new RegExp(`^ {4}${lost.replaceAll('.', '\\.')} +\\S`, 'm'));
  });

  test('is shown in parts', async () => {
    const { run: id } = await newest();
    const first = await ends(0, ['sync', 'show', id, '--limit', '2']);
    expect(first.items).toHaveLength(2);
    expect(first['next']).toBe(first.items[1]?.address);
    const rest = await ends(0, ['sync', 'show', id, '--after', String(first['next'])]);
    expect(rest.items).toHaveLength(1);
    expect(rest['next']).toBeNull();
    const all = await ends(0, ['sync', 'show', id, '--all']);
    expect(all.items).toEqual([...first.items, ...rest.items]);
  });

  test.each([
    ['another checksum', 3, 'other-checksum', 'f'.repeat(64)],
    ['what is no checksum', 2, 'invalid-input', 'yes'],
  ])('is not approved by %s', async (_what, status, code, checksum) => {
    const { run: id } = await newest();
    expect(await ends(status, ['sync', 'approve', id, '--checksum', checksum])).toMatchObject({ error: { code } });
    expect(await newest()).toMatchObject({ run: id, state: 'needs-approval' });
  });

  test('makes room for another run', async () => {
    const before = await newest();
    const after = await ends(3, ['sync', 'run', 'main', '--policy', 'owned']);
    expect(after.run).not.toBe(before.run);
    expect(after).toMatchObject({ policy: 'owned', counts: { occupy: 1, 'adopt-ptr': 1, report: 1 } });
    expect(await ends(0, ['sync', 'show', before.run])).toMatchObject({ state: 'superseded' });
    const late = await ends(3, ['sync', 'approve', before.run, '--checksum', before.checksum]);
    expect(late).toMatchObject({ error: { code: 'not-waiting' } });
  });

  test('can be rejected, again too', async () => {
    const { run: id } = await newest();
    expect(await ends(0, ['sync', 'reject', id])).toMatchObject({ run: id, state: 'rejected' });
    expect(await ends(0, ['sync', 'reject', id])).toMatchObject({ run: id, state: 'rejected' });
    expect(panel.world.addresses.has(lost)).toBe(false);
  });

  test('is loud in doctor until somebody answers', async () => {
    await ends(3, ['sync', 'run', 'main']);
    const { checks } = (await ends(0, ['doctor'])) as unknown as { checks: readonly Record<string, unknown>[] };
    expect(checks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'sync main', state: 'warn', detail: expect.stringContaining('waits') }),
        expect.objectContaining({ name: 'schedule main', state: 'ok' }),
      ]),
    );
  });

  test('is applied when its checksum is approved, and the approval said again shows the same end', async () => {
    const { run: id, checksum } = await newest();
    const applied = await ends(0, ['sync', 'approve', id, '--checksum', checksum]);
    expect(applied).toMatchObject({
      run: id,
      state: 'applied',
      outcomes: { done: 3, failed: 0, denied: 0, changed: 0 },
    });
    expect(applied.items.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
    expect(await ends(0, ['sync', 'approve', id, '--checksum', checksum])).toEqual(applied);
    expect(panel.world.addresses.get(lost)).toMatchObject({ owner: 'billing', domain: 's-1.example' });
    expect(panel.world.addresses.has(unknown)).toBe(false);
    expect(await ends(0, ['address', 'show', renamed])).toMatchObject({ ptr: 'www.s-2.example' });
  });
});

test('right after it there is nothing to do', async () => {
  const again = await ends(0, ['sync', 'run', 'main']);
  expect(again).toMatchObject({ state: 'applied', verdict: 'apply', items: [] });
  const said = await iptally(['sync', 'show', again.run], { env });
  expect(said.stdout).toMatch(/no difference\n\nnothing to do\n$/);
});

test('with --no-wait it is on its way at once, and a second start joins it', async () => {
  const begun = await ends(0, ['sync', 'run', 'main', '--no-wait']);
  expect(begun).toMatchObject({ run: expect.any(String), workflowId: 'sync/main' });
  expect(await ends(0, ['sync', 'run', 'main'])).toMatchObject({ state: 'applied' });
});

test('a panel that does not answer ends with 4, and nothing was changed', async () => {
  const { port } = panel;
  const { world } = panel;
  await panel.close();
  const ran = await run(['sync', 'run', 'main']);
  panel = await startIpManagerSimulator({ world, port });
  expect(ran.json).toMatchObject({ reason: { code: expect.stringMatching(/^panel-/) } });
  expect(ran.status).toBe(4);
}, 180_000);

test.each([
  [['sync', 'run', 'nope'], 1, 'no-such-integration'],
  [['sync', 'runs', 'nope'], 1, 'no-such-integration'],
  [['sync', 'run', 'main', '--policy', 'everything'], 2, 'invalid-input'],
  [['sync', 'show', 'nope'], 1, 'no-such-run'],
  [['sync', 'show', 'nope', '--limit', '0'], 2, 'invalid-input'],
  [['sync', 'reject', 'nope'], 1, 'no-such-run'],
])('%j ends with %i', async (args, status, code) => {
  expect(await ends(status, args)).toMatchObject({ error: { code } });
});

describe('the nightly schedule', () => {
  test('shows in the metrics of the worker', async () => {
    const metrics = async () => (await fetch(`http://${env['IPTALLY_METRICS_ADDRESS']}/metrics`)).text();
    expect(await metrics()).toMatch(/^temporal_\w+\{/m);
    expect(await metrics()).toMatch(/^iptally_last_good_sync_age_seconds\{.*integration="main".*\} \d+$/m);
    expect(await metrics()).toMatch(/^iptally_schedule_problems\{.*integration="main".*\} 0$/m);
  });

  const schedule = async (): Promise<unknown> => {
    const { checks } = (await run(['doctor'])).json as {
      checks: readonly { name: string; state: string; detail: string }[];
    };
    return checks.find(({ name }) => name === 'schedule main');
  };

  test('goes with its integration', async () => {
    await ends(0, ['integration', 'edit', 'main', '--time-zone', 'Europe/Lisbon', '--confirm-sightings', '2']);
    expect(await schedule()).toMatchObject({ state: 'ok', detail: expect.stringContaining('Europe/Lisbon') });
    expect(await ends(0, ['integration', 'show', 'main'])).toMatchObject({
      confirmSightings: 2,
      releaseLimit: 100,
      askRows: 10,
    });
  });

  test('is made by a worker where Temporal was not there', async () => {
    const { TEMPORAL_ADDRESS: _gone, ...without } = env;
    const flags = ['--url', panel.url, '--login', 'dummy', '--allow-plain-http', '--password-stdin', '--no-test'];
    const ran = await iptally(['integration', 'add', 'later', ...flags, '--json'], { env: without, stdin: 'd' });
    expect(ran.stderr).toContain('the nightly schedule of later was not made');
    const before = (await run(['doctor'])).json as { checks: readonly { name: string; state: string }[] };
    expect(before.checks).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'schedule later', state: 'fail' })]),
    );
    await worker.stop();
    worker = await startWorkerProcess(env);
    const made = async (): Promise<boolean> => {
      const { checks } = (await run(['doctor'])).json as { checks: readonly { name: string; state: string }[] };
      return checks.some(({ name, state }) => name === 'schedule later' && state === 'ok');
    };
    let looks = 0;
    while (!(await made()) && looks < 10) looks += 1;
    expect(looks).toBeLessThan(10);
    expect(await ends(0, ['integration', 'remove', 'later'])).toMatchObject({ removed: true });
  });
});
