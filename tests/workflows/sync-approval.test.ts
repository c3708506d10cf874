import { describe, expect, test } from '@jest/globals';
import { approveUpdate, planQuery, rejectUpdate, workflowIds } from '../../workflows/contract.ts';
import { query } from '../support/database.ts';
import { attributesOf, detailsOf, eventually, failureOf, openDesk } from './support/desk.ts';
import {
  approvedBefore,
  atRest,
  beginSync,
  itemOf,
  mutations,
  site,
  startSync,
  sync,
  untilAsked,
  wideWorld,
  type Site,
} from './support/sync-desk.ts';

/** The wait of these ends soon, as if the next start were due. */
const due = new Set<string>();
const engine = await openDesk({
  world: wideWorld(),
  integration: { fenceMs: 2_000 },
  unread: true,
  wrap: (activities) => ({
    ...activities,
    decideSync: async (ticket) => {
      const decided = await activities.decideSync(ticket);
      if (decided.next !== 'wait' || !due.has(ticket.integration)) return decided;
      if (Date.parse(decided.until) > Date.now() + 86_400_000) throw new Error(`it waits until ${decided.until}`);
      return { ...decided, until: new Date(Date.now() + 1_500).toISOString() };
    },
  }),
});
const { ledger, simulator } = engine;
const { world } = simulator;

/** A site whose first plan has one release: a person is asked. */
async function asked(name: string) {
  const main = await site(engine, name);
  await main.serve(`${name}-1`);
  const stray = main.byHand(150);
  const handle = await startSync(main);
  const plan = await untilAsked(handle);
  return { main, stray, handle, plan, checksum: plan.checksum ?? '' };
}

const writes = (main: Site): number => mutations(main).filter(({ purpose }) => purpose === 'release').length;

