import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fileWith, iptally, ledgerEnv, type Ran } from './support/cli.ts';

const secret = { billing: 'of-billing', admin: 'of-admin', dummy: 'of-dummy' };

let database: TestDatabase;
let panel: IpManagerSimulator;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  panel = await startIpManagerSimulator({ world: demoWorld(secret) });
  env = ledgerEnv(database);
  await run(['migrate']);
  const added = await run(['integration', 'add', 'main', ...at('billing')], `${secret.billing}\n`);
  if (added.status !== 0) throw new Error(added.stdout);
});

afterAll(async () => {
  await panel.close();
  await database.drop();
});

async function run(args: readonly string[], stdin = '', more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return iptally([...args, '--json'], { env: { ...env, ...more }, stdin });
}

const at = (login: string): readonly string[] => [
  ...['--url', panel.url, '--login', login],
  ...['--allow-plain-http', '--password-stdin'],
];

/** One after the other: each leaves the integration as it found it. */
describe('an integration', () => {
  test('with an administrator login is never `all` unless that is said, and each is warned about', async () => {
    const file = ['--admin-password-file', fileWith(secret.admin)];
    const entered = 'the administrator login admin has rights over the addresses of everybody';
    const chosen = 'the policy "all" the sync releases every address';
    const set = await run(['integration', 'edit', 'main', '--admin-login', 'admin', ...file]);
    expect(set.json).toMatchObject({
      adminLogin: 'admin',
      policy: 'owned',
      dialect: { acting: { login: 'admin', asUser: true } },
      test: { administrator: { login: 'admin' }, warnings: [] },
    });
    expect(set.stderr).toContain(entered);
    expect(set.stderr).toContain('policy: owned, no longer all');
    expect(set.stderr).not.toContain(chosen);
    const kept = await run(['integration', 'edit', 'main', ...file, '--cool-down', '0']);
    expect(kept.stderr).not.toContain('administrator');
    const wrong = await run(['integration', 'edit', 'main', '--no-test', '--admin-password-file', fileWith('another')]);
    expect(wrong.stderr).toContain(entered);
    const all = await run(['integration', 'edit', 'main', ...file, '--policy', 'all']);
    expect(all.json).toMatchObject({ policy: 'all' });
    expect(all.stderr).toContain(chosen);
    const without = await run(['integration', 'edit', 'main', '--no-admin-login']);
    expect(without.json).toMatchObject({ adminLogin: null, policy: 'all' });
    expect(without.stderr).not.toContain('administrator');
    const onPurpose = await run(['integration', 'edit', 'main', '--admin-login', 'admin', ...file, '--policy', 'all']);
    expect(onPurpose.json).toMatchObject({ policy: 'all' });
    expect(onPurpose.stderr).toContain(entered);
    await run(['integration', 'edit', 'main', '--no-admin-login']);
  });

  test('of a panel that does not let the administrator act as the user says so', async () => {
    panel.world.knobs.su = 'ignored';
    const args = ['integration', 'add', 'other', ...at('dummy'), '--admin-login', 'admin'];
    const { json } = await run(args, `${secret.dummy}\n${secret.admin}\n`);
    panel.world.knobs.su = 'heeded';
    expect(json).toMatchObject({
      dialect: { acting: { login: 'admin', asUser: false } },
      test: { warnings: [expect.stringContaining('does not let admin act as dummy (su)'), expect.any(String)] },
    });
    expect((await run(['integration', 'test', 'other'])).json).toMatchObject({ dialect: { acting: { asUser: true } } });
  });

  test('edit adds to the groups that are ignored; what falls out is said', async () => {
    const ignoring = async (...args: readonly string[]) =>
      (await run(['integration', 'edit', 'main', ...args])).json as { ignoredGroups: readonly string[] };
    expect(await ignoring('--ignore-group', 'infra')).toMatchObject({ ignoredGroups: ['infra'] });
    expect(await ignoring('--ignore-group', 'public', '--ignore-group', 'infra')).toMatchObject({
      ignoredGroups: ['infra', 'public'],
    });
    expect(await ignoring('--cool-down', '0')).toMatchObject({ ignoredGroups: ['infra', 'public'] });
    expect(await ignoring('--no-ignore-groups', '--ignore-group', 'alias')).toMatchObject({ ignoredGroups: ['alias'] });
    expect(await ignoring('--no-ignore-groups')).toMatchObject({ ignoredGroups: [] });
  });

  test('edit with --password-stdin and an empty stdin is refused: nothing would be changed in silence', async () => {
    const ran = await run(['integration', 'edit', 'main', '--password-stdin']);
    expect(ran).toMatchObject({ status: 2, json: { error: { code: 'password-missing', field: 'password' } } });
  });

  test('edit to another URL says that the first plan there waits for a person', async () => {
    const moved = await run(['integration', 'edit', 'main', '--no-test', '--url', 'https://panel.example/ipmgr']);
    expect(moved.stderr).toContain('no plan was approved there yet');
    const back = await run(['integration', 'edit', 'main', '--url', panel.url]);
    expect(back.json).toMatchObject({ url: panel.url, dialect: { dummy: false } });
  });
});

describe('without the master key', () => {
  const keyless = { IPTALLY_MASTER_KEY_FILE: '' };
  const place = '--url http://127.0.0.1:1/panel --login root --allow-plain-http --password-stdin'.split(' ');

  test.each([
    [['address', 'list'], { addresses: [] }],
    [['integration', 'show', 'main'], { name: 'main' }],
    [['sync', 'runs', 'main'], { runs: [] }],
    [['server', 'add', 'vps1', '--module', 'external'], { name: 'vps1' }],
    [['integration', 'edit', 'main', '--cool-down', '7m'], { coolDown: '7m' }],
  ])('%j works: no secret is in it', async (args, document) => {
    const ran = await run(args, '', keyless);
    expect(ran.json).toMatchObject(document);
    expect(ran.status).toBe(0);
  });

  test('the integration of a server is changed: its password stays sealed', async () => {
    const module = ['--module', 'ispmanager-business', '--no-test'];
    await run(['server', 'add', 'shared1', ...module, ...place], 'of-shared1\n');
    const edited = await run(['server', 'edit', 'shared1', '--integration', 'main'], '', keyless);
    expect(edited.json).toMatchObject({ name: 'shared1', integration: 'main' });
    const asked = await run(['server', 'edit', 'shared1', '--password-stdin'], 'another\n', keyless);
    expect(asked.json).toMatchObject({ error: { code: 'no-master-key' } });
  });

  test.each([
    ['integration add', ['integration', 'add', 'sealed', ...place]],
    ['integration edit with a password', ['integration', 'edit', 'main', '--password-stdin']],
    ['integration edit of the login', ['integration', 'edit', 'main', '--login', 'dummy']],
    ['integration edit that tests', ['integration', 'edit', 'main', '--url', 'http://127.0.0.1:1/panel']],
    ['integration test', ['integration', 'test', 'main']],
    ['server add', ['server', 'add', 'sealed', '--module', 'ispmanager-business', ...place]],
  ])('%s names it, before anything is asked', async (_what, args) => {
    const ran = await run(args, '', keyless);
    expect(ran.status).toBe(4);
    expect(ran.json).toMatchObject({ error: { code: 'no-master-key', field: 'IPTALLY_MASTER_KEY_FILE' } });
  });
});
