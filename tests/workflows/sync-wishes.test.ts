import { describe, expect, test } from '@jest/globals';
import { approveUpdate, type SyncView } from '../../workflows/contract.ts';
import type { SyncIntegrationInput } from '../../workflows/inputs/sync.ts';
import { query } from '../support/database.ts';
import { eventually, openDesk, release } from './support/desk.ts';
import {
  approvedBefore,
  asAdministrator,
  beginSync,
  importedAddress,
  itemOf,
  site,
  startSync,
  sync,
  untilAsked,
  wideWorld,
  type Site,
} from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });
const { simulator, ledger } = engine;
const { world } = simulator;

/** Approved after the settings were edited. */
async function approvedAfter(main: Site, edit: object, more: Partial<SyncIntegrationInput> = {}): Promise<SyncView> {
  const handle = await startSync(main, more);
  const { checksum } = await untilAsked(handle);
  await ledger.settings.integrations.edit(main.name, edit, {});
  await handle.executeUpdate(approveUpdate, { args: [{ checksum: checksum ?? '' }] });
  return handle.result();
}

describe('a plan that waits heeds what is set meanwhile', () => {
  test.concurrent('a release limit of 0 releases nothing', async () => {
    const main = await site(engine, 'brake');
    await main.serve('brake-1');
    const strays = [main.byHand(150), main.byHand(151)];
    const view = await approvedAfter(main, { releaseLimit: 0 });
    expect(view).toMatchObject({ state: 'applied', outcomes: { done: 0 } });
    for (const { ip } of strays) expect(main.held(ip)).toBeDefined();
  });

  test.concurrent('imported addresses get no tag when tagging is switched off', async () => {
    const main = await site(engine, 'untag');
    const ip = await importedAddress(main);
    await ledger.settings.integrations.edit(
      'untag',
      { tagImported: true, thresholds: { shrinkRows: 100, shrinkPercent: 90, askRows: 0, askPercent: 0 } },
      {},
    );
    main.byHand(151);
    const view = await approvedAfter(main, { tagImported: false });
    expect(itemOf(view, ip)).toMatchObject({ action: 'tag', outcome: 'changed' });
    expect(main.held(ip)?.note).toBe('since 2009');
  });

  test.concurrent('a policy of null in the input is none: a narrower one counts', async () => {
    const main = await site(engine, 'null-p');
    await main.serve('null-p-1');
    const { ip } = main.byHand(150);
    const view = await approvedAfter(main, { policy: 'observe' }, { policy: null as never });
    expect(itemOf(view, ip)).toMatchObject({ action: 'release', outcome: 'changed' });
    expect(main.held(ip)).toBeDefined();
  });
});

test('releases that are denied every night keep none behind them from being done', async () => {
  const main = await site(engine, 'starve', { ...asAdministrator, releaseLimit: 1 });
  const ip = await main.serve('starve-1');
  await approvedBefore(main);
  const strangers = [main.byHand(150), main.byHand(151)];
  const orphan = main.byHand(152, { note: main.held(ip)?.note ?? '' });
  world.knobs.withheld = ['ip.delete'];
  const view = await sync(main, { policy: 'all' });
  world.knobs.withheld = [];
  for (const stranger of strangers) expect(itemOf(view, stranger.ip)).toMatchObject({ outcome: 'denied' });
  expect(itemOf(view, orphan.ip)).toMatchObject({ outcome: 'done' });
});

test('a tag that the user may not write is written under the administrator in the same run', async () => {
  const main = await site(engine, 'su-tag', asAdministrator);
  const ip = await main.serve('su-tag-1');
  await approvedBefore(main);
  Object.assign(main.held(ip) ?? {}, { note: '' });
  world.revision += 1;
  const panel = await engine.composition.panels.of('su-tag');
  const failure = { code: 'access-denied', message: 'The panel refused access.', next: 'x' };
  const write = panel.write.bind(panel);
  Object.assign(panel, { write: async () => ({ kind: 'refused', failure }) });
  const view = await sync(main);
  Object.assign(panel, { write });
  expect(itemOf(view, ip)).toMatchObject({ action: 'tag', outcome: 'done' });
  expect(main.held(ip)?.note).toMatch(/^iptally:/);
});

