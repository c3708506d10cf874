import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compareRange } from '../../activities/sync/compare.ts';
import { aReserved, aService } from '../ledger/world.ts';
import { openDesk, smallPages, type Held, type SyncDesk } from './support/sync-desk.ts';

let desk: SyncDesk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

/** Addresses of active services, as both sides should have them. */
async function inStep(count: number, net = '10.1.0'): Promise<readonly (Held & { readonly note: string })[]> {
  const held: (Held & { readonly note: string })[] = [];
  for (let n = 1; n <= count; n += 1) {
    const service = await aService(desk);
    const { ip, address } = await aReserved(desk, service, { ip: `${net}.${n}` });
    await desk.ledger.services.activate({ service: service.id, ips: [ip], run: service.run });
    held.push({ ip, domain: address.ptr ?? '', note: address.mark?.tag ?? '' });
  }
  return held;
}

describe('comparing both sides', () => {
  test('what is in step on both sides gives an empty plan', async () => {
    desk.hold(await inStep(8));
    const { run } = await desk.sync();
    expect(run).toMatchObject({ verdict: 'apply', counts: {}, planned: 0, remoteCount: 8, ledgerCount: 8 });
  });

  test('both directions of drift, in address order, with what both sides looked like', async () => {
    const held = await inStep(6);
    const [first, second, third] = held;
    desk.hold([
      ...held.slice(3),
      { ...first, ip: first?.ip ?? '', domain: 'elsewhere.example.com' },
      { ...second, ip: second?.ip ?? '', note: '' },
      { ip: '10.0.0.7', domain: 'stray.example.com' },
      { ip: '10.200.0.7', note: 'iptally:ffffffffffff:0123456789abcdef' },
      { ip: '2001:db8::1' },
    ]);
    const { run } = await desk.sync();
    const items = await desk.ledger.syncs.items(run.run, { after: null, limit: 100 });
    expect(items.map((row) => [row.ip, row.discrepancy, row.action])).toEqual([
      ['10.0.0.7', 'unknown-holder', 'release'],
      [first?.ip, 'ptr-drift', expect.any(String)],
      [second?.ip, 'untagged', 'tag'],
      [third?.ip, 'missing', 'occupy'],
      ['10.200.0.7', 'foreign-owner', 'report'],
      ['2001:db8::1', 'unknown-holder', 'release'],
    ]);
    expect(items[0]).toMatchObject({ version: null, remote: { tag: null, group: 'public', ptr: 'stray.example.com' } });
    expect(items[3]).toMatchObject({ version: 2, remote: null });
    expect(run).toMatchObject({ verdict: 'needs-approval', reason: { code: 'first-plan' } });
  });

  test.each([50, 2_000])(
    'a panel that takes %i ms a page is listed whole, many pages under way at once',
    async (ms) => {
      const held = await inStep(4);
      desk.hold([...held, ...Array.from({ length: 23 }, (_, n) => ({ ip: `10.0.0.${n + 1}` }))]);
      let underWay = 0;
      let most = 0;
      desk.simulator.faults.hook = ({ purpose }) => {
        if (purpose !== 'list') return undefined;
        underWay += 1;
        most = Math.max(most, underWay);
        setTimeout(() => (underWay -= 1), ms);
        return { kind: 'delay', ms };
      };
      const { run } = await desk.sync();
      expect(run).toMatchObject({ remoteCount: 27, counts: { release: 23 } });
      expect(most).toBeGreaterThan(2);
    },
  );

  test('the same lists give the same checksum, however they are cut into pages', async () => {
    desk.hold([...(await inStep(5)), ...Array.from({ length: 9 }, (_, n) => ({ ip: `10.0.0.${n + 1}` }))]);
    const checksums = new Set<string | null>();
    for (const pageRows of [1, 2, 5, 100]) {
      const run = await desk.begin();
      await desk.compare(run.run, { pages: 100, pageRows });
      const { finishCompare } = await import('../../activities/sync/finish.ts');
      checksums.add((await finishCompare(desk.deps, run.run)).checksum);
    }
    expect(checksums.size).toBe(1);
  });

  test('ledger rows beyond the last listed address are missing, those of other integrations are left alone', async () => {
    const held = await inStep(4, '10.8.0');
    const other = await aService(desk, { server: 'srv-other' });
    await aReserved(desk, other, { ip: '10.250.0.1', integration: 'other' });
    desk.hold(held.slice(0, 1));
    const { run } = await desk.sync();
    expect(run).toMatchObject({ counts: { occupy: 3 }, ledgerCount: 4, remoteCount: 1 });
  });

  test('an address in flight is left alone, and one whose run is over is not', async () => {
    const service = await aService(desk);
    const { ip, order } = await aReserved(desk, service);
    desk.hold([{ ip: '10.0.0.1' }]);
    desk.open.add(order.run.runId);
    expect((await desk.sync()).run.counts).toEqual({ release: 1 });
    desk.open.clear();
    expect((await desk.sync()).run.counts).toEqual({ release: 1, occupy: 1 });
    expect(ip).not.toBe('10.0.0.1');
  });

  test('a locked address is in flight while the owner of the lock runs', async () => {
    const [held] = await inStep(1);
    const run = { workflowId: 'ptr/x', runId: 'locked-by' };
    await desk.ledger.locks.acquire({ key: `address/${held?.ip}`, reason: 'a PTR change', run });
    desk.hold([{ ...held, ip: held?.ip ?? '', domain: 'new.example.com' }]);
    desk.open.add(run.runId);
    expect((await desk.sync()).run.counts).toEqual({});
    desk.open.clear();
    expect((await desk.sync()).run.planned).toBe(1);
  });

  test('networks that stand in the list are reported, last', async () => {
    desk.hold([{ ip: '10.0.0.0/30' }, { ip: '10.3.0.1' }, { ip: '2001:db8::/64' }]);
    const { run } = await desk.sync();
    const items = await desk.ledger.syncs.items(run.run, { after: null, limit: 10 });
    expect(items.map((row) => row.ip)).toEqual(['10.3.0.1', '10.0.0.0/30', '2001:db8::/64']);
  });

  test('ignored groups are left alone on both sides', async () => {
    desk.hold([{ ip: '10.0.0.1', group: 'infra' }, { ip: '10.0.0.2', group: 'service' }, { ip: '10.0.0.3' }]);
    expect((await desk.sync()).run.counts).toEqual({ release: 1 });
  });

  test('a panel that sorts as text gives the same plan', async () => {
    const rows = Array.from({ length: 14 }, (_, n) => ({ ip: `10.0.0.${n + 1}` }));
    desk.hold([...(await inStep(3)), ...rows]);
    const sorted = (await desk.sync()).run;
    desk.simulator.world.knobs.sortedAs = 'text';
    desk.simulator.world.revision += 1;
    const unsorted = (await desk.sync()).run;
    expect(unsorted.checksum).toBe(sorted.checksum);
    expect(unsorted.counts).toEqual({ release: 14 });
  });
});

