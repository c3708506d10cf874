import { expect, test } from '@jest/globals';
import { approveUpdate } from '../../workflows/contract.ts';
import { smallWorld } from '../support/engine.ts';
import { eventually, openDesk } from './support/desk.ts';
import { runsOf, startShortHistories } from './support/short-histories.ts';
import { approvedBefore, atRest, mutations, site, startSync, untilAsked } from './support/sync-desk.ts';

const temporal = await startShortHistories();
const engine = await openDesk({ world: smallWorld(), temporal, unread: false, integration: { fenceMs: 1_000 } });

test('a sync goes on behind the last piece that was applied, and does nothing twice', async () => {
  const main = await site(engine, 'pieces', {
    pool: '203.0.113.100-203.0.113.250',
    releaseLimit: 1_000,
  });
  await main.serve('pieces-1');
  await approvedBefore(main);
  const strays = Array.from({ length: 130 }, (_none, n) => main.byHand(20 + n).ip);
  const before = mutations(main).length;
  const handle = await startSync(main);
  const asked = await untilAsked(handle);
  await handle.executeUpdate(approveUpdate, { args: [{ checksum: asked.checksum ?? '' }] });
  expect(await handle.result()).toMatchObject({ state: 'applied', outcomes: { done: strays.length } });
  expect(await runsOf(engine.client, handle.workflowId)).toBeGreaterThan(2);
  expect(mutations(main)).toHaveLength(before + strays.length);
  await atRest(main);
});

test('a sync that is cancelled sends nothing more, also when it starts over at that moment', async () => {
  const main = await site(engine, 'stops', { pool: '203.0.113.100-203.0.113.250', releaseLimit: 1_000 });
  await main.serve('stops-1');
  await approvedBefore(main);
  const strays = Array.from({ length: 130 }, (_none, n) => main.byHand(20 + n).ip);
  const handle = await startSync(main);
  const asked = await untilAsked(handle);
  let deletes = 0;
  engine.simulator.faults.hook = ({ user, purpose }) => {
    if (user !== 'stops' || purpose !== 'release') return undefined;
    deletes += 1;
    return { kind: 'delay', ms: 100 };
  };
  await handle.executeUpdate(approveUpdate, { args: [{ checksum: asked.checksum ?? '' }] });
  await eventually(async () => expect(deletes).toBeGreaterThan(7), 60_000);
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  engine.simulator.faults.hook = undefined;
  // The piece under way came to its end, and no other began.
  expect(strays.filter((ip) => main.held(ip) !== undefined).length).toBeGreaterThanOrEqual(strays.length - 50);
  expect((await engine.ledger.syncs.list('stops', 1))[0]).toMatchObject({
    state: 'failed',
    reason: { code: 'cancelled' },
  });
});
