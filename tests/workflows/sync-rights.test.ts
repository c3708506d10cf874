import { afterEach, describe, expect, test } from '@jest/globals';
import { openDesk } from './support/desk.ts';
import {
  approvedBefore,
  asAdministrator,
  atRest,
  importedAddress,
  itemOf,
  mutations,
  site,
  sync,
  wideWorld,
} from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });
const { simulator, ledger } = engine;
const { world } = simulator;

/** While the panel withholds these functions from users' own sessions. */
async function withholding<Answer>(functions: readonly string[], work: () => Promise<Answer>): Promise<Answer> {
  const before = world.knobs.withheld;
  Object.assign(world.knobs, { withheld: functions });
  try {
    return await work();
  } finally {
    Object.assign(world.knobs, { withheld: before });
  }
}

test('a tag that the panel cuts is never recorded as written: the PTR it went along with is kept, and the row has failed', async () => {
  const main = await site(engine, 'cuts', { tagImported: true });
  const ip = await importedAddress(main, null);
  world.knobs.noteLength = 20;
  const view = await sync(main);
  world.knobs.noteLength = null;
  expect(itemOf(view, ip)).toMatchObject({
    action: 'adopt-ptr',
    outcome: 'failed',
    reason: expect.stringContaining('tag-not-kept'),
  });
  expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 'old.example.com', untagged: true });
  expect(await ledger.settings.integrations.find(main.name)).toMatchObject({ tagNotKept: true });
});

// One after the other: what the panel withholds, it withholds from all.
describe('a right the login lacks', () => {
  test('is the outcome of its row, with the panel`s words; the other rows are done', async () => {
    const main = await site(engine, 'plain');
    const lost = await main.serve('plain-1');
    await main.serve('plain-2');
    await approvedBefore(main);
    const stray = main.byHand(150);
    world.addresses.delete(lost);
    const view = await withholding(['ip.delete'], () => sync(main));
    expect(view).toMatchObject({ state: 'applied', outcomes: { denied: 1, done: 1 } });
    expect(itemOf(view, stray.ip)).toMatchObject({
      outcome: 'denied',
      reason: expect.stringContaining('refused access'),
    });
    expect(itemOf(view, lost)).toMatchObject({ outcome: 'done' });
    expect(main.held(stray.ip)).toBeDefined();
    expect((await sync(main)).outcomes).toEqual({ done: 1, failed: 0, denied: 0, changed: 0 });
    await atRest(main);
  });

  test('is asked for under the administrator, acting as the user: no owner changes', async () => {
    const main = await site(engine, 'su', asAdministrator);
    const ip = await main.serve('su-1');
    const orphan = main.byHand(150, { note: main.held(ip)?.note ?? '' });
    const before = simulator.log.length;
    const view = await withholding(['ip.delete'], () => sync(main));
    expect(itemOf(view, orphan.ip)).toMatchObject({ discrepancy: 'orphan', outcome: 'done' });
    expect(main.held(orphan.ip)).toBeUndefined();
    const deletes = simulator.log.slice(before).filter(({ purpose }) => purpose === 'release');
    expect(deletes.filter(({ worked }) => worked)).toMatchObject([{ user: 'su', parameters: { su: 'su' } }]);
    await atRest(main);
  });

  describe('where the panel does not heed `su`', () => {
    afterEach(() => {
      world.knobs.su = 'heeded';
    });

    test('is denied: nothing is tried under the administrator, whose own it would be', async () => {
      world.knobs.su = 'ignored';
      const main = await site(engine, 'ignored', asAdministrator);
      const lost = await main.serve('ignored-1');
      const held = await main.serve('ignored-2');
      const orphan = main.byHand(150, { note: main.held(held)?.note ?? '' });
      world.addresses.delete(lost);
      const view = await withholding(['ip.edit', 'ip.delete'], () => sync(main));
      for (const ip of [lost, orphan.ip]) {
        expect(itemOf(view, ip)).toMatchObject({
          outcome: 'denied',
          reason: expect.stringContaining('does not act as the user'),
        });
      }
      expect(main.held(lost)).toBeUndefined();
      expect(main.held(orphan.ip)).toBeDefined();
    });

    test('though it said so once: an address taken for the administrator`s own account has failed', async () => {
      const main = await site(engine, 'lying', asAdministrator);
      const lost = await main.serve('lying-1');
      await main.serve('lying-2');
      const { integrations } = ledger.settings;
      const dialect = (await integrations.find('lying'))?.dialect;
      if (!dialect) throw new Error('it was read');
      await integrations.keepDialect('lying', { ...dialect, acting: { login: 'admin', asUser: true } });
      world.knobs.su = 'ignored';
      world.addresses.delete(lost);
      const view = await withholding(['ip.edit'], () => sync(main));
      expect(itemOf(view, lost)).toMatchObject({
        outcome: 'failed',
        reason: expect.stringContaining('for admin, not for lying'),
      });
      expect(main.held(lost)?.owner).toBe('admin');
    });
  });

  test('under the administrator only what carries our tag is released, unless `all` was set on purpose', async () => {
    const main = await site(engine, 'careful', asAdministrator);
    await main.serve('careful-1');
    const stray = main.byHand(150);
    const view = await withholding(['ip.delete'], () => sync(main, { policy: 'all' }));
    expect(itemOf(view, stray.ip)).toMatchObject({ action: 'release', outcome: 'denied' });
    expect(main.held(stray.ip)).toBeDefined();
    await ledger.settings.integrations.edit('careful', { policy: 'all' }, {});
    expect(itemOf(await withholding(['ip.delete'], () => sync(main)), stray.ip)).toMatchObject({ outcome: 'done' });
    expect(main.held(stray.ip)).toBeUndefined();
  });

  test('an administrator`s login that is refused is one right less, not the end of the run', async () => {
    const main = await site(engine, 'wrong', { ...asAdministrator, adminPassword: 'not this one' });
    const ip = await main.serve('wrong-1');
    const orphan = main.byHand(150, { note: main.held(ip)?.note ?? '' });
    const view = await withholding(['ip.delete'], () => sync(main));
    expect(view).toMatchObject({ state: 'applied', outcomes: { denied: 1 } });
    expect(itemOf(view, orphan.ip)?.reason).toContain('refused the login');
  });
});

