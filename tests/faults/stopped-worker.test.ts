import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { workflowIds } from '../../workflows/contract.ts';
import { PROJECT } from '../../worker/local/home.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { service } from '../support/orders.ts';
import { testServers } from '../support/servers.ts';
import { eventually } from '../workflows/support/desk.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ integration: { requestTimeoutMs: 90_000 } });
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
});
afterAll(() => engine.close());

/** The worker as `iptally up` starts it. */
function startWorker() {
  const child = spawn(process.execPath, [join(PROJECT, 'worker', 'main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: engine.database.applicationUrl,
      IPTALLY_MASTER_KEY_FILE: join(engine.home, 'master.key'),
      IPTALLY_HOME: engine.home,
      TEMPORAL_ADDRESS: testServers().temporalAddress,
      TEMPORAL_NAMESPACE: engine.client.options.namespace,
      TEMPORAL_CONFIG_FILE: '/dev/null',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return { child, ended: once(child, 'exit'), said: () => said };
}

test('a worker that is stopped in the middle of a slow call to a panel ends in order, and says what becomes of it', async () => {
  const { child, ended, said } = startWorker();
  engine.simulator.faults.hook = ({ purpose }) => (purpose === 'create' ? { kind: 'no-answer-after' } : undefined);
  const workflowId = workflowIds.provisionService('slow');
  await engine.client.workflow.start('provisionService', {
    workflowId,
    taskQueue: 'iptally',
    args: [service('slow')],
  });
  await eventually(() => {
    expect(engine.simulator.log.some(({ purpose, worked }) => purpose === 'create' && worked)).toBe(true);
  }, 90_000);
  const begin = Date.now();
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  // Far sooner than the panel's 90 s.
  expect(Date.now() - begin).toBeLessThan(45_000);
  const lines = said()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly level: number; readonly msg: string });
  expect(lines.filter(({ level }) => level > 40)).toEqual([]);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 30, msg: expect.stringContaining('waited out by its fence') }),
      expect.objectContaining({ level: 30, msg: 'the worker has stopped' }),
    ]),
  );
  await engine.client.workflow.getHandle(workflowId).terminate('the test is over');
});
