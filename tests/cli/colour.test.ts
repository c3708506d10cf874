import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDatabase, execute, type TestDatabase } from '../support/database.ts';
import { iptally, ledgerEnv } from './support/cli.ts';
import { onTerminal } from './support/preload.ts';

/** A plan with all that a diff paints, as it stands in the ledger: nobody else is needed to show it. */
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  env = {
    ...ledgerEnv(database),
    TERM: 'xterm-256color',
  };
  const panel = ['--url', 'https://192.0.2.250/ipmgr', '--login', 'billing', '--no-test', '--password-stdin'];
  await iptally(['migrate'], { env });
  await iptally(['integration', 'add', 'main', ...panel], { env, stdin: 'b' });
  await execute(database.migrationUrl, [
    `insert into sync_run (run, integration, owner_workflow, owner_run, login, policy, dry_run, history_before)
     values ('coloured', 'main', 'sync/main', 'r-1', 'billing', 'all', false, 0)`,
    `insert into sync_item (run, position, ip, discrepancy, action, reason, remote_held)
     values ('coloured', 1, '203.0.113.1', 'unknown-holder', 'release', 'a test', true),
       ('coloured', 2, '203.0.113.2', 'missing', 'occupy', 'a test', false),
       ('coloured', 3, '203.0.113.3', 'ptr-drift', 'adopt-ptr', 'a test', true),
       ('coloured', 4, '203.0.113.4', 'foreign-owner', 'report', 'a test', true)`,
  ]);
}, 120_000);

afterAll(() => database.drop());

async function shown(more: Readonly<Record<string, string>>): Promise<string> {
  const ran = await iptally(['sync', 'show', 'coloured'], { env: { ...env, ...more } });
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return ran.stdout;
}

const escape = String.fromCharCode(27);
const plain = [
  '- release 1 unknown-holder',
  '+ occupy 1 missing',
  '~ adopt-ptr 1 ptr-drift',
  '! report 1 foreign-owner',
];
const painted = { '- release': 31, '+ occupy': 32, '~ adopt-ptr': 33, '! report': 36 };

test.each([
  ['in a pipe with FORCE_COLOR=1', { FORCE_COLOR: '1' }],
  ['on a terminal', onTerminal('stdout')],
])('the diff of sync show has a colour for each action %s', async (_where, more) => {
  const text = await shown(more);
  for (const [words, colour] of Object.entries(painted))
    expect(text).toContain(`${escape}[${colour}m${words}${escape}[39m`);
});

test.each([
  ['on a terminal with NO_COLOR', { ...onTerminal('stdout'), NO_COLOR: '1' }],
  ['in a pipe', {}],
])('the diff of sync show has no colour %s', async (_where, more) => {
  const text = await shown(more);
  expect(text).not.toContain(escape);
  for (const words of plain) expect(text).toContain(words);
});