describe('a plan that needs a person', () => {
  test.concurrent('waits where everybody can see it, and is applied once its checksum is approved', async () => {
    const { main, stray, handle, plan, checksum } = await asked('ask');
    expect(plan).toMatchObject({ state: 'needs-approval', verdict: 'needs-approval', reason: { code: 'first-plan' } });
    expect(itemOf(plan, stray.ip)).toMatchObject({ action: 'release', outcome: null });
    expect(writes(main)).toBe(0);
    await eventually(async () =>
      expect(await attributesOf(engine, handle.workflowId)).toMatchObject({
        IptallyIntegration: 'ask',
        IptallyState: 'needs-approval',
        IptallyReason: 'needs-approval',
      }),
    );
    const details = await detailsOf(engine, handle.workflowId);
    expect(details).toContain(checksum);
    expect(details).toContain('1 release');
    expect(
      await failureOf(handle.executeUpdate(approveUpdate, { args: [{ checksum: '0'.repeat(64) }] })),
    ).toMatchObject({
      type: 'other-checksum',
      accepted: checksum,
    });
    expect(await failureOf(handle.executeUpdate(approveUpdate, { args: [{ checksum: 'not one' }] }))).toMatchObject({
      type: 'invalid-input',
      field: 'checksum',
    });
    expect(writes(main)).toBe(0);
    const approved = await handle.executeUpdate(approveUpdate, { args: [{ checksum }] });
    expect(approved).toMatchObject({ state: 'running', verdict: 'needs-approval' });
    expect(await handle.result()).toMatchObject({ state: 'applied', outcomes: { done: 1 } });
    expect(main.held(stray.ip)).toBeUndefined();
    await atRest(main);
  });

  test.concurrent('is rejected: nothing is written, and the run is over', async () => {
    const { main, stray, handle } = await asked('no');
    expect(await handle.executeUpdate(rejectUpdate)).toMatchObject({ state: 'rejected' });
    expect(await handle.result()).toMatchObject({ state: 'rejected', reason: { code: 'rejected' } });
    expect(main.held(stray.ip)).toBeDefined();
    expect(await ledger.locks.list()).not.toContainEqual(expect.objectContaining({ key: 'sync/no' }));
    expect(await failureOf(handle.executeUpdate(rejectUpdate)).catch(() => 'closed')).toBe('closed');
  });

  test.concurrent('makes room for the next: superseded, and the new run plans anew', async () => {
    const { main, stray, handle } = await asked('next');
    const { view } = await beginSync(main);
    expect(view).toMatchObject({ state: 'superseded', run: (await handle.result()).run });
    const again = await beginSync(main);
    expect(again.view.state).toBe('running');
    expect(again.view.run).not.toBe(view.run);
    const plan = await untilAsked(again.handle);
    await again.handle.executeUpdate(approveUpdate, { args: [{ checksum: plan.checksum ?? '' }] });
    expect(await again.handle.result()).toMatchObject({ state: 'applied' });
    expect(main.held(stray.ip)).toBeUndefined();
  });

  test.concurrent('expires when the next start is due: the night goes first', async () => {
    const { main, handle } = await asked('night');
    const night = await startSync(main, { workflowId: 'sync/night-2027-01-02T03:15:00Z' });
    expect(await handle.result()).toMatchObject({ state: 'expired' });
    const plan = await untilAsked(night);
    expect(plan).toMatchObject({ state: 'needs-approval', workflowId: 'sync/night-2027-01-02T03:15:00Z' });
    await night.executeUpdate(rejectUpdate);
    expect(await night.result()).toMatchObject({ state: 'rejected' });
  });

  test.concurrent('expires by itself when nobody came', async () => {
    due.add('late');
    const { main, stray, handle } = await asked('late');
    expect(await handle.result()).toMatchObject({ state: 'expired', reason: { code: 'expired' } });
    expect(main.held(stray.ip)).toBeDefined();
  });

  test.concurrent('is cancelled with its workflow: a no, and the lock is free', async () => {
    const { main, stray, handle } = await asked('cancel');
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ state: 'rejected', reason: { code: 'cancelled' } });
    expect(main.held(stray.ip)).toBeDefined();
    expect(await ledger.locks.list()).not.toContainEqual(expect.objectContaining({ key: 'sync/cancel' }));
  });

  test.concurrent('a row that is not as planned when it is applied is `changed`; the others are done', async () => {
    const main = await site(engine, 'moved');
    await main.serve('moved-1');
    const [noted, pointed, gone, same] = [main.byHand(150), main.byHand(151), main.byHand(152), main.byHand(153)];
    const ip = await main.serve('moved-2');
    world.addresses.delete(ip);
    const handle = await startSync(main);
    const plan = await untilAsked(handle);
    noted.note = 'iptally:ffffffffffff:0123456789abcdef';
    pointed.domain = 'somebody.example.org';
    world.addresses.delete(gone.ip);
    const row = `update address set protected = true, version = version + 1 where ip = '${ip}'`;
    await query(engine.database.applicationUrl, row);
    await handle.executeUpdate(approveUpdate, { args: [{ checksum: plan.checksum ?? '' }] });
    const view = await handle.result();
    expect(view).toMatchObject({ state: 'applied', outcomes: { done: 1, changed: 4 } });
    for (const one of [noted.ip, pointed.ip, gone.ip, ip]) {
      expect(itemOf(view, one)).toMatchObject({ outcome: 'changed', reason: expect.stringMatching(/^not as planned/) });
    }
    expect(main.held(same.ip)).toBeUndefined();
    expect(main.held(noted.ip)).toBeDefined();
    expect(main.held(pointed.ip)).toBeDefined();
    expect(main.held(ip)).toBeUndefined();
    const next = await sync(main);
    expect(next.outcomes).toEqual({ done: 2, failed: 0, denied: 0, changed: 0 });
    expect(main.held(ip)).toBeDefined();
    expect(main.held(pointed.ip)).toBeUndefined();
    expect(main.held(noted.ip)).toBeDefined();
  });
});

describe('runs that only plan', () => {
  test.concurrent('a dry run writes nothing and says what it would do', async () => {
    const main = await site(engine, 'dry');
    await main.serve('dry-1');
    const stray = main.byHand(150);
    const before = mutations(main).length;
    const view = await (await startSync(main, { dryRun: true })).result();
    expect(view).toMatchObject({ state: 'planned', verdict: 'needs-approval', dryRun: true, counts: { release: 1 } });
    expect(mutations(main)).toHaveLength(before);
    expect(main.held(stray.ip)).toBeDefined();
  });

  test.concurrent('policy `observe` plans, whatever it finds', async () => {
    const main = await site(engine, 'observe', { policy: 'observe' });
    const ip = await main.serve('observe-1');
    await main.serve('observe-2');
    main.byHand(150);
    world.addresses.delete(ip);
    const before = mutations(main).length;
    expect(await (await startSync(main)).result()).toMatchObject({ state: 'planned', counts: { occupy: 1 } });
    expect(mutations(main)).toHaveLength(before);
  });

  test.concurrent('a list that is no list is refused: 0 releases', async () => {
    const main = await site(engine, 'empty');
    const ip = await main.serve('empty-1');
    await approvedBefore(main);
    const row = main.held(ip);
    world.addresses.delete(ip);
    expect(await (await startSync(main)).result()).toMatchObject({ state: 'refused', verdict: 'refuse' });
    if (row !== undefined) world.addresses.set(ip, row);
    world.revision += 1;
    expect(await ledger.locks.list()).not.toContainEqual(expect.objectContaining({ key: 'sync/empty' }));
    expect(await sync(main)).toMatchObject({ state: 'applied', counts: {} });
  });
});