describe('an address that cannot be occupied', () => {
  test.each([
    ['held by another login', { owner: 'somebody-else', state: 'allocated' }],
    ['pending', { state: 'pending', freeAt: Date.now() + 3_600_000 }],
    ['blocked', { state: 'blocked' }],
  ] as const)(
    'because it is %s is denied in the panel`s words, and asked for again the next night',
    async (what, state) => {
      const name = `occupy-${what.split(' ')[0]}`;
      const main = await site(engine, name);
      const ip = await main.serve(`${name}-1`);
      await main.serve(`${name}-2`);
      await approvedBefore(main);
      Object.assign(main.held(ip) ?? {}, { note: 'theirs', domain: 'theirs.example.org', ...state });
      world.revision += 1;
      const there = { ...main.held(ip) };
      const view = await sync(main);
      expect(itemOf(view, ip)).toMatchObject({ action: 'occupy', outcome: 'denied' });
      expect(itemOf(view, ip)?.reason).toMatch(/panel/);
      expect(main.held(ip)).toEqual(there);
      const row = await ledger.addresses.find(ip);
      expect(itemOf(await sync(main), ip)).toMatchObject({ outcome: 'denied' });
      expect(await ledger.addresses.find(ip)).toEqual(row);
      world.addresses.delete(ip);
      expect(itemOf(await sync(main), ip)).toMatchObject({ outcome: 'done' });
      expect(main.held(ip)).toMatchObject({ owner: name, domain: `${name}-1.example.com` });
      await atRest(main);
    },
  );

  test('as the panel gives another one instead: that one goes back, and the row has failed', async () => {
    const main = await site(engine, 'other');
    const ip = await main.serve('other-1');
    await main.serve('other-2');
    await approvedBefore(main);
    world.addresses.delete(ip);
    const panel = await engine.composition.panels.of('other');
    const allocate = panel.allocate.bind(panel);
    Object.assign(panel, { allocate: (request: object) => allocate({ ...request, address: main.at(123) } as never) });
    const view = await sync(main);
    Object.assign(panel, { allocate });
    expect(itemOf(view, ip)).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(main.at(123)) });
    expect(main.held(main.at(123))).toBeUndefined();
    expect(mutations(main).at(-1)).toMatchObject({ purpose: 'release', parameters: { elid: main.at(123) } });
    expect(itemOf(await sync(main), ip)).toMatchObject({ outcome: 'done' });
    await atRest(main);
  });
});
