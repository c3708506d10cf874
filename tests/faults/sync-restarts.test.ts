import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { openHome } from '../../worker/local/home.ts';
import { openPortBook } from '../../worker/local/ports.ts';
import { signal } from '../../worker/local/processes.ts';
import { findTemporal } from '../../worker/local/temporal-binary.ts';
import { startTemporal } from '../../worker/local/temporal.ts';
import { execute } from '../support/database.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';
import { openDesk } from '../workflows/support/desk.ts';
import { wideWorld } from '../workflows/support/sync-desk.ts';
import { finishedOnce, inTheApply, syncUnderWay } from './support/sync-under-way.ts';

/** A Temporal of its own, on a file: it is killed and comes back where it was. */
const home = openHome(temporaryHome());
afterAll(() => removeHome(home.path));
const binary = await findTemporal({ progress: () => undefined });
const start = () => startTemporal({ home, ports: openPortBook(home.ports), binary });
let temporal = await start();
const engine = await openDesk({ world: wideWorld(), temporal, unread: true, integration: { fenceMs: 2_000 } });
const { database } = engine;

const cutConnections = () =>
  execute(database.migrationUrl, [
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'iptally'`,
  ]);

test('a sync whose Temporal is killed in the middle is finished, and nothing is done twice', async () => {
  const sync = await syncUnderWay(engine, 'temporal');
  await sync.applying();
  signal(temporal.pid, 'SIGKILL');
  expect(sync.stands()).toEqual(inTheApply);
  await sleep(1_000);
  temporal = await start();
  expect(await sync.ended()).toEqual(finishedOnce);
});

test('a sync whose connections to the database are cut again and again is finished, and nothing is done twice', async () => {
  const sync = await syncUnderWay(engine, 'database');
  await sync.applying();
  for (let cuts = 0; cuts < 6; cuts += 1) {
    await cutConnections();
    await sleep(300);
  }
  expect(await sync.ended()).toEqual(finishedOnce);
});
