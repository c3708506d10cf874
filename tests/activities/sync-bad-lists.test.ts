import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { FaultKind } from '../../activities/http/simulator/faults.ts';
import { aReserved, aService } from '../ledger/world.ts';
import { openDesk, type Held, type SyncDesk } from './support/sync-desk.ts';

/** Every bad list there is: nothing is planned, the run is refused with its reason, the last good run stays (I12). */

let desk: SyncDesk;
beforeAll(async () => {
  desk = await openDesk();
  for (let n = 1; n <= 10; n += 1) await aReserved(desk, await aService(desk), { ip: `10.9.0.${n}` });
});
afterAll(() => desk.close());

/** Twenty rows: ten of the ledger's, ten that policy `all` would release. */
async function twenty(): Promise<readonly Held[]> {
  const ours = await desk.ledger.addresses.list({ integration: 'panel' });
  return [
    ...ours.map((row) => ({ ip: row.ip, domain: row.ptr ?? '', note: row.mark?.tag ?? '' })),
    ...Array.from({ length: 10 }, (_, n) => ({ ip: `10.9.1.${n + 1}`, domain: 'left.example.com' })),
  ];
}

let good: string;
beforeEach(async () => {
  desk.simulator.faults.hook = undefined;
  desk.hold(await twenty());
  const { run } = await desk.sync({ policy: 'owned' });
  if (run.verdict !== 'apply') throw new Error(`the good run is ${run.verdict}: ${run.reason?.message}`);
  await desk.end(run, 'applied');
  good = run.run;
});

async function refusedWith(code: string): Promise<string> {
  const { compared, run } = await desk.sync();
  expect(compared).toMatchObject({ done: true, planned: 0, refused: { code } });
  expect(run).toMatchObject({ verdict: 'refuse', reason: { code }, counts: {} });
  expect(await desk.ledger.syncs.toApply(run.run, null, 100)).toEqual([]);
  await desk.end(run, 'refused');
  expect((await desk.ledger.syncs.baseline('panel', 'billing'))?.run).toBe(good);
  return run.reason?.message ?? '';
}

const always: readonly { readonly kind: FaultKind; readonly code: string }[] = [
  { kind: 'empty-list', code: 'list-not-complete' },
  { kind: 'short-by-one', code: 'list-not-complete' },
  { kind: 'page-missing', code: 'list-not-complete' },
  { kind: 'page-twice', code: 'list-not-complete' },
  { kind: 'total-unlike-sum', code: 'list-not-complete' },
  { kind: 'shrinking', code: 'list-not-complete' },
  { kind: 'html-after', code: 'panel-answer-foreign' },
  { kind: 'wrong-content-type', code: 'panel-answer-foreign' },
  { kind: 'foreign-json-after', code: 'panel-answer-foreign' },
  { kind: 'deep-json', code: 'panel-answer-foreign' },
  { kind: 'packed-after', code: 'panel-answer-foreign' },
  { kind: 'redirect', code: 'panel-redirects' },
];

