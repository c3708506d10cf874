import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../worker/local/home.ts';
import { readJsonObject } from '../../worker/local/files.ts';
import { writeStack } from '../../worker/local/stack-file.ts';
import { startSimulators } from '../../worker/simulators.ts';
import type { Simulator } from '../../worker/local/stack-parts.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { testServers } from '../support/servers.ts';
import { bareEnv, iptally } from './support/cli.ts';
import { startWorkerProcess, type WorkerProcess } from './support/worker.ts';

/** The demo on a home whose stack is this process: simulators here, a worker beside, everything found by stack.json. */
jest.setTimeout(240_000);

let database: TestDatabase;
let simulators: Readonly<Record<string, Simulator>>;
let worker: WorkerProcess;
let env: Record<string, string>;
let home: string;

beforeAll(async () => {
  const servers = testServers();
  const namespace = takeNamespace();
  database = await createDatabase();
  env = bareEnv();
  home = env['IPTALLY_HOME'] ?? '';
  simulators = await startSimulators({ port: async () => 0, stateFile: (name) => join(home, `${name}.json`) });
  writeFileSync(join(home, 'master.key'), Buffer.alloc(32, 9).toString('base64'), { mode: 0o600 });
  writeStack(home, {
    pid: process.pid,
    pids: { postgres: process.pid },
    temporalAddress: servers.temporalAddress,
    namespace,
    webUi: 'http://127.0.0.1:8233',
    databaseUrl: database.applicationUrl,
    simulators: Object.fromEntries(Object.entries(simulators).map(([name, { url }]) => [name, url])),
  });
  const migrating = { ...env, IPTALLY_MIGRATION_DATABASE_URL: database.migrationUrl };
  await iptally(['migrate'], { env: migrating });
  worker = await startWorkerProcess(env);
});

afterAll(async () => {
  await worker.stop();
  await Promise.all(Object.values(simulators).map(({ close }) => close()));
  await database.drop();
});

test('killed in the middle it goes on, and ends with nothing left to mend', async () => {
  const child = spawn(process.execPath, [join(PROJECT, 'client/cli/iptally.mjs'), 'demo'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = once(child.stderr, 'data');
  await said;
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(readJsonObject(join(home, 'demo.json'))).toEqual({ play: 1, finished: false });

  const ran = await iptally(['demo', '--json'], { env });
  expect(ran.stdout).toContain('"play": 1');
  expect(ran.json).toMatchObject({
    play: 1,
    steps: [
      { step: 'import', addresses: ['203.0.113.9'], workflowId: null, link: null },
      { step: 'order', addresses: [expect.any(String), expect.any(String)], workflowId: 'provision/vps-1001' },
      {
        step: 'conflict',
        happened: expect.stringContaining('marked'),
        link: expect.stringMatching(/^http.*resolve%2F/),
      },
      { step: 'failed set-up', addresses: [expect.any(String)] },
      { step: 'each panel', addresses: expect.arrayContaining([expect.any(String)]) },
      { step: 'PTR' },
      { step: 'release' },
      { step: 'no address', addresses: [] },
      {
        step: 'sync',
        happened: expect.stringMatching(/drift in both directions.*waited for approval/),
        link: expect.stringMatching(/^http.*sync%2Fipmanager/),
      },
      { step: 'sync again', happened: expect.stringContaining('nothing to do') },
    ],
  });
  expect(readJsonObject(join(home, 'demo.json'))).toEqual({ play: 1, finished: true });
  const doctor = (await iptally(['doctor', '--json'], { env })).json as { checks: { name: string; state: string }[] };
  expect(doctor.checks.filter(({ state }) => state !== 'ok')).toEqual([]);
});

test('played again it takes fresh ids', async () => {
  const ran = await iptally(['demo', '--json'], { env });
  expect(ran.json).toMatchObject({
    play: 2,
    steps: expect.arrayContaining([expect.objectContaining({ workflowId: 'provision/vps-2001' })]),
  });
});