describe('a comparison that is broken off', () => {
  const rows = Array.from({ length: 30 }, (_, n) => ({ ip: `10.0.0.${n + 1}` }));
  const pagesAsked = (): readonly (string | undefined)[] =>
    desk.simulator.log.filter(({ purpose }) => purpose === 'list').map(({ parameters }) => parameters['p_num']);

  test('goes on after the last saved range, and the budget cuts it into calls', async () => {
    desk.hold(rows);
    const run = await desk.begin();
    const calls = [];
    for (let done = false; !done;) {
      const compared = await desk.compare(run.run, { pages: 4, pageRows: 3 });
      calls.push(compared.rows);
      done = compared.done;
    }
    expect(calls).toEqual([12, 24, 30]);
    expect(pagesAsked()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
    expect(await desk.ledger.syncs.countPlan(run.run)).toEqual({ release: 30 });
  });

  test('by the end of its worker goes on in another session after one page was read again', async () => {
    desk.hold(rows);
    const run = await desk.begin();
    await desk.compare(run.run, { pages: 4, pageRows: 3 });
    desk.otherWorker();
    const compared = await desk.compare(run.run, smallPages);
    expect(compared).toMatchObject({ done: true, rows: 30, planned: 30 });
    expect(pagesAsked().filter((page) => page === '4')).toHaveLength(2);
    expect(pagesAsked()).toHaveLength(11);
    expect((await desk.ledger.syncs.find(run.run))?.progress.listing).toBe(1);
  });

  test('by the end of its worker begins again when the list is another one by then', async () => {
    desk.hold(rows);
    const run = await desk.begin();
    await desk.compare(run.run, { pages: 4, pageRows: 3 });
    desk.otherWorker();
    desk.hold(rows.filter(({ ip }) => ip !== '10.0.0.5'));
    const compared = await desk.compare(run.run, smallPages);
    expect(compared).toMatchObject({ done: true, rows: 29, planned: 29 });
    expect((await desk.ledger.syncs.find(run.run))?.progress.listing).toBe(2);
  });

  test('two copies of it at once add no row twice', async () => {
    desk.hold(rows);
    const run = await desk.begin();
    const slow = { pages: 1_000, pageRows: 2 };
    const copy = () =>
      compareRange(desk.deps, run.run, {
        budget: slow,
        sessions: new Set(),
        signal: new AbortController().signal,
        beat: () => undefined,
      });
    await Promise.all([copy(), copy(), copy()]);
    while (!(await desk.compare(run.run, slow)).done);
    expect(await desk.ledger.syncs.countPlan(run.run)).toEqual({ release: 30 });
    expect((await desk.ledger.syncs.find(run.run))?.planned).toBe(30);
  });
});
