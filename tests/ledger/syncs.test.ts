import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { PlanRow } from '../../workflows/domain/plan.ts';
import type { BeginRun, ComparedRange, SyncRun } from '../../activities/ledger/sync/sync-store.ts';
import { aReserved, aRun, aService, lock, openWorld, unlock, type World } from './world.ts';

let world: World;
let last: SyncRun | undefined;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  if (last !== undefined) await world.ledger.syncs.setState(last.run, 'failed', null);
});

function request(fields: Partial<BeginRun> = {}): BeginRun {
  return {
    integration: 'panel',
    policy: 'all',
    dryRun: false,
    login: 'billing',
    scheduledFor: null,
    run: aRun('sync/panel'),
    ...fields,
  };
}

async function aSync(fields: Partial<BeginRun> = {}): Promise<SyncRun> {
  const begun = await world.ledger.syncs.begin(request(fields));
  if (begun.kind !== 'begun') throw new Error(`not begun: ${begun.kind}`);
  last = begun.run;
  return begun.run;
}

function planRow(ip: string, fields: Partial<PlanRow> = {}): PlanRow {
  const remote = { tag: null, group: 'public', ptr: 'a.example.com' };
  return { ip, discrepancy: 'unknown-holder', action: 'release', reason: 'a test', remote, version: null, ...fields };
}

function range(run: SyncRun, plan: readonly PlanRow[], fields: Partial<ComparedRange> = {}): ComparedRange {
  const { progress } = run;
  const nextPage = progress.nextPage + 1;
  const moved = {
    ...progress,
    nextPage,
    rows: progress.rows + plan.length,
    total: 10,
    lastIp: plan.at(-1)?.ip ?? null,
  };
  return { run: run.run, fromPage: progress.nextPage, progress: moved, plan, firstReads: [], ledgerRows: 1, ...fields };
}

async function planned(rows: readonly PlanRow[], fields: Partial<BeginRun> = {}): Promise<SyncRun> {
  const run = await aSync(fields);
  await world.ledger.syncs.saveRange(range(run, rows));
  return world.ledger.syncs.finishPlan({ run: run.run, verdict: 'needs-approval', reason: null });
}

describe('beginning', () => {
  test('the workflow that began a run finds it again; another one is told who works', async () => {
    const { syncs } = world.ledger;
    const one = await aSync();
    expect(await syncs.begin(request({ run: one.owner }))).toEqual({ kind: 'begun', run: one });
    expect(await syncs.begin(request())).toEqual({ kind: 'busy', run: one });
    await syncs.setState(one.run, 'applied', null);
    expect((await syncs.begin(request({ run: one.owner }))).run.state).toBe('applied');
    const next = await aSync();
    expect(next.run > one.run).toBe(true);
    expect((await syncs.list('panel', 2)).map((run) => run.run)).toEqual([next.run, one.run]);
  });

  test('of many at once, one begins', async () => {
    const begun = await Promise.all(Array.from({ length: 8 }, () => world.ledger.syncs.begin(request())));
    expect(begun.filter(({ kind }) => kind === 'begun')).toHaveLength(1);
    expect(new Set(begun.map(({ run }) => run.run)).size).toBe(1);
    last = begun[0]?.run;
  });

  test('two integrations do not stand in each other’s way', async () => {
    await aSync();
    const other = await world.ledger.syncs.begin(request({ integration: 'other' }));
    expect(other.kind).toBe('begun');
    await world.ledger.syncs.setState(other.run.run, 'failed', null);
  });

  test('one run a local date, whoever starts it', async () => {
    const scheduledFor = '2027-10-31';
    const one = await aSync({ scheduledFor });
    await world.ledger.syncs.setState(one.run, 'applied', null);
    expect(await world.ledger.syncs.begin(request({ scheduledFor }))).toMatchObject({
      kind: 'ran-already',
      run: { run: one.run, scheduledFor },
    });
    expect((await aSync({ scheduledFor: '2027-11-01' })).state).toBe('running');
  });

  test.each([
    { state: 'running', becomes: 'failed' },
    { state: 'needs-approval', becomes: 'superseded' },
  ] as const)('taken over from a closed workflow, its run that was $state is $becomes', async ({ state, becomes }) => {
    const { syncs } = world.ledger;
    const one = await aSync();
    await syncs.setState(one.run, state, null);
    const wrong = await syncs.begin(request({ takeOverFrom: aRun('sync/panel') }));
    expect(wrong.kind).toBe('busy');
    last = (await syncs.begin(request({ takeOverFrom: one.owner }))).run;
    expect(last.run).not.toBe(one.run);
    expect(await syncs.find(one.run)).toMatchObject({ state: becomes, endedAt: expect.any(String) });
    // A straggler of the old one changes nothing, and does not take the lock of the new one along.
    expect((await syncs.setState(one.run, 'applied', null)).state).toBe(becomes);
    expect((await syncs.begin(request())).kind).toBe('busy');
  });
});

