import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { testServers } from '../support/servers.ts';
import { iptally, ledgerEnv, type Ran } from './support/cli.ts';

/** Without a worker, which would bring the schedules in order. */
let database: TestDatabase;
let env: Record<string, string>;
let alone: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  alone = ledgerEnv(database);
  env = { ...alone, TEMPORAL_ADDRESS: testServers().temporalAddress, TEMPORAL_NAMESPACE: takeNamespace() };
  await done(['migrate'], env);
});
afterAll(() => database.drop());

async function done(args: readonly string[], where: Record<string, string>, stdin = ''): Promise<Ran> {
  const ran = await iptally([...args, '--json'], { env: where, stdin });
  if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.stdout} ${ran.stderr}`);
  return ran;
}

async function scheduleCheck(): Promise<unknown> {
  const { json } = await iptally(['doctor', '--json'], { env });
  return (json as { readonly checks: readonly { readonly name: string }[] }).checks.find(
    ({ name }) => name === 'schedule main',
  );
}

test('a schedule for another zone than its integration is seen by doctor, whose next step mends it', async () => {
  const flags = '--url http://127.0.0.1:1/ipmgr --login billing --allow-plain-http --password-stdin --no-test';
  await done(['integration', 'add', 'main', ...flags.split(' '), '--time-zone', 'Europe/Berlin'], env, 'b');
  expect(await scheduleCheck()).toMatchObject({ state: 'ok' });
  const edit = ['integration', 'edit', 'main', '--time-zone', 'Asia/Tokyo'];
  const edited = await done(edit, alone);
  expect(edited.stderr).toContain('a worker does it within ten minutes');
  expect(await scheduleCheck()).toMatchObject({
    state: 'warn',
    detail: expect.stringMatching(/Europe\/Berlin.*Asia\/Tokyo/),
    next: expect.stringContaining(`iptally ${edit.join(' ')}`),
  });
  await done(edit, env);
  expect(await scheduleCheck()).toMatchObject({ state: 'ok', detail: expect.stringContaining('Asia/Tokyo') });
});
