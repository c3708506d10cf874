import { describe, expect, test } from '@jest/globals';
import { approveUpdate } from '../../workflows/contract.ts';
import { openDesk } from './support/desk.ts';
import { itemOf, site, startSync, untilAsked, wideWorld } from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });
const { ledger, simulator } = engine;
const { world } = simulator;

describe('what is forbidden while a plan waits is not done', () => {
  /** A plan with a release of a stranger in a group, one of an orphan of ours, and an occupation; approved after the edit. */
  async function approvedAfter(name: string, edit: object, more: { readonly policy?: 'all' } = {}) {
    const main = await site(engine, name);
    const [kept, lost] = [await main.serve(`${name}-1`), await main.serve(`${name}-2`)];
    const orphan = main.byHand(150, { note: main.held(kept)?.note ?? '' });
    const [stranger, alias] = [main.byHand(151), main.byHand(152, { group: 'alias' })];
    world.addresses.delete(lost);
    const handle = await startSync(main, more);
    const plan = await untilAsked(handle);
    expect(plan.counts).toEqual({ release: 3, occupy: 1 });
    await ledger.settings.integrations.edit(name, edit, {});
    await handle.executeUpdate(approveUpdate, { args: [{ checksum: plan.checksum ?? '' }] });
    const view = await handle.result();
    expect(view.state).toBe('applied');
    const done = (ip: string) => itemOf(view, ip)?.outcome === 'done';
    const held = (ip: string) => main.held(ip) !== undefined;
    // What was not done is told as `changed`, and stays as it was.
    for (const { ip } of [orphan, stranger, alias]) expect([ip, done(ip)]).toEqual([ip, !held(ip)]);
    expect(done(lost)).toBe(held(lost));
    const why = (ip: string) => itemOf(view, ip)?.reason;
    return { orphan: orphan.ip, stranger: stranger.ip, alias: alias.ip, lost, held, done, why };
  }

  test.concurrent('a group that is ignored by now stays as it is', async () => {
    const { orphan, stranger, alias, lost, done, why } = await approvedAfter('less-g', { ignoredGroups: ['alias'] });
    expect([orphan, stranger, lost].map(done)).toEqual([true, true, true]);
    expect(done(alias)).toBe(false);
    expect(why(alias)).toBe('not as planned any more: group alias is ignored now');
  });

  test.concurrent('a group that only our row is in is ignored, too', async () => {
    const { orphan, stranger, alias, lost, done } = await approvedAfter('less-p', { ignoredGroups: ['public'] });
    expect([orphan, stranger, lost].map(done)).toEqual([false, false, false]);
    expect(done(alias)).toBe(true);
  });

  test.concurrent('`owned` releases no stranger any more', async () => {
    const { orphan, stranger, alias, lost, done, why } = await approvedAfter('less-o', { policy: 'owned' });
    expect([orphan, lost].map(done)).toEqual([true, true]);
    expect([stranger, alias].map(done)).toEqual([false, false]);
    expect(why(stranger)).toBe('not as planned any more: policy owned does not do it');
  });

  test.concurrent('`observe` does nothing any more', async () => {
    const { orphan, stranger, alias, lost, done } = await approvedAfter('less-n', { policy: 'observe' });
    expect([orphan, stranger, alias, lost].map(done)).toEqual([false, false, false, false]);
  });

  test.concurrent('a policy that was given for this run alone stays what was asked for', async () => {
    const { orphan, stranger, alias, lost, done } = await approvedAfter(
      'less-r',
      { policy: 'owned' },
      { policy: 'all' },
    );
    expect([orphan, stranger, alias, lost].map(done)).toEqual([true, true, true, true]);
  });
});
