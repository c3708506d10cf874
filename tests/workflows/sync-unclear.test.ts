import { describe, expect, test } from '@jest/globals';
import type { Fault, Purpose } from '../../activities/http/simulator/faults.ts';
import { syncExit } from '../../client/views/sync.ts';
import { around } from '../faults/support/wrap.ts';
import { applyMix, mixOf } from '../faults/support/fault-mix.ts';
import { query } from '../support/database.ts';
import { report, seed } from '../support/seed.ts';
import { eventsOf, openDesk, repoint } from './support/desk.ts';
import {
  approvedBefore,
  atRest,
  importedAddress,
  itemOf,
  mutations,
  site,
  startSync,
  sync,
  untilAsked,
  wideWorld,
  type Site,
} from './support/sync-desk.ts';

/** What happens to the pieces of some integrations' plans, once. */
const accidents = new Map<string, (call: () => Promise<unknown>) => Promise<unknown>>();

const engine = await openDesk({
  world: wideWorld(),
  integration: { fenceMs: 2_000 },
  unread: true,
  wrap: (activities) =>
    around(activities, async (name, args, call) => {
      const [first] = args as [{ readonly integration?: string } | undefined];
      const accident = accidents.get(`${name} ${first?.integration}`);
      if (accident === undefined) return call();
      accidents.delete(`${name} ${first?.integration}`);
      return accident(call);
    }),
});
const { ledger, simulator } = engine;
const { world } = simulator;

type Deal = (purpose: Purpose, about: string) => Fault | undefined;
const deals = new Map<string, Deal>();
simulator.faults.hook = ({ user, purpose, parameters }) =>
  deals.get(user)?.(purpose, parameters['elid'] ?? parameters['ip'] ?? '');

/** The first of this purpose about this address meets this fault; its login's other calls are spared. */
function once(main: Site, aim: { readonly purpose: Purpose; readonly at: string }, fault: Fault): void {
  let left = 1;
  deals.set(main.name, (purpose, about) => {
    if (purpose !== aim.purpose || about !== aim.at || left === 0) return undefined;
    left -= 1;
    return fault;
  });
}

const worked = (main: Site, purpose: Purpose) => mutations(main).filter((call) => call.purpose === purpose);

