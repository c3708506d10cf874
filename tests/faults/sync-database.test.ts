import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { openHome } from '../../worker/local/home.ts';
import { openPortBook } from '../../worker/local/ports.ts';
import { startPostgres, stopPostgres } from '../../worker/local/postgres.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';
import { openDesk } from '../workflows/support/desk.ts';
import { wideWorld } from '../workflows/support/sync-desk.ts';
import { finishedOnce, inTheApply, inTheListing, syncUnderWay } from './support/sync-under-way.ts';

/** A PostgreSQL of its own, which keeps what it said it has: it goes away and comes back where it was. */
const home = openHome(temporaryHome());
const start = () => startPostgres({ home, ports: openPortBook(home.ports), note: () => undefined });
let postgres = await start();
const engine = await openDesk({ world: wideWorld(), postgres, unread: true, integration: { fenceMs: 2_000 } });
afterAll(() => removeHome(home.path));

async function restart(): Promise<void> {
  const { pid, port } = postgres;
  await stopPostgres({ pid });
  // Long enough that what runs meanwhile meets a port where nobody listens.
  await sleep(1_500);
  postgres = await start();
  expect({ same: postgres.pid === pid, port: postgres.port }).toEqual({ same: false, port });
}

test.each([
  ['the listing', 'listing', inTheListing],
  ['the apply', 'applying', inTheApply],
] as const)(
  'a sync whose database is stopped and started during %s is finished, and nothing is done twice',
  async (_what, phase, there) => {
    const sync = await syncUnderWay(engine, `in-${phase}`);
    await sync[phase]();
    const restarted = restart();
    expect(sync.stands()).toEqual(there);
    await restarted;
    expect(await sync.ended()).toEqual(finishedOnce);
  },
);
