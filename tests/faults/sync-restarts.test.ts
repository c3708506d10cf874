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
import { wide } from '../workflows/support/sync-claims.ts';
import { approvedBefore, atRest, mutations, site, startSync, wideWorld } from '../workflows/support/sync-desk.ts';

/** A Temporal of its own, on a file: it is killed and comes back where it was. */
const home = openHome(temporaryHome());
afterAll(() => removeHome(home.path));
const binary = await findTemporal({ progress: () => undefined });
const start = () => startTemporal({ home, ports: openPortBook(home.ports), binary });
let temporal = await start();
const engine = await openDesk({ world: wideWorld(), temporal, unread: true, integration: { fenceMs: 2_000 } });
const { simulator, database } = engine;

const cutConnections = () =>
  execute(database.migrationUrl, [
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'iptally'`,
  ]);

/** A sync with much to mend, slow enough that something can happen in the middle. */
async function underWay(name: string) {
  const main = await site(engine, name, { thresholds: wide, releaseLimit: 1_000 });
  await main.serve(`${name}-1`);
  await approvedBefore(main);
  const strays = Array.from({ length: 80 }, (_none, n) => main.byHand(100 + n).ip);
  const before = mutations(main).length;
  simulator.faults.hook = ({ user }) => (user === name ? { kind: 'delay', ms: 30 } : undefined);
  const handle = await startSync(main);
  const begun = async () => {
    while (mutations(main).length < before + 8) await sleep(20);
  };
  return { main, strays, handle, begun, told: () => mutations(main).slice(before) };
}

async function ended({ main, strays, handle, told }: Awaited<ReturnType<typeof underWay>>) {
  const { state, outcomes } = await handle.result();
  const released = told().map(({ parameters }) => parameters['elid']);
  simulator.faults.hook = undefined;
  await atRest(main);
  return {
    state,
    left: strays.length - (outcomes.done ?? 0),
    deletes: released.length,
    addresses: new Set(released).size,
  };
}

const well = { state: 'applied', left: 0, deletes: 80, addresses: 80 };

test('a sync whose Temporal is killed in the middle is finished, and nothing is done twice', async () => {
  const sync = await underWay('temporal');
  await sync.begun();
  signal(temporal.pid, 'SIGKILL');
  await sleep(1_000);
  temporal = await start();
  expect(await ended(sync)).toEqual(well);
});

test('a sync whose database goes away again and again is finished, and nothing is done twice', async () => {
  const sync = await underWay('database');
  await sync.begun();
  for (let cuts = 0; cuts < 6; cuts += 1) {
    await cutConnections();
    await sleep(300);
  }
  expect(await ended(sync)).toEqual(well);
});
