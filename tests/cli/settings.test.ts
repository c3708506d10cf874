import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { demoIspWorld } from '../../activities/servers/ispmanager/simulator/demo-world.ts';
import {
  startIspManagerSimulator,
  type IspManagerSimulator,
} from '../../activities/servers/ispmanager/simulator/start.ts';
import { createDatabase, query, type TestDatabase } from '../support/database.ts';
import { demoPveWorld } from '../../activities/servers/proxmox-ve/simulator/demo-world.ts';
import { startProxmoxVeSimulator } from '../../activities/servers/proxmox-ve/simulator/start.ts';
import { demoVdsWorld } from '../../activities/servers/vdsmanager4/simulator/demo-world.ts';
import { startVdsManager4Simulator } from '../../activities/servers/vdsmanager4/simulator/start.ts';
import { demoVmWorld } from '../../activities/servers/vmmanager5/simulator/demo-world.ts';
import { startVmManager5Simulator } from '../../activities/servers/vmmanager5/simulator/start.ts';
import { demoVmManager6World } from '../../activities/servers/vmmanager6/simulator/demo-world.ts';
import { startVmManager6Simulator } from '../../activities/servers/vmmanager6/simulator/start.ts';
import { fileWith, iptally, ledgerEnv, type Ran } from './support/cli.ts';
import { goodSettings } from './support/good-settings.ts';

/** Marked passwords: wherever one of them turns up, a secret leaked (I11). */
const canary = { billing: 'canary-b1ll', admin: 'canary-adm1', dummy: 'canary-dumm', root: 'canary-r00t' };

let database: TestDatabase;
let panel: IpManagerSimulator;
let web: IspManagerSimulator;
let env: Record<string, string>;
const said: string[] = [];

beforeAll(async () => {
  database = await createDatabase();
  panel = await startIpManagerSimulator({ world: demoWorld(canary) });
  web = await startIspManagerSimulator({ world: demoIspWorld(canary) });
  env = {
    ...ledgerEnv(database),
    IPTALLY_DEBUG: '1',
  };
});

afterAll(async () => {
  await panel.close();
  await web.close();
  await database.drop();
});

async function run(args: readonly string[], stdin = ''): Promise<Ran> {
  const ran = await iptally([...args, '--json'], { env, stdin });
  said.push(ran.stdout, ran.stderr);
  return ran;
}

const at = (login: string): readonly string[] => [
  ...['--url', panel.url, '--login', login],
  ...['--allow-plain-http', '--password-stdin'],
];

test('migrate makes the ledger, and again is harmless', async () => {
  const first = await run(['migrate']);
  expect(first.json).toMatchObject({ applied: expect.arrayContaining([expect.any(String)]), already: [] });
  const again = await run(['migrate']);
  expect(again).toMatchObject({ status: 0 });
  expect(again.json).toMatchObject({ applied: [], searchAttributes: null });
});

