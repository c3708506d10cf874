import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { type Home, openHome } from '../../worker/local/home.ts';
import { openPortBook } from '../../worker/local/ports.ts';
import { isAlive, signal } from '../../worker/local/processes.ts';
import { findTemporal } from '../../worker/local/temporal-binary.ts';
import { startTemporal, stopTemporal, type Temporal } from '../../worker/local/temporal.ts';
import { writeVersions } from '../../worker/local/versions.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let home: Home;
beforeEach(() => {
  home = openHome(temporaryHome());
});
afterEach(() => removeHome(home.path));

async function start(inMemory = false): Promise<Temporal> {
  return startTemporal({ home, ports: openPortBook(home.ports), binary: await findTemporal(), inMemory });
}

async function withClient<Value>(temporal: Temporal, use: (client: Client) => Promise<Value>): Promise<Value> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    return await use(new Client({ connection, namespace: temporal.namespace }));
  } finally {
    await connection.close();
  }
}

test('its workflows survive a kill, it keeps its addresses, and two never run on one file', async () => {
  const first = await start();
  await withClient(first, (client) =>
    client.workflow.start('anything', { workflowId: 'w', taskQueue: 'nobody', args: [] }),
  );
  signal(first.pid, 'SIGKILL');

  const second = await start();
  expect({ ...second, pid: 0 }).toEqual({ ...first, pid: 0 });
  expect(
    await withClient(second, async (client) => (await client.workflow.getHandle('w').describe()).status.name),
  ).toBe('RUNNING');

  // It lives, and whoever started it does not: even without its record it is found and ended first.
  rmSync(join(home.temporal, 'pid.json'));
  const third = await start();
  expect(isAlive(second.pid)).toBe(false);
  expect(isAlive(third.pid)).toBe(true);
  await stopTemporal(third);
  expect(isAlive(third.pid)).toBe(false);
});

test('it knows our search attributes, and its Web UI answers', async () => {
  const temporal = await start();
  const { customAttributes } = await withClient(temporal, (client) =>
    client.connection.operatorService.listSearchAttributes({ namespace: temporal.namespace }),
  );
  const ours = ['IptallyAddress', 'IptallyIntegration', 'IptallyReason', 'IptallyService', 'IptallyState'];
  expect(
    Object.keys(customAttributes)
      .filter((name) => name.startsWith('Iptally'))
      .toSorted(),
  ).toEqual(ours);
  expect((await fetch(temporal.webUi ?? '')).status).toBe(200);
});

test('in memory it has no Web UI and leaves no file', async () => {
  expect((await start(true)).webUi).toBeUndefined();
  expect(() => {
    rmSync(join(home.temporal, 'temporal.db'));
  }).toThrow(/ENOENT/);
});

test('an older one is refused before it touches the file', async () => {
  writeVersions(home, { temporal: '99.0.0' });
  await expect(start()).rejects.toMatchObject({ code: 'temporal-older' });
});
