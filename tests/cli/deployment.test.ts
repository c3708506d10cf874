import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { takeNamespace } from '../support/namespaces.ts';
import { testServers } from '../support/servers.ts';
import { iptally, ledgerEnv } from './support/cli.ts';
import { startWorkerProcess, type WorkerProcess } from './support/worker.ts';

let database: TestDatabase;
let worker: WorkerProcess;
let env: Record<string, string>;
const namespace = takeNamespace();
const version = { IPTALLY_DEPLOYMENT: 'iptally-test', IPTALLY_BUILD_ID: '1.2.3' };
const command = 'set-current-version .*--deployment-name iptally-test --build-id 1.2.3';

beforeAll(async () => {
  database = await createDatabase();
  env = {
    ...ledgerEnv(database),
    TEMPORAL_ADDRESS: testServers().temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
  };
  const migrated = await iptally(['migrate'], { env });
  if (migrated.status !== 0) throw new Error(migrated.stderr);
  worker = await startWorkerProcess({ ...env, ...version });
});
afterAll(async () => {
  await worker.stop();
  await database.drop();
});

interface Check {
  readonly name: string;
  readonly state: string;
  readonly next: string | null;
}

async function deploymentCheck(more: Readonly<Record<string, string>> = {}): Promise<Check | undefined> {
  const { json } = await iptally(['doctor', '--json'], { env: { ...env, ...more } });
  return (json as { readonly checks: readonly Check[] }).checks.find(({ name }) => name === 'deployment');
}

async function makeCurrent(buildId: string): Promise<void> {
  const connection = await Connection.connect({ address: testServers().temporalAddress });
  for (let look = 0; ; look += 1) {
    try {
      await connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName: version.IPTALLY_DEPLOYMENT,
        buildId,
        identity: 'a test',
        allowNoPollers: true,
        ignoreMissingTaskQueues: true,
      });
      break;
    } catch (error) {
      // Temporal hears of a version with its first poll.
      if (look === 300) throw error;
      await sleep(100);
    }
  }
  await connection.close();
}

async function until(look: () => Promise<boolean> | boolean): Promise<void> {
  for (let n = 0; n < 300 && !(await look()); n += 1) await sleep(100);
  expect(await look()).toBe(true);
}

test('a versioned worker that gets no work says so with the command that changes it, and doctor with it', async () => {
  await until(() => new RegExp(`"code":"not-current".*${command}`).test(worker.said()));
  await until(async () => (await deploymentCheck()) !== undefined);
  expect(await deploymentCheck()).toMatchObject({ state: 'warn', next: expect.stringMatching(command) });
});

test('once its version is current nothing is said; of another build in the environment it is', async () => {
  await makeCurrent(version.IPTALLY_BUILD_ID);
  expect(await deploymentCheck()).toBeUndefined();
  expect(await deploymentCheck(version)).toBeUndefined();
  expect(await deploymentCheck({ ...version, IPTALLY_BUILD_ID: '1.2.4' })).toMatchObject({
    state: 'warn',
    detail: expect.stringContaining('the current version 1.2.3'),
    next: expect.stringContaining('--build-id 1.2.4'),
  });
});

test('of half a version doctor says which half is missing', async () => {
  const check = await deploymentCheck({ IPTALLY_BUILD_ID: '1.2.3' });
  expect(check).toMatchObject({ state: 'fail', next: expect.stringContaining('IPTALLY_DEPLOYMENT') });
});