describe('integration', () => {
  test('add asks the panel, keeps its dialect and shows no password', async () => {
    const ran = await run(['integration', 'add', 'main', ...at('billing')], `${canary.billing}\n`);
    expect(ran.status).toBe(0);
    expect(ran.json).toMatchObject({
      name: 'main',
      url: panel.url,
      login: 'billing',
      adminLogin: null,
      policy: 'all',
      timeZone: 'Europe/Berlin',
      coolDown: '0',
      requestTimeout: '90s',
      fence: '3m',
      dialect: { tagInAllocation: 'note', releaseFunction: 'ip.delete', dummy: false, groups: ['public', 'alias'] },
      test: { warnings: [], administrator: null },
    });
    expect(ran.stderr).toContain('time zone: Europe/Berlin, that of this host');
  });

  test.each([
    ['a wrong password', ['wrong', ...'--login billing2'.split(' ')], 'canary-wrong\n', 1, 'login-refused'],
    ['no password', ['wrong', ...'--login dummy'.split(' ')], '', 2, 'password-missing'],
  ])('add with %s saves nothing', async (_what, [name = '', ...more], stdin, status, code) => {
    const ran = await run(['integration', 'add', name, ...at('dummy'), ...more], stdin);
    expect(ran.status).toBe(status);
    expect(ran.json).toMatchObject({ error: { code } });
    expect((await run(['integration', 'show', name])).json).toMatchObject({ error: { code: 'no-such-integration' } });
  });

  test('add of a panel that does not answer ends with 4 and saves nothing', async () => {
    const args = [
      'integration',
      'add',
      'gone',
      '--url',
      'http://127.0.0.1:1/ipmgr',
      '--login',
      'x',
      '--allow-plain-http',
    ];
    const ran = await run([...args, '--password-stdin'], 'canary-gone\n');
    expect(ran.status).toBe(4);
    expect(ran.json).toMatchObject({ error: { code: 'panel-unreachable' } });
    expect((await run(['integration', 'list'])).json).toMatchObject({ integrations: [{ name: 'main' }] });
    const kept = await run([...args, '--password-stdin', '--no-test'], 'canary-gone\n');
    expect(kept.json).toMatchObject({ name: 'gone', dialect: null });
    expect((await run(['integration', 'remove', 'gone'])).json).toEqual({ name: 'gone', removed: true });
  });

  test('add of a panel whose certificate is not trusted shows its fingerprint and the flag that pins it', async () => {
    const read = (name: string) => readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
    const tls = { key: read('self-signed.key'), cert: read('self-signed.crt') };
    const secure = await startIpManagerSimulator({ world: demoWorld(canary), tls });
    const args = ['integration', 'add', 'tls', '--url', secure.url, '--login', 'billing', '--password-stdin'];
    const ran = await run(args, `${canary.billing}\n`);
    expect(ran.status).toBe(4);
    const { error } = ran.json as { error: { code: string; value: string; next: string } };
    expect(error).toMatchObject({
      code: 'panel-certificate',
      value: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    expect(error.next).toContain(`--pin ${error.value}`);
    const pinned = await run([...args, '--pin', error.value.replaceAll(':', '').toLowerCase()], `${canary.billing}\n`);
    expect(pinned.json).toMatchObject({ name: 'tls', pin: error.value, ca: null });
    expect((await run(['integration', 'remove', 'tls'])).status).toBe(0);
    await secure.close();
  });

  test('with the same URL and login is refused, however the URL is written', async () => {
    const args = ['--url', `${panel.url}/`, '--login', 'billing', '--allow-plain-http', '--password-stdin'];
    const ran = await run(['integration', 'add', 'twin', ...args], `${canary.billing}\n`);
    expect(ran.status).toBe(3);
    expect(ran.json).toMatchObject({ error: { code: 'same-panel', message: expect.stringContaining('main') } });
  });

  test('with an administrator and policy all is warned about', async () => {
    const args = ['integration', 'add', 'dummy', ...at('dummy'), '--admin-login', 'admin', '--policy', 'all'];
    const ran = await run(args, `${canary.dummy}\n${canary.admin}\n`);
    expect(ran.json).toMatchObject({
      policy: 'all',
      dialect: { dummy: true },
      test: { administrator: { login: 'admin' } },
    });
    expect(ran.stderr).toContain('the administrator login admin has rights over the addresses of everybody');
    expect(ran.stderr).toContain('the policy "all" the sync releases every address the ledger does not know');
  });

  test('edit tests what decides whether the panel answers, and keeps the rest', async () => {
    const wrong = await run(['integration', 'edit', 'main', '--password-stdin'], 'canary-wrong\n');
    expect(wrong.json).toMatchObject({ error: { code: 'login-refused' } });
    const edited = await run(['integration', 'edit', 'main', '--cool-down', '5m', '--ignore-group', 'public']);
    expect(edited.json).toMatchObject({ coolDown: '5m', ignoredGroups: ['public'], login: 'billing', fence: '3m' });
    expect((await run(['integration', 'test', 'main'])).json).toMatchObject({
      dialect: { dummy: false },
      warnings: [],
    });
    const back = await run(['integration', 'edit', 'main', '--cool-down', '0', '--no-ignore-groups']);
    expect(back.json).toMatchObject({ coolDown: '0', ignoredGroups: [] });
  });

  test('names set by hand win, also over a test', async () => {
    const edited = await run(['integration', 'edit', 'dummy', '--dialect', 'releaseFunction=ip.free']);
    expect(edited.json).toMatchObject({
      dialect: { releaseFunction: 'ip.free' },
      dialectByHand: { releaseFunction: 'ip.free' },
    });
  });

  test('--ca and --pin exclude each other', async () => {
    const ran = await run(['integration', 'edit', 'main', '--ca', 'a.pem', '--pin', 'AA']);
    expect(ran).toMatchObject({ status: 2 });
    expect(ran.json).toMatchObject({ error: { code: 'usage' } });
  });

  test.each([['show'], ['test'], ['edit'], ['remove']])('%s of an unknown one names those there are', async (verb) => {
    const ran = await run(['integration', verb, 'nope']);
    expect(ran.status).toBe(1);
    expect(ran.json).toMatchObject({ error: { code: 'no-such-integration', value: 'nope', accepted: 'dummy, main' } });
  });
});

describe('server', () => {
  test('add of an ispmanager asks it first', async () => {
    const args = ['--module', 'ispmanager-business', '--url', web.url, '--login', 'root', '--integration', 'main'];
    const ran = await run(
      ['server', 'add', 'web1', ...args, '--allow-plain-http', '--password-stdin', '--set', 'preset=start'],
      `${canary.root}\n`,
    );
    expect(ran.json).toMatchObject({
      name: 'web1',
      module: 'ispmanager-business',
      integration: 'main',
      settings: { preset: 'start' },
      test: { product: 'ispmanager', missing: [] },
    });
    expect((await run(['server', 'test', 'web1'])).json).toMatchObject({ name: 'web1', product: 'ispmanager' });
    const missing = await run(['server', 'edit', 'web1', '--set', 'preset=premium']);
    expect(missing.json).toMatchObject({
      settings: { preset: 'premium' },
      test: { missing: [expect.stringContaining('premium')] },
    });
  });

  test('add of an external one needs no password', async () => {
    const ran = await run(['server', 'add', 'vps1', '--module', 'external', '--integration', 'main']);
    expect(ran.json).toMatchObject({ name: 'vps1', module: 'external', url: null, login: null });
    expect((await run(['server', 'list'])).json).toMatchObject({ servers: [{ name: 'vps1' }, { name: 'web1' }] });
  });

  test('to an unknown integration is refused with the names there are', async () => {
    const ran = await run(['server', 'add', 'vps2', '--module', 'external', '--integration', 'nope']);
    expect(ran.status).toBe(1);
    expect(ran.json).toMatchObject({ error: { code: 'no-such-integration', accepted: 'dummy, main' } });
  });

  const { root, admin } = canary;
  const token = 'canary-t0k3';
  test.each([
    ['vdsmanager4', 'root', root, () => startVdsManager4Simulator({ world: demoVdsWorld({ root }) })],
    ['vmmanager5', 'root', root, () => startVmManager5Simulator({ world: demoVmWorld({ root }) })],
    [
      'vmmanager6',
      'admin@demo.example',
      admin,
      () => startVmManager6Simulator({ world: demoVmManager6World({ admin }) }),
    ],
    ['proxmox-ve', 'root@pam!iptally', token, () => startProxmoxVeSimulator({ world: demoPveWorld({ root, token }) })],
  ] as const)(
    'add of a %s asks it, changes nothing there, and show tells its settings',
    async (module, login, secret, start) => {
      const server = await start();
      const settings = goodSettings[module] ?? {};
      const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
      const place = ['--url', server.url, '--login', login, '--allow-plain-http', '--token-file', fileWith(secret)];
      const added = await run(['server', 'add', module, '--module', module, ...place, ...set]);
      expect(added.json).toMatchObject({ module, settings, test: { rights: expect.any(String), missing: [] } });
      expect((await run(['server', 'show', module])).json).toMatchObject({ settings });
      expect(server.log.some(({ purpose }) => ['create', 'write', 'release'].includes(purpose))).toBe(false);
      await server.close();
    },
  );

  test('an integration that servers point to stays', async () => {
    const ran = await run(['integration', 'remove', 'main']);
    expect(ran.status).toBe(3);
    expect(ran.json).toMatchObject({ error: { code: 'in-use', message: expect.stringContaining('vps1') } });
  });
});

test('tariff: add, list, show, edit, remove', async () => {
  expect((await run(['tariff', 'add', 'vps-s', '--ipv4', '1', '--ipv6', '1'])).json).toEqual({
    name: 'vps-s',
    dedicated: true,
    ipv4: 1,
    ipv6: 1,
    group: null,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  expect((await run(['tariff', 'add', 'vps-s'])).json).toMatchObject({ error: { code: 'exists' } });
  expect((await run(['tariff', 'edit', 'vps-s', '--group', 'alias'])).json).toMatchObject({ ipv6: 1, group: 'alias' });
  expect((await run(['tariff', 'list'])).json).toMatchObject({ tariffs: [{ name: 'vps-s', group: 'alias' }] });
  expect((await run(['tariff', 'show', 'vps-s'])).json).toMatchObject({ name: 'vps-s' });
  expect((await run(['tariff', 'remove', 'vps-s'])).json).toEqual({ name: 'vps-s', removed: true });
  expect((await run(['tariff', 'list'])).json).toEqual({ tariffs: [] });
});

test('no password was printed or stands in a table in clear (I11)', async () => {
  expect(said.join('\n')).not.toContain('canary-');
  const tables = await query<{ table_name: string }>(
    database.migrationUrl,
    `select table_name from information_schema.tables where table_schema = 'public'`,
  );
  for (const { table_name: table } of tables) {
    const rows = await query(database.migrationUrl, `select t::text as row from "${table}" t`);
    expect(JSON.stringify(rows)).not.toContain('canary-');
  }
});