describe('a list that is spoiled by', () => {
  test.each(always)('$kind on every page refuses the run', async ({ kind, code }) => {
    desk.simulator.faults.hook = (request) => (request.purpose === 'list' ? { kind } : undefined);
    await refusedWith(code);
    expect(desk.simulator.faults.counts[kind]).toBeGreaterThan(0);
  });

  test.each(always)('$kind on the fourth page only refuses the run', async ({ kind, code }) => {
    desk.simulator.faults.hook = (request) => (request.parameters['p_num'] === '4' ? { kind } : undefined);
    // The fifth page in its place, and once more in its own.
    expect(await refusedWith(kind === 'page-missing' ? 'duplicate-row' : code)).not.toBe('');
  });

  test.each(always)('$kind once is read again, and nothing of the first listing is left', async ({ kind }) => {
    let left = 1;
    desk.simulator.faults.hook = (request) => {
      const now = request.purpose === 'list' && request.parameters['p_num'] === '2' && left > 0;
      left -= now ? 1 : 0;
      return now ? { kind } : undefined;
    };
    const { compared, run } = await desk.sync();
    expect(compared).toMatchObject({ done: true, refused: null, rows: 20 });
    expect(run.counts).toEqual({ release: 10, report: 10 });
    // Rows of another page look as if the panel did not sort: read whole then, and proven so.
    expect(run.progress.listing).toBe(kind === 'page-missing' ? 1 : 2);
  });

  test('half of it, cut by the connection, fails and does not conclude', async () => {
    desk.simulator.faults.hook = (request) => (request.purpose === 'list' ? { kind: 'truncated-after' } : undefined);
    const run = await desk.begin();
    await expect(desk.compare(run.run)).rejects.toMatchObject({ name: 'RemoteError', retryable: true });
    expect(await desk.ledger.syncs.countPlan(run.run)).toEqual({});
  });

  test('a session that is lost in the middle, each time', async () => {
    desk.simulator.faults.hook = (request) =>
      request.parameters['p_num'] === '3' ? { kind: 'session-lost' } : undefined;
    expect(await refusedWith('list-not-complete')).toMatch(/session/);
  });

  test('a row that does not parse', async () => {
    desk.hold([...(await twenty()), { ip: 'gateway' }]);
    expect(await refusedWith('malformed')).toContain('gateway');
  });

  test('an address twice, in two writings', async () => {
    desk.hold([...(await twenty()), { ip: '2001:db8::a' }, { ip: '2001:DB8::00A' }]);
    expect(await refusedWith('duplicate-row')).toBe('"2001:db8::a" stands in the list more than once');
  });

  /** The same text for whoever reads it, and two rows of the panel's. */
  const twice: readonly Held[] = [{ ip: '10.50.0.0/30' }, { ip: '10.50.0.0/30 ' }];
  const others: readonly Held[] = ['10.51.0.0/30', '10.52.0.0/30', '2001:db8::/64'].map((ip) => ({ ip }));

  test('a network twice, on one page', async () => {
    desk.hold([...(await twenty()), ...twice]);
    expect(await refusedWith('duplicate-row')).toContain('"10.50.0.0/30" stands in the list more than once');
  });

  test('a network twice, where the panel sorts as text', async () => {
    desk.simulator.world.knobs.sortedAs = 'text';
    desk.hold([...(await twenty()), ...twice, { ip: '9.0.0.1' }]);
    expect(await refusedWith('duplicate-row')).toContain('10.50.0.0/30');
    desk.simulator.world.knobs.sortedAs = 'number';
  });

  test('a network again behind what was saved, read by another worker: each listing finds it', async () => {
    desk.hold([...(await twenty()), ...twice.slice(0, 1), ...others, ...twice.slice(1)]);
    const { run } = await desk.begin();
    const saved = await desk.compare(run, { pages: 8, pageRows: 3 });
    expect(saved).toMatchObject({ done: false, rows: 24 });
    expect(await desk.ledger.syncs.countPlan(run)).toMatchObject({ report: 4 + 10 });
    desk.otherWorker();
    const compared = await desk.compare(run);
    expect(compared).toMatchObject({ done: true, planned: 0, refused: { code: 'duplicate-row' } });
    expect(await desk.ledger.syncs.find(run)).toMatchObject({
      verdict: 'refuse',
      progress: { listing: 4 },
      counts: {},
    });
  });

  test('a row that came twice once, since the list moved, is read again and counted once', async () => {
    desk.hold([...(await twenty()), ...twice]);
    let left = 1;
    desk.simulator.faults.hook = ({ purpose, parameters }) => {
      if (purpose === 'list' && parameters['p_num'] === '1' && left-- <= 0)
        desk.simulator.world.addresses.delete('10.50.0.0/30 ');
      return undefined;
    };
    const { run } = await desk.sync();
    expect(run).toMatchObject({ progress: { listing: 2 }, remoteCount: 21 });
  });

  test('an address twice, where the panel sorts as text', async () => {
    desk.simulator.world.knobs.sortedAs = 'text';
    desk.hold([...(await twenty()), { ip: '2001:db8::a' }, { ip: '2001:DB8::00A' }]);
    expect(await refusedWith('duplicate-row')).toContain('"2001:db8::a"');
    desk.simulator.world.knobs.sortedAs = 'number';
  });
});

describe('a list that is whole and says too little', () => {
  test.each([
    { what: 'nothing at all', keep: 0, code: 'list-empty' },
    { what: 'eleven fewer', keep: 9, code: 'remote-shrank' },
  ])('$what refuses the run', async ({ keep, code }) => {
    desk.hold((await twenty()).slice(0, keep));
    const { run } = await desk.sync();
    expect(run).toMatchObject({ verdict: 'refuse', reason: { code } });
    await desk.end(run, 'refused');
    expect((await desk.ledger.syncs.baseline('panel', 'billing'))?.run).toBe(good);
  });

  test('a run that only observes, by hand, is not measured against the last: it is the new baseline', async () => {
    desk.hold((await twenty()).slice(0, 9));
    const { run } = await desk.sync({ policy: 'observe' });
    expect(run.verdict).not.toBe('refuse');
    await desk.end(run, 'planned');
    const { run: next } = await desk.sync({ policy: 'owned' });
    expect(next.verdict).not.toBe('refuse');
  });
});