describe('two syncs of one integration', () => {
  const listMs = new Map([
    ['two', 2_000],
    ['beside', 10_000],
  ]);
  const slowLists = (): void => {
    engine.simulator.faults.hook = ({ user, purpose }) => {
      const ms = purpose === 'list' ? listMs.get(user) : undefined;
      return ms === undefined ? undefined : { kind: 'delay', ms };
    };
  };

  test.concurrent('never run together: a start by hand joins the one that works', async () => {
    const main = await site(engine, 'two');
    await main.serve('two-1');
    await approvedBefore(main);
    slowLists();
    const stray = main.byHand(150);
    const [night, hand, again] = await Promise.all([
      startSync(main, { workflowId: 'sync/two-2027-01-02T03:15:00Z' }),
      startSync(main),
      startSync(main),
    ]);
    const [one, other, third] = await Promise.all([night.result(), hand.result(), again.result()]);
    expect(one).toMatchObject({ state: 'applied' });
    expect(other).toMatchObject({ state: 'applied' });
    expect(third.run).toBe(other.run);
    expect(main.held(stray.ip)).toBeUndefined();
    expect(mutations(main).filter(({ parameters }) => parameters['elid'] === stray.ip)).toHaveLength(1);
  });

  test.concurrent('a start by hand beside the night answers with its run at once', async () => {
    const main = await site(engine, 'beside', { requestTimeoutMs: 20_000 });
    await main.serve('beside-1');
    slowLists();
    const night = await startSync(main, { workflowId: 'sync/beside-2027-01-02T03:15:00Z' });
    await eventually(async () => expect((await night.query(planQuery))?.run).toBeDefined());
    const hand = await beginSync(main);
    expect(hand.view).toMatchObject({ workflowId: night.workflowId });
    const [one, other] = await Promise.all([night.result(), hand.handle.result()]);
    expect(other.run).toBe(one.run);
  });

  test.concurrent('a date has one nightly run: the second start of it answers the first', async () => {
    const main = await site(engine, 'date');
    await main.serve('date-1');
    const start = (time: string) => startSync(main, { workflowId: `sync/date-${time}` });
    const first = await (await start('2027-01-02T03:15:00Z')).result();
    expect(first.state).toBe('applied');
    const engineTime = await ledger.syncs.list('date', 10);
    const second = await (await start('2027-01-02T03:15:00Z')).result();
    expect(second.run).toBe(first.run);
    expect(await ledger.syncs.list('date', 10)).toHaveLength(engineTime.length);
    // Triggered at another hour it is a start by hand.
    expect((await (await start('2027-01-02T14:00:00Z')).result()).run).not.toBe(first.run);
    expect((await (await start('2027-01-03T03:15:00Z')).result()).run).not.toBe(first.run);
  });
});

describe('what is refused at once', () => {
  test.concurrent('a workflow id that does not belong to the input, an unknown integration, an unknown field', async () => {
    const start = (workflowId: string, input: object) =>
      startSync({ engine, name: 'nowhere' }, { workflowId, ...input });
    const other = await start('sync/elsewhere', {});
    expect(await failureOf(other.result())).toMatchObject({ type: 'workflow-id-mismatch', accepted: 'sync/nowhere' });
    const time = await start('sync/nowhere-yesterday', {});
    expect(await failureOf(time.result())).toMatchObject({ type: 'workflow-id-mismatch' });
    const unknown = await start('sync/nowhere', {});
    expect(await failureOf(unknown.result())).toMatchObject({ type: 'no-such-integration' });
    const field = await start('sync/nowhere', { dry: true });
    expect(await failureOf(field.result())).toMatchObject({ type: 'unknown-field', field: 'dry' });
    expect(await field.query(planQuery)).toBeNull();
    expect(workflowIds.syncIntegration('nowhere')).toBe('sync/nowhere');
  });
});
