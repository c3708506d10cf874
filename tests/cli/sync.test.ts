import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { touch } from '../../activities/ipmanager/simulator/world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { testServers } from '../support/servers.ts';
import { iptally, ledgerEnv, type Ran } from './support/cli.ts';
import { startWorkerProcess, type WorkerProcess } from './support/worker.ts';

/** The commands of the sync against a worker of its own: a first plan, its approval, and a second run with nothing to do. */
let database: TestDatabase;
let panel: IpManagerSimulator;
let worker: WorkerProcess;
let env: Record<string, string>;
/** Of an integration that was added where Temporal was not there, before the first worker started. */
let withoutTemporal: { readonly added: Ran; readonly schedule: Check | undefined };

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

interface Check {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}

async function checkNamed(name: string): Promise<Check | undefined> {
  const { checks } = (await run(['doctor'])).json as { readonly checks: readonly Check[] };
  return checks.find((check) => check.name === name);
}

const panelFlags = (url: string, login: string): readonly string[] =>
  `--url ${url} --login ${login} --allow-plain-http --password-stdin --request-timeout 1s`.split(' ');

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
  database = await createDatabase();
  panel = await startIpManagerSimulator({ world: demoWorld({ billing: 'b', admin: 'a', dummy: 'd' }) });
  env = {
    ...ledgerEnv(database),
    TEMPORAL_ADDRESS: testServers().temporalAddress,
    TEMPORAL_NAMESPACE: takeNamespace(),
    IPTALLY_METRICS_ADDRESS: `127.0.0.1:${await freePort()}`,
  };
  await ends(0, ['migrate']);
  await ends(0, ['integration', 'add', 'main', ...panelFlags(panel.url, 'billing')], 'b');
  const { TEMPORAL_ADDRESS: _gone, ...without } = env;
  const later = ['integration', 'add', 'later', ...panelFlags(panel.url, 'dummy'), '--no-test', '--json'];
  const added = await iptally(later, { env: without, stdin: 'd' });
  const [schedule] = await Promise.all([
    // Looks for a worker for some seconds.
    checkNamed('schedule later'),
    ends(0, ['server', 'add', 'vps1', '--module', 'external', '--integration', 'main']),
    ends(0, ['tariff', 'add', 'one']),
  ]);
  withoutTemporal = { added, schedule };
  worker = await startWorkerProcess(env);
}, 300_000);

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
/** The plan that waits for somebody. */
let waiting: Document;

test('drift in both directions is a plan that waits: exit status 3, and nothing was changed', async () => {
  lost = await addressOf('s-1');
  renamed = await addressOf('s-2');
  panel.world.addresses.delete(lost);
  const row = panel.world.addresses.get(renamed);
  if (row !== undefined) row.domain = 'www.s-2.example';
  touch(panel.world);

  const dry = await ends(0, ['sync', 'run', 'main', '--dry-run']);
  expect(dry).toMatchObject({ state: 'planned', verdict: 'needs-approval', dryRun: true, policy: 'all' });

  waiting = await ends(3, ['sync', 'run', 'main']);
  expect(waiting).toMatchObject({
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
  expect(waiting.items).toHaveLength(3);
  expect(waiting.items).toEqual(
    expect.arrayContaining([
      { address: lost, discrepancy: 'missing', action: 'occupy', outcome: null, reason: words },
      { address: unknown, discrepancy: 'unknown-holder', action: 'release', outcome: null, reason: words },
      { address: renamed, discrepancy: 'ptr-drift', action: 'adopt-ptr', outcome: null, reason: words },
    ]),
  );
  expect(panel.world.addresses.has(unknown)).toBe(true);
  expect(panel.world.addresses.has(lost)).toBe(false);
});

test('a plan that waits is loud in doctor until somebody answers', async () => {
  const { checks } = (await ends(0, ['doctor'])) as unknown as { readonly checks: readonly Check[] };
  expect(checks).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'sync main', state: 'warn', detail: expect.stringContaining('waits') }),
      expect.objectContaining({ name: 'schedule main', state: 'ok' }),
    ]),
  );
});

/** The newest run of the integration. */
async function newest(): Promise<Document> {
  const { runs } = (await ends(0, ['sync', 'runs', 'main'])) as unknown as { runs: readonly Document[] };
  if (runs[0] === undefined) throw new Error('no run yet');
  return runs[0];
}