test('what came while the panel was slow to begin its list is not counted twice by the next run', async () => {
  const main = await site(engine, 'slow-list');
  await main.serve('slow-list-1');
  await approvedBefore(main);
  for (let n = 0; n < 30; n += 1) main.byHand(20 + n);
  let lists = 0;
  simulator.faults.hook = ({ user, purpose }) => {
    if (user !== 'slow-list' || purpose !== 'list') return undefined;
    lists += 1;
    return { kind: 'delay', ms: 2_000 };
  };
  const handle = await startSync(main, { policy: 'owned' });
  await eventually(async () => expect(lists).toBeGreaterThan(0), 60_000);
  await query(
    engine.database.applicationUrl,
    `with added as (insert into address
       (ip, family, state, service, generation, integration, address_group, untagged, ptr, ptr_seen)
       select ('${main.at(20)}'::inet + n), 'ipv4', 'active', 'slow-list-1', 1, 'slow-list', 'public', true, ptr, ptr
       from generate_series(0, 29) n, (values ('by-hand.example.com')) p (ptr) returning ip, service, integration)
     insert into address_history (ip, event, service, integration, reason)
       select ip, 'imported', service, integration, 'existed already' from added`,
  );
  const first = await handle.result();
  simulator.faults.hook = undefined;
  expect(first.state).toBe('applied');
  expect(await sync(main)).toMatchObject({ state: 'applied', reason: null });
});

test('a release that a sync took up again is in flight for the next one', async () => {
  const main = await site(engine, 'cools', { coolDownMs: 120_000 });
  const ip = await main.serve('cools-1');
  await main.serve('cools-2');
  await approvedBefore(main);
  const handle = await release(engine, ip);
  const locked = async () => (await ledger.locks.list()).some(({ key }) => key === `address/${ip}`);
  await eventually(async () => expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'releasing' }), 60_000);
  await eventually(async () => expect(await locked()).toBe(false), 60_000);
  await handle.terminate();
  expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'release-unfinished', outcome: 'done' });
  const again = engine.client.workflow.getHandle(`release/${ip}`);
  await eventually(async () => expect((await again.describe()).status.name).toBe('RUNNING'), 60_000);
  await eventually(async () => expect(await locked()).toBe(false), 60_000);
  expect(itemOf(await sync(main), ip)?.action ?? 'report').toBe('report');
  await again.terminate();
});

test('an address whose occupation was refused is tagged by no later sync', async () => {
  const main = await site(engine, 'refused');
  const ip = await importedAddress(main);
  const held = main.held(ip);
  if (held === undefined) throw new Error('it is held');
  world.addresses.delete(ip);
  world.addresses.set(ip, { ...held, state: 'blocked' });
  world.revision += 1;
  expect(itemOf(await sync(main), ip)).toMatchObject({ action: 'occupy', outcome: 'denied' });
  expect(await ledger.addresses.find(ip)).toMatchObject({ mark: null, untagged: true });
  world.addresses.set(ip, held);
  world.revision += 1;
  const view = await sync(main);
  expect(itemOf(view, ip)).toBeUndefined();
  expect(main.held(ip)?.note).toBe('since 2009');
});

test('a start beside a run that nobody works at any more is told its own run, not that one', async () => {
  const main = await site(engine, 'dead');
  await main.serve('dead-1');
  await approvedBefore(main);
  let lists = 0;
  simulator.faults.hook = ({ user, purpose }) => {
    if (user !== 'dead' || purpose !== 'list') return undefined;
    lists += 1;
    return { kind: 'delay', ms: lists === 1 ? 20_000 : 0 };
  };
  const first = await startSync(main);
  await eventually(async () => expect(lists).toBe(1), 60_000);
  await first.terminate();
  const before = await ledger.syncs.list('dead', 1);
  const { view } = await beginSync(main);
  simulator.faults.hook = undefined;
  expect(view.run).not.toBe(before[0]?.run);
  expect((await ledger.syncs.find(view.run))?.state).toMatch(/running|applied/);
});