// One block: blocks follow one another, and the longest of these only wait.
describe('a sync in trouble', () => {
  test.concurrent.each(['no-answer-after', 'reset-after', 'html-after', 'status-after', 'late'] as const)(
    '%s of a delete: one fence, a look, done; nothing is deleted twice',
    async (kind) => {
      const main = await site(engine, `delete-${kind}`);
      await main.serve(`delete-${kind}-1`);
      await approvedBefore(main);
      const stray = main.byHand(150);
      once(main, { purpose: 'release', at: stray.ip }, { kind, ms: 300 });
      const view = await sync(main);
      expect(itemOf(view, stray.ip)).toMatchObject({ outcome: 'done' });
      expect(worked(main, 'release').filter(({ parameters }) => parameters['elid'] === stray.ip)).toHaveLength(1);
      await atRest(main);
    },
  );

  test.concurrent.each(['no-answer-after', 'reset-after', 'reset-before', 'no-address-after', 'late'] as const)(
    '%s of a POST by address: found by looking at the address, and taken once',
    async (kind) => {
      const main = await site(engine, `post-${kind}`);
      const ip = await main.serve(`post-${kind}-1`);
      await main.serve(`post-${kind}-2`);
      await approvedBefore(main);
      const before = worked(main, 'create').length;
      world.addresses.delete(ip);
      once(main, { purpose: 'create', at: ip }, { kind, ms: 300 });
      expect(itemOf(await sync(main), ip)).toMatchObject({ outcome: 'done' });
      expect(worked(main, 'create')).toHaveLength(before + 1);
      expect(main.held(ip)).toMatchObject({ domain: `post-${kind}-1.example.com` });
      await atRest(main);
    },
  );

  test.concurrent('one durable wait serves all rows of unknown outcome', async () => {
    const main = await site(engine, 'many');
    await main.serve('many-1');
    await approvedBefore(main);
    const strays = Array.from({ length: 8 }, (_, n) => main.byHand(150 + n).ip);
    deals.set('many', (purpose) => (purpose === 'release' ? { kind: 'reset-after' } : undefined));
    const handle = await startSync(main);
    const view = await handle.result();
    expect(view.outcomes).toEqual({ done: 8, failed: 0, denied: 0, changed: 0 });
    const events = await eventsOf(engine, handle.workflowId);
    const timers = events.filter(({ timerStartedEventAttributes: timer }) => timer !== null && timer !== undefined);
    expect(timers).toHaveLength(1);
    for (const ip of strays) expect(main.held(ip)).toBeUndefined();
    expect(worked(main, 'release')).toHaveLength(1 + strays.length);
    await atRest(main);
  });

  test.concurrent('a row that cannot be looked at fails with the reason; the others are done, and the next run tries it', async () => {
    const main = await site(engine, 'away');
    await main.serve('away-1');
    await approvedBefore(main);
    for (let n = 0; n < 3; n += 1) main.byHand(150 + n);
    deals.set('away', (purpose, about) =>
      purpose === 'read' && about === main.at(151) ? { kind: 'status-before' } : undefined,
    );
    const view = await (await startSync(main)).result();
    expect(view).toMatchObject({ state: 'applied', outcomes: { done: 2, failed: 1 } });
    expect(itemOf(view, main.at(151))).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/502/) });
    deals.delete('away');
    expect(await sync(main)).toMatchObject({ outcomes: { done: 1 } });
    await atRest(main);
  });

  test.concurrent('a panel that goes away in the middle is waited for: every row is done once it is back', async () => {
    const main = await site(engine, 'back');
    await main.serve('back-1');
    await approvedBefore(main);
    for (let n = 0; n < 8; n += 1) main.byHand(150 + n);
    deals.set('back', (purpose) => (purpose === 'read' ? { kind: 'status-before' } : undefined));
    const handle = await startSync(main);
    await new Promise((next) => setTimeout(next, 4_000));
    deals.delete('back');
    expect(await handle.result()).toMatchObject({ state: 'applied', outcomes: { done: 8 } });
    await atRest(main);
  });

  test.concurrent('a list that comes cut each time ends the run refused, with nothing released', async () => {
    const main = await site(engine, 'cut');
    await main.serve('cut-1');
    await approvedBefore(main);
    const stray = main.byHand(150);
    deals.set('cut', (purpose) => (purpose === 'list' ? { kind: 'truncated-after' } : undefined));
    const view = await (await startSync(main)).result();
    expect(view).toMatchObject({
      state: 'refused',
      verdict: 'refuse',
      reason: { code: 'panel-answer-cut' },
      counts: {},
      items: [],
    });
    expect(syncExit(view)).toBe(3);
    expect(main.held(stray.ip)).toBeDefined();
    deals.delete('cut');
    expect(await sync(main)).toMatchObject({ state: 'applied', outcomes: { done: 1 } });
  });

  test.concurrent('at most so many releases a run; the rest rolls over', async () => {
    const main = await site(engine, 'limit', { releaseLimit: 3 });
    const ip = await main.serve('limit-1');
    await approvedBefore(main);
    await (await repoint(engine, ip, 'limit.example.net')).result();
    for (let n = 0; n < 7; n += 1) main.byHand(150 + n);
    const runs = [await sync(main), await sync(main), await sync(main)];
    expect(runs.map(({ counts, outcomes }) => [counts.release, outcomes.done])).toEqual([
      [7, 3],
      [4, 3],
      [1, 1],
    ]);
    expect(itemOf(runs[0] ?? (await sync(main)), main.at(156))).toMatchObject({ action: 'release', outcome: null });
    await atRest(main);
  });

  test.concurrent('never more than so many, also when the answer of a piece is lost', async () => {
    const main = await site(engine, 'limited', { releaseLimit: 3 });
    await main.serve('limited-1');
    await approvedBefore(main);
    const strays = Array.from({ length: 7 }, (_, n) => main.byHand(150 + n).ip);
    accidents.set('applyRows limited', async (call) => {
      await call();
      throw new Error('the answer was lost');
    });
    const view = await sync(main);
    expect(view).toMatchObject({ state: 'applied', counts: { release: 7 }, outcomes: { done: 3 } });
    expect(strays.filter((ip) => main.held(ip) === undefined)).toEqual(strays.slice(0, 3));
    expect(await sync(main)).toMatchObject({ counts: { release: 4 }, outcomes: { done: 3 } });
  });

  test.concurrent('a tag that went along with a PTR, and nobody heard of it, is ours after a look', async () => {
    const main = await site(engine, 'along', { tagImported: true });
    const ip = await importedAddress(main, null);
    const before = mutations(main).length;
    once(main, { purpose: 'write', at: ip }, { kind: 'reset-after' });
    expect(itemOf(await sync(main), ip)).toMatchObject({ action: 'adopt-ptr', outcome: 'done' });
    const row = await ledger.addresses.find(ip);
    expect(row).toMatchObject({ ptr: 'old.example.com', untagged: false });
    expect(main.held(ip)).toMatchObject({ note: `${row?.mark?.tag} since 2009` });
    expect(mutations(main)).toHaveLength(before + 1);
    expect((await atRest(main)).counts).toEqual({});
  });

  test.concurrent('confirmSightings: released once it was seen so on enough dates', async () => {
    const main = await site(engine, 'dates', { confirmSightings: 2, policy: 'all' });
    await main.serve('dates-1');
    const stray = main.byHand(150);
    const night = async (date: string) => {
      const handle = await startSync(main, { workflowId: `sync/dates-${date}T03:15:00Z` });
      const asked = await untilAsked(handle);
      if (asked.state === 'needs-approval') {
        await handle.executeUpdate<unknown, [object]>('approve', { args: [{ checksum: asked.checksum }] });
      }
      return handle.result();
    };
    expect(itemOf(await night('2027-01-02'), stray.ip)).toMatchObject({ action: 'report' });
    expect(main.held(stray.ip)).toBeDefined();
    expect(itemOf(await night('2027-01-03'), stray.ip)).toMatchObject({ action: 'release', outcome: 'done' });
    expect(main.held(stray.ip)).toBeUndefined();
  });

  test.concurrent('the answer of a piece is lost: its rows are done once', async () => {
    const main = await site(engine, 'lost');
    const ip = await main.serve('lost-1');
    await main.serve('lost-2');
    await approvedBefore(main);
    const strays = Array.from({ length: 5 }, (_, n) => main.byHand(150 + n).ip);
    world.addresses.delete(ip);
    const before = mutations(main).length;
    accidents.set('applyRows lost', async (call) => {
      await call();
      throw new Error('the answer was lost');
    });
    expect(await sync(main)).toMatchObject({ state: 'applied', outcomes: { done: 6 } });
    expect(mutations(main)).toHaveLength(before + strays.length + 1);
    await atRest(main);
  });

  test.concurrent('a copy died with a row in hand: its lock is ours, so the row waits out a fence first', async () => {
    const main = await site(engine, 'died');
    await main.serve('died-1');
    await approvedBefore(main);
    const strays = Array.from({ length: 3 }, (_, n) => main.byHand(150 + n).ip);
    const [gone] = strays;
    accidents.set('applyRows died', async () => {
      // It took the lock and sent the delete; nobody heard the answer.
      const [run] = await ledger.syncs.list('died', 1);
      if (run === undefined || gone === undefined) throw new Error('no run');
      await ledger.locks.acquire({ key: `address/${gone}`, reason: 'sync', run: run.owner });
      world.addresses.delete(gone);
      throw new Error('the worker died');
    });
    expect(await sync(main)).toMatchObject({ state: 'applied', outcomes: { done: 3 } });
    expect(
      await query(
        engine.database.applicationUrl,
        `select key from lock where key like 'address/10.%' and owner_workflow = 'sync/died'`,
      ),
    ).toEqual([]);
    await atRest(main);
  });

  test.concurrent('5 % of all calls of an apply fail in every way: at rest all is repaired, nothing twice', async () => {
    const main = await site(engine, 'storm', {
      thresholds: { shrinkRows: 100, shrinkPercent: 90, askRows: 100, askPercent: 90 },
    });
    const ips: string[] = [];
    for (let n = 0; n < 12; n += 1) ips.push(await main.serve(`storm-${n}`));
    await approvedBefore(main);
    const [lost, renamed] = [ips.slice(0, 6), ips.slice(6, 9)];
    for (const ip of lost) world.addresses.delete(ip);
    for (const ip of renamed)
      Object.assign(main.held(ip) ?? {}, { domain: `renamed-${ip.replaceAll('.', '-')}.example.net` });
    for (const ip of ips.slice(9)) Object.assign(main.held(ip) ?? {}, { note: 'rack 4' });
    const strays = Array.from({ length: 20 }, (_, n) => main.byHand(150 + n).ip);
    world.revision += 1;
    const mix = mixOf(applyMix, seed);
    const seen = simulator.log.length;
    deals.set('storm', (purpose) => mix.hook({ purpose, number: 0, func: '', user: 'storm', parameters: {} }));
    const runs: (typeof first)[] = [];
    const first = await sync(main);
    runs.push(first);
    deals.delete('storm');
    await simulator.lateWorkDone();
    for (let n = 0; n < 3; n += 1) runs.push(await sync(main));
    await atRest(main);
    for (const ip of lost) expect(main.held(ip)).toBeDefined();
    for (const ip of strays) expect(main.held(ip)).toBeUndefined();
    for (const ip of renamed) expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: main.held(ip)?.domain });
    for (const ip of ips) expect(main.held(ip)?.note).toMatch(/^iptally:/);
    const takes = simulator.log
      .slice(seen)
      .filter((call) => call.user === 'storm' && call.purpose === 'create' && call.worked);
    expect(takes.filter(({ error }) => error === null)).toHaveLength(lost.length);
    expect(runs.at(-1)?.counts).toEqual({});
    report('a sync under faults', { outcomes: runs.map(({ outcomes }) => outcomes), fired: mix.fired });
  });
});