describe('beside a sync whose panel does not answer', () => {
  let silent: IpManagerSimulator;
  /** It waits half a minute before it gives up: the others are tested meanwhile. */
  let unanswered: Promise<Ran>;

  beforeAll(async () => {
    silent = await startIpManagerSimulator({ world: demoWorld({ billing: 'b', admin: 'a', dummy: 'd' }) });
    await ends(0, ['integration', 'add', 'silent', ...panelFlags(silent.url, 'billing')], 'b');
    silent.faults.hook = () => ({ kind: 'no-answer-after' });
    unanswered = run(['sync', 'run', 'silent']);
  });
  afterAll(() => silent.close());

  describe('a plan that waits', () => {
    test('is shown to people with what to do next', async () => {
      const { run: id, checksum } = waiting;
      const shown = await iptally(['sync', 'show', id], { env });
      expect(shown.status).toBe(0);
      expect(shown.stdout).toContain(`iptally sync approve ${id} --checksum ${checksum}`);
      expect(shown.stdout).toMatch(/^- release 1 unknown-holder/m);
      expect(shown.stdout).toMatch(/^\+ occupy 1 missing/m);
      expect(shown.stdout).toMatch(new RegExp(`^ {4}${lost.replaceAll('.', '\\.')} +\\S`, 'm'));
    });

    test('is shown in parts', async () => {
      const { run: id } = waiting;
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
      const { run: id } = waiting;
      expect(await ends(status, ['sync', 'approve', id, '--checksum', checksum])).toMatchObject({ error: { code } });
      expect(await newest()).toMatchObject({ run: id, state: 'needs-approval' });
    });

    test('makes room for another run', async () => {
      const before = waiting;
      waiting = await ends(3, ['sync', 'run', 'main', '--policy', 'owned']);
      expect(waiting.run).not.toBe(before.run);
      expect(waiting).toMatchObject({ policy: 'owned', counts: { occupy: 1, 'adopt-ptr': 1, report: 1 } });
      expect(await ends(0, ['sync', 'show', before.run])).toMatchObject({ state: 'superseded' });
      const late = await ends(3, ['sync', 'approve', before.run, '--checksum', before.checksum]);
      expect(late).toMatchObject({ error: { code: 'not-waiting' } });
    });

    test('can be rejected, again too', async () => {
      const { run: id } = waiting;
      expect(await ends(0, ['sync', 'reject', id])).toMatchObject({ run: id, state: 'rejected' });
      expect(await ends(0, ['sync', 'reject', id])).toMatchObject({ run: id, state: 'rejected' });
      expect(panel.world.addresses.has(lost)).toBe(false);
    });

    test('is applied when its checksum is approved, and the approval said again shows the same end', async () => {
      const { run: id, checksum } = await ends(3, ['sync', 'run', 'main']);
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

  test('the nightly schedule shows in the metrics of the worker', async () => {
    const metrics = async () => (await fetch(`http://${env['IPTALLY_METRICS_ADDRESS']}/metrics`)).text();
    expect(await metrics()).toMatch(/^temporal_\w+\{/m);
    expect(await metrics()).toMatch(/^iptally_last_good_sync_age_seconds\{.*integration="main".*\} \d+$/m);
    expect(await metrics()).toMatch(/^iptally_schedule_problems\{.*integration="main".*\} 0$/m);
  });

  test('the nightly schedule goes with its integration', async () => {
    await ends(0, ['integration', 'edit', 'main', '--time-zone', 'Europe/Lisbon', '--confirm-sightings', '2']);
    const schedule = await checkNamed('schedule main');
    expect(schedule).toMatchObject({ state: 'ok', detail: expect.stringContaining('Europe/Lisbon') });
    expect(await ends(0, ['integration', 'show', 'main'])).toMatchObject({
      confirmSightings: 2,
      releaseLimit: 100,
      askRows: 10,
    });
  });

  test('the nightly schedule is made by a worker where Temporal was not there', async () => {
    const { added, schedule } = withoutTemporal;
    expect(added.stderr).toContain('the nightly schedule of later was not made');
    expect(schedule).toMatchObject({ state: 'fail' });
    expect(await checkNamed('schedule later')).toMatchObject({ state: 'ok' });
    expect(await ends(0, ['integration', 'remove', 'later'])).toMatchObject({ removed: true });
  });

  test('which ends with 4, and nothing was changed', async () => {
    const ran = await unanswered;
    expect(ran.json).toMatchObject({ reason: { code: expect.stringMatching(/^panel-/) }, items: [] });
    expect(ran.status).toBe(4);
  }, 180_000);
});