describe('comparing', () => {
  test('a range is saved once: said again, or by a copy that began elsewhere, it changes nothing', async () => {
    const { syncs } = world.ledger;
    const run = await aSync();
    const first = range(run, [planRow('10.0.0.1'), planRow('10.0.0.2')]);
    const saved = await syncs.saveRange(first);
    expect(saved).toMatchObject({ planned: 2, ledgerRows: 1, progress: { nextPage: 2, rows: 2, lastIp: '10.0.0.2' } });
    expect(await syncs.saveRange(first)).toEqual(saved);
    expect(await syncs.saveRange(range(run, [planRow('10.0.0.9')], { fromPage: 5 }))).toEqual(saved);
    expect(await syncs.countPlan(run.run)).toEqual({ release: 2 });
  });

  test('a broken listing leaves nothing, and what its stragglers save is refused', async () => {
    const { syncs } = world.ledger;
    const run = await aSync();
    const late = range(run, [planRow('10.0.0.1')]);
    await syncs.saveRange(late);
    const again = await syncs.restart(run.run, 1);
    expect(again).toMatchObject({ planned: 0, progress: { listing: 2, nextPage: 1, rows: 0, lastIp: null } });
    expect(await syncs.restart(run.run, 1)).toEqual(again);
    expect(await syncs.saveRange(late)).toEqual(again);
    expect(await syncs.items(run.run, { after: null, limit: 9 })).toEqual([]);
  });

  test('a killed save leaves neither rows nor progress', async () => {
    const { syncs } = world.ledger;
    const run = await aSync();
    const broken = range(run, [planRow('10.0.0.1'), planRow('10.0.0.2', { version: 2 ** 40 })]);
    await expect(syncs.saveRange(broken)).rejects.toMatchObject({ name: 'LedgerContractBroken' });
    expect(await syncs.find(run.run)).toEqual(run);
    expect(await syncs.countPlan(run.run)).toEqual({});
  });

  test('a finished plan has counts, a checksum over all its rows and one verdict for good', async () => {
    const { syncs } = world.ledger;
    const rows = [planRow('10.0.0.1'), planRow('10.0.0.2', { action: 'report' }), planRow('10.0.0.3')];
    const one = await planned(rows);
    expect(one).toMatchObject({ counts: { release: 2, report: 1 }, remoteCount: 10, ledgerCount: 1 });
    expect(one.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(await syncs.finishPlan({ run: one.run, verdict: 'apply', reason: null })).toEqual(one);
    await syncs.setState(one.run, 'failed', null);
    expect((await planned(rows)).checksum).toBe(one.checksum);
    await syncs.setState(last?.run ?? '', 'failed', null);
    expect((await planned(rows.slice(1))).checksum).not.toBe(one.checksum);
  });

  test('twelve thousand rows keep their order, and are read page by page', async () => {
    const { syncs } = world.ledger;
    const ips = Array.from({ length: 12_000 }, (_, n) => `10.${Math.floor(n / 250)}.1.${(n % 250) + 1}`);
    const run = await planned(ips.map((ip) => planRow(ip)));
    const read: string[] = [];
    for (let after: string | null = null; ;) {
      const items = await syncs.items(run.run, { after, limit: 5_000 });
      read.push(...items.map((row) => row.ip));
      after = items.at(-1)?.ip ?? null;
      if (items.length < 5_000) break;
    }
    expect(read).toEqual(ips);
    expect(run.counts).toEqual({ release: 12_000 });
  });
});

describe('approving', () => {
  test('names the plan; another checksum, or a run that does not wait, is refused', async () => {
    const { syncs } = world.ledger;
    const { run, checksum } = await planned([planRow('10.0.0.1')]);
    expect(await syncs.approve(run, checksum ?? '')).toBe('not-waiting');
    await syncs.setState(run, 'needs-approval', { code: 'first-plan', message: 'the first' });
    expect(await syncs.approve(run, '00')).toBe('other-checksum');
    const approved = await syncs.approve(run, checksum ?? '');
    expect(approved).toMatchObject({ state: 'running', reason: null, approvedAt: expect.any(String) });
    expect(await syncs.approve(run, checksum ?? '')).toEqual(approved);
    expect(await syncs.everApproved('panel')).toBe(true);
    expect(await syncs.everApproved('other')).toBe(false);
  });
});

describe('applying', () => {
  test('only rows that ask for something, each with its first outcome; the figures follow', async () => {
    const { syncs } = world.ledger;
    const rows = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((ip) => planRow(ip));
    const { run } = await planned([...rows, planRow('10.0.0.5', { action: 'report' })]);
    await syncs.saveOutcomes(run, [{ ip: '10.0.0.1', outcome: 'done', reason: null }]);
    await syncs.saveOutcomes(run, [{ ip: '10.0.0.1', outcome: 'failed', reason: 'late' }]);
    await syncs.saveOutcomes(run, [
      { ip: '10.0.0.1', outcome: 'denied', reason: 'late' },
      { ip: '10.0.0.2', outcome: 'changed', reason: 'its tag is another one' },
    ]);
    expect((await syncs.toApply(run, null, 1)).map((row) => row.ip)).toEqual(['10.0.0.3']);
    expect((await syncs.toApply(run, '10.0.0.3', 9)).map((row) => row.ip)).toEqual(['10.0.0.4']);
    expect((await syncs.find(run))?.outcomes).toEqual({ done: 1, failed: 0, denied: 0, changed: 1 });
    const [first] = await syncs.items(run, { after: null, limit: 1 });
    expect(first).toMatchObject({ outcome: 'done', outcomeReason: null });
  });

  test('releases that were done, failed or are not clear yet count against the limit; denied and changed ones do not', async () => {
    const { syncs } = world.ledger;
    const releases = ['10.0.0.1', '10.0.0.3', '10.0.0.4', '10.0.0.5'].map((ip) => planRow(ip));
    const { run } = await planned([planRow('10.0.0.2', { action: 'tag' }), ...releases]);
    expect(await syncs.countReleases(run, [])).toBe(0);
    expect(await syncs.countReleases(run, ['10.0.0.2'])).toBe(0);
    expect(await syncs.countReleases(run, ['10.0.0.1', '10.0.0.2', '10.0.0.3'])).toBe(2);
    await syncs.saveOutcomes(run, [
      { ip: '10.0.0.2', outcome: 'done', reason: null },
      { ip: '10.0.0.1', outcome: 'done', reason: null },
      { ip: '10.0.0.5', outcome: 'changed', reason: 'its tag is another one' },
    ]);
    expect(await syncs.countReleases(run, [])).toBe(1);
    expect(await syncs.countReleases(run, ['10.0.0.1', '10.0.0.3', '10.0.0.5'])).toBe(2);
    await syncs.saveOutcomes(run, [
      { ip: '10.0.0.3', outcome: 'denied', reason: 'the login may not' },
      { ip: '10.0.0.4', outcome: 'failed', reason: 'nobody answered' },
    ]);
    expect(await syncs.countReleases(run, ['10.0.0.3'])).toBe(2);
  });

  test('PTRs are adopted where the row is as planned and nobody has its lock, with history', async () => {
    const { syncs, addresses } = world.ledger;
    const rows = [];
    for (let n = 0; n < 3; n += 1) rows.push((await aReserved(world, await aService(world))).address);
    const [one, two, three] = rows;
    if (one === undefined || two === undefined || three === undefined) throw new Error('three rows');
    const { run } = await planned(rows.map((row) => planRow(row.ip, { action: 'adopt-ptr', version: row.version })));
    const holder = aRun('ptr/x');
    await lock(world, two.ip, holder);
    const by = aRun('sync/panel');
    const wanted = rows.map((row) => ({ ip: row.ip, version: row.version, ptr: 'new.example.com' }));
    const told = await syncs.adoptPtrs({
      run,
      by,
      rows: wanted.map((row, at) => ({ ...row, version: row.version + (at === 2 ? 7 : 0) })),
    });
    await unlock(world, two.ip, holder);
    expect(told.map((row) => row.outcome)).toEqual(['done', 'changed', 'changed']);
    expect(await addresses.find(one.ip)).toMatchObject({
      ptr: 'new.example.com',
      ptrSeen: 'new.example.com',
      version: one.version + 1,
    });
    expect(await addresses.find(two.ip)).toEqual(two);
    expect((await addresses.history(one.ip)).at(-1)).toMatchObject({ event: 'ptr', workflowId: 'sync/panel' });
    await syncs.adoptPtrs({ run, by, rows: wanted });
    expect((await syncs.find(run))?.outcomes).toEqual({ done: 1, failed: 0, denied: 0, changed: 2 });
  });
});

describe('sightings', () => {
  const seen = planRow('10.77.0.1');

  async function night(rows: readonly PlanRow[], localDate: string): Promise<number | undefined> {
    const run = await planned(rows);
    const dates = await world.ledger.syncs.sight(run.run, rows, localDate);
    expect(await world.ledger.syncs.sight(run.run, rows, localDate)).toEqual(dates);
    await world.ledger.syncs.setState(run.run, 'applied', null);
    return dates.get(seen.ip);
  }

  test('one a local date; another PTR, tag or group begins anew', async () => {
    expect(await night([seen], '2027-01-01')).toBe(1);
    expect(await night([seen], '2027-01-01')).toBe(1);
    expect(await night([seen], '2027-01-02')).toBe(2);
    const changed = planRow(seen.ip, { remote: { tag: null, group: 'public', ptr: 'other.example.com' } });
    expect(await night([changed], '2027-01-03')).toBe(1);
    expect(await night([changed], '2027-01-04')).toBe(2);
  });

  test('a night on which it was in step begins anew', async () => {
    expect(await night([planRow('10.77.0.2')], '2027-02-01')).toBeUndefined();
    expect(await night([seen], '2027-02-02')).toBe(1);
    expect(await night([], '2027-02-03')).toBeUndefined();
    expect(await night([seen], '2027-02-04')).toBe(1);
  });

  test('what is held back is reported, with its reason', async () => {
    const { syncs } = world.ledger;
    const { run } = await aSync();
    await syncs.saveRange(range((await syncs.find(run)) as SyncRun, [seen]));
    await syncs.holdBack(run, [{ ip: seen.ip, reason: 'seen on 1 of 3 dates' }]);
    expect(await syncs.items(run, { after: null, limit: 1 })).toMatchObject([
      { action: 'report', reason: 'seen on 1 of 3 dates' },
    ]);
  });
});
