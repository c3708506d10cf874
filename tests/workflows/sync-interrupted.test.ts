import { describe, expect, test } from '@jest/globals';
import type { Fault, Purpose } from '../../activities/http/simulator/faults.ts';
import { around } from '../faults/support/wrap.ts';
import { query } from '../support/database.ts';
import { eventsOf, eventually, openDesk, release } from './support/desk.ts';
import { approvedBefore, atRest, itemOf, site, startSync, sync, wideWorld, type Site } from './support/sync-desk.ts';

const fenceMs = 3_000;

/** What happens to calls of an integration's pieces: the first of these comes first. */
const accidents = new Map<string, ((call: () => Promise<unknown>) => Promise<unknown>)[]>();

const engine = await openDesk({
  world: wideWorld(),
  integration: { fenceMs },
  unread: true,
  wrap: (activities) =>
    around(activities, async (name, args, call) => {
      const [first] = args as [{ readonly integration?: string } | undefined];
      const accident = name === 'applyRows' ? accidents.get(first?.integration ?? '')?.shift() : undefined;
      return accident === undefined ? call() : accident(call);
    }),
});
const { ledger, simulator } = engine;

const deals = new Map<string, (purpose: Purpose, ip: string) => Fault | undefined>();
simulator.faults.hook = ({ user, purpose, parameters }) =>
  deals.get(user)?.(purpose, parameters['elid'] ?? parameters['ip'] ?? '');

const sent = (main: Site, purpose: Purpose) =>
  simulator.log.filter((call) => call.user === main.name && call.purpose === purpose);

const sql = (text: string) => query(engine.database.applicationUrl, text);

async function waitsOutAFence(workflowId: string): Promise<void> {
  await eventually(async () => {
    const events = await eventsOf(engine, workflowId);
    if (!events.some(({ timerStartedEventAttributes: timer }) => timer)) throw new Error('no fence yet');
  }, 60_000);
}

/** A service with an address that was there before us, lost at the panel since. */
async function lostImport(name: string, fields: Parameters<typeof site>[2] = {}) {
  const main = await site(engine, name, { fenceMs, ...fields });
  await main.serve(`${name}-0`);
  await approvedBefore(main);
  const ip = main.at(160);
  await sql(`insert into address (ip, family, state, service, generation, integration, address_group, untagged, ptr, ptr_seen)
    values ('${ip}', 'ipv4', 'active', '${name}-0', 1, '${name}', 'public', true, 'old.example.com', 'old.example.com')`);
  return { main, ip };
}

describe('a piece of a plan that is tried again', () => {
  test.concurrent('never repeats a delete whose answer was lost before a fence has passed', async () => {
    const main = await site(engine, 'hasty', { fenceMs });
    await main.serve('hasty-1');
    await approvedBefore(main);
    const stray = main.byHand(150);
    const before = sent(main, 'release').length;
    deals.set('hasty', (purpose) =>
      purpose === 'release' && sent(main, 'release').length <= before + 2 ? { kind: 'reset-before' } : undefined,
    );
    accidents.set('hasty', [
      (call) => call(),
      // The second piece looks at the row again, sends its delete, and its answer is lost.
      async (call) => {
        await call();
        throw new Error('the answer was lost');
      },
    ]);
    expect(itemOf(await sync(main), stray.ip)).toMatchObject({ outcome: 'done' });
    const times = sent(main, 'release')
      .slice(before)
      .map(({ at }) => at);
    expect(times.length).toBeGreaterThanOrEqual(3);
    for (const [n, at] of times.entries()) if (n > 0) expect(at - (times[n - 1] ?? at)).toBeGreaterThanOrEqual(fenceMs);
    await atRest(main);
  });
});

describe('the tag made for an imported address', () => {
  test.concurrent('is known to be ours when the run ended before the answer was heard; its release deletes it', async () => {
    const { main, ip } = await lostImport('unheard', { fenceMs: 60_000 });
    deals.set('unheard', (purpose, about) =>
      purpose === 'create' && about === ip ? { kind: 'no-answer-after' } : undefined,
    );
    const handle = await startSync(main);
    await waitsOutAFence(handle.workflowId);
    await handle.terminate('the operator ended it');
    deals.delete('unheard');
    await sql(`update integration set fence_ms = 1000 where name = 'unheard'`);
    expect(main.held(ip)?.note).toMatch(/^iptally:/);
    const view = await sync(main);
    expect(itemOf(view, ip)).toBeUndefined();
    await (await release(engine, ip)).result();
    expect(main.held(ip)).toBeUndefined();
  });

  test.concurrent('on another address, given instead in a run that ended, is an orphan and goes back', async () => {
    const { main, ip } = await lostImport('instead');
    expect(itemOf(await sync(main), ip)).toMatchObject({ action: 'occupy', outcome: 'done' });
    const extra = main.byHand(170, { note: (await ledger.addresses.find(ip))?.mark?.tag ?? '' });
    expect(itemOf(await sync(main), extra.ip)).toMatchObject({ discrepancy: 'orphan', outcome: 'done' });
    expect(main.held(extra.ip)).toBeUndefined();
    expect(main.held(ip)).toBeDefined();
  });
});

describe('a sync that is cancelled while it applies', () => {
  test.concurrent('sends nothing new; what was sent is seen to its end', async () => {
    const main = await site(engine, 'stop', { fenceMs });
    await main.serve('stop-1');
    await approvedBefore(main);
    const [lost, late, away] = [main.byHand(150), main.byHand(151), main.byHand(152)];
    deals.set('stop', (purpose, about) => {
      if (purpose === 'release' && about === lost.ip) return { kind: 'reset-before' };
      if (purpose === 'release' && about === late.ip) return { kind: 'reset-after' };
      return purpose === 'read' && about === away.ip ? { kind: 'reset-before' } : undefined;
    });
    const handle = await startSync(main);
    await waitsOutAFence(handle.workflowId);
    await handle.cancel();
    deals.delete('stop');
    const before = sent(main, 'release').length;
    await handle.result().catch(() => undefined);
    expect(sent(main, 'release')).toHaveLength(before);
    const [run] = await ledger.syncs.list('stop', 1);
    if (run === undefined) throw new Error('no run');
    expect(run).toMatchObject({ state: 'failed', reason: { code: 'cancelled' } });
    const outcomes = await sql(
      `select host(ip::inet) as ip, outcome from sync_item where run = '${run.run}' order by ip`,
    );
    expect(outcomes).toEqual([
      { ip: lost.ip, outcome: 'failed' },
      { ip: late.ip, outcome: 'done' },
      { ip: away.ip, outcome: 'failed' },
    ]);
    expect(main.held(lost.ip)).toBeDefined();
    expect(await sql(`select key from lock where key like 'address/%' and owner_workflow = 'sync/stop'`)).toEqual([]);
    expect(await sync(main)).toMatchObject({ state: 'applied', outcomes: { done: 2 } });
  });
});
