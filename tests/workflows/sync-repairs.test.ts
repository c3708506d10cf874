import { describe, expect, test } from '@jest/globals';
import { service } from '../support/orders.ts';
import { query } from '../support/database.ts';
import { activeAddress, openDesk, release, releasing, repoint } from './support/desk.ts';
import {
  approvedBefore,
  atRest,
  importedAddress,
  itemOf,
  mutations,
  site,
  sync,
  wideWorld,
} from './support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });
const { ledger, simulator } = engine;
const { world } = simulator;
const sql = (text: string) => query(engine.database.applicationUrl, text);

describe('both directions', () => {
  test.concurrent('used there and unknown here is released; free there and assigned here is occupied with PTR and tag', async () => {
    const main = await site(engine, 'both');
    await approvedBefore(main);
    const [kept, lost] = [await main.serve('both-1'), await main.serve('both-2')];
    const stray = main.byHand(150);
    const before = main.held(lost);
    world.addresses.delete(lost);
    const view = await sync(main);
    expect(view).toMatchObject({ state: 'applied', verdict: 'apply', outcomes: { done: 2 } });
    expect(view.counts).toMatchObject({ release: 1, occupy: 1 });
    expect(itemOf(view, stray.ip)).toMatchObject({ discrepancy: 'unknown-holder', action: 'release', outcome: 'done' });
    expect(itemOf(view, lost)).toMatchObject({ discrepancy: 'missing', action: 'occupy', outcome: 'done' });
    expect(main.held(stray.ip)).toBeUndefined();
    expect(main.held(lost)).toMatchObject({ domain: 'both-2.example.com', note: before?.note, owner: 'both' });
    expect(main.held(kept)).toBeDefined();
    expect(await ledger.addresses.find(lost)).toMatchObject({ state: 'active', service: 'both-2' });
    expect((await atRest(main)).counts).toEqual({});
  });

  test.concurrent('what was given by hand is left alone under `owned` and only reported, and released under `all`', async () => {
    const main = await site(engine, 'hand', { policy: 'owned' });
    await main.serve('hand-1');
    const mine = { ...main.byHand(150, { note: 'for the office' }) };
    const view = await sync(main);
    const nothing = { done: 0, failed: 0, denied: 0, changed: 0 };
    expect(view).toMatchObject({ state: 'applied', counts: { report: 1 }, outcomes: nothing });
    expect(itemOf(view, mine.ip)).toMatchObject({ action: 'report', outcome: 'done' });
    expect(main.held(mine.ip)).toEqual(mine);
    await sync(main, { policy: 'all' });
    expect(main.held(mine.ip)).toBeUndefined();
    await atRest(main);
  });

  test.concurrent('an orphan with the tag of an order that is over is released under `owned`; a foreign tag is not, under `all` too', async () => {
    const main = await site(engine, 'orphan', { policy: 'owned' });
    const ip = await main.serve('orphan-1');
    const note = main.held(ip)?.note ?? '';
    const orphan = main.byHand(150, { note });
    const foreign = { ...main.byHand(151, { note: 'iptally:ffffffffffff:0123456789abcdef' }) };
    const view = await sync(main);
    expect(itemOf(view, orphan.ip)).toMatchObject({ discrepancy: 'orphan', action: 'release', outcome: 'done' });
    expect(main.held(orphan.ip)).toBeUndefined();
    expect(itemOf(await sync(main, { policy: 'all' }), foreign.ip)).toMatchObject({ discrepancy: 'foreign-owner' });
    expect(main.held(foreign.ip)).toEqual(foreign);
    expect(main.held(ip)?.note).toBe(note);
  });

  test.concurrent('a parked address goes back once the quarantine it waited for is over', async () => {
    const main = await site(engine, 'parked');
    await main.serve('parked-0');
    await approvedBefore(main);
    const ip = await main.serve('parked-1');
    await (await release(engine, ip)).result();
    const other = await activeAddress(engine, service('parked-2', { server: 'on-parked', customer: 'c-2' }));
    expect(other).not.toBe(ip);
    expect((await ledger.addresses.parked()).map((row) => row.ip)).toContain(ip);
    expect(main.held(ip)).toBeDefined();
    expect(itemOf(await sync(main), ip)).toBeUndefined();
    expect(main.held(ip)).toBeDefined();
    await sql(`update address set quarantine_until = now() where ip = '${ip}' and state = 'quarantined'`);
    expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'orphan', action: 'release', outcome: 'done' });
    expect(main.held(ip)).toBeUndefined();
    expect((await ledger.addresses.parked()).map((row) => row.ip)).not.toContain(ip);
    await atRest(main);
  });
});

describe('PTRs and tags', () => {
  test.concurrent('a PTR changed at the panel is adopted; one of ours that was never written is written', async () => {
    const main = await site(engine, 'ptr');
    const [there, here] = [await main.serve('ptr-1'), await main.serve('ptr-2')];
    await approvedBefore(main);
    Object.assign(main.held(there) ?? {}, { domain: 'renamed.example.net' });
    world.revision += 1;
    await sql(`update address set ptr = 'wanted.example.net', version = version + 1 where ip = '${here}'`);
    const view = await sync(main);
    expect(itemOf(view, there)).toMatchObject({ action: 'adopt-ptr', outcome: 'done' });
    expect(itemOf(view, here)).toMatchObject({ action: 'write-ptr', outcome: 'done' });
    expect(await ledger.addresses.find(there)).toMatchObject({
      ptr: 'renamed.example.net',
      ptrSeen: 'renamed.example.net',
    });
    expect(await ledger.addresses.find(here)).toMatchObject({
      ptr: 'wanted.example.net',
      ptrSeen: 'wanted.example.net',
    });
    expect(main.held(here)).toMatchObject({ domain: 'wanted.example.net' });
    await atRest(main);
  });

  test.concurrent.each([
    ['empty', ''],
    ['invalid', 'no_host'],
    ['shaped like our mark', `iptally-${'0'.repeat(32)}.example.net`],
    ['the conflict mark', 'dns.set.error'],
  ])('a PTR at the panel that is %s is reported and never adopted', async (what, domain) => {
    const main = await site(engine, `ptr-${what.replaceAll(' ', '-')}`);
    const ip = await main.serve(`ptr-${what.replaceAll(' ', '-')}-1`);
    Object.assign(main.held(ip) ?? {}, { domain });
    world.revision += 1;
    const row = await ledger.addresses.find(ip);
    const view = await sync(main);
    expect(itemOf(view, ip)).toMatchObject({ action: 'report' });
    expect(await ledger.addresses.find(ip)).toEqual(row);
    expect(main.held(ip)).toMatchObject({ domain });
  });

  test.concurrent('a tag that was lost is written again, before the words of people', async () => {
    const main = await site(engine, 'tag');
    const ip = await main.serve('tag-1');
    await approvedBefore(main);
    const tag = main.held(ip)?.note ?? '';
    Object.assign(main.held(ip) ?? {}, { note: 'rack 4, do not touch' });
    world.revision += 1;
    expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'untagged', action: 'tag', outcome: 'done' });
    expect(main.held(ip)).toMatchObject({ note: `${tag} rack 4, do not touch`, domain: 'tag-1.example.com' });
    await atRest(main);
  });
});

describe('what is left alone', () => {
  test.concurrent('protected addresses and those of suspended services keep their addresses', async () => {
    const main = await site(engine, 'keep');
    const [locked, sleeping] = [await main.serve('keep-1'), await main.serve('keep-2')];
    await ledger.addresses.protect(locked, true);
    await sql(`update service set state = 'suspended' where id = 'keep-2'`);
    const before = mutations(main).length;
    expect((await sync(main)).counts).toEqual({});
    expect(mutations(main)).toHaveLength(before);
    expect(main.held(locked)).toBeDefined();
    expect(main.held(sleeping)).toBeDefined();
  });

  test.concurrent('a release that was begun and never finished is finished', async () => {
    const main = await site(engine, 'unfinished');
    await main.serve('unfinished-0');
    const ip = await main.serve('unfinished-1');
    await approvedBefore(main);
    await sql(`update address set state = 'releasing', former_service = service, former_state = state, service = null,
      version = version + 1 where ip = '${ip}'`);
    expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'release-unfinished', outcome: 'done' });
    await engine.client.workflow.getHandle(`release/${ip}`).result();
    expect(main.held(ip)).toBeUndefined();
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'quarantined' });
    await atRest(main);
  });

  test.concurrent('an address in flight is left to its run', async () => {
    const main = await site(engine, 'flight', { coolDownMs: 600_000 });
    await main.serve('flight-0');
    const ip = await main.serve('flight-1');
    const going = await release(engine, ip);
    await releasing(engine, ip);
    const view = await sync(main);
    expect(itemOf(view, ip)).toBeUndefined();
    expect(main.held(ip)).toBeDefined();
    await going.cancel();
    await going.result().catch(() => undefined);
  });

  test.concurrent('a PTR changed by its own workflow leaves a sync nothing to do', async () => {
    const main = await site(engine, 'drift');
    const ip = await main.serve('drift-1');
    await approvedBefore(main);
    await (await repoint(engine, ip, 'second.example.net')).result();
    expect((await atRest(main)).counts).toEqual({});
  });
});

describe('conflicts', () => {
  test.concurrent('a mark is reported and never adopted; once the address is gone there, it is occupied and the conflict ends', async () => {
    const main = await site(engine, 'conflict');
    const ip = await main.serve('conflict-1');
    await main.serve('conflict-0');
    await approvedBefore(main);
    world.addresses.delete(ip);
    const other = await activeAddress(engine, service('conflict-2', { server: 'on-conflict', customer: 'c-2' }));
    expect(other).not.toBe(ip);
    expect(main.held(ip)).toMatchObject({ domain: 'dns.set.error' });
    const row = await ledger.addresses.find(ip);
    const view = await sync(main);
    expect(itemOf(view, ip)).toMatchObject({ discrepancy: 'conflict-marked', action: 'report' });
    expect(await ledger.addresses.find(ip)).toEqual(row);
    expect(main.held(ip)).toMatchObject({ domain: 'dns.set.error' });
    world.addresses.delete(ip);
    expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'missing', outcome: 'done' });
    expect(await ledger.addresses.openConflict(ip)).toBeUndefined();
    expect(main.held(ip)).toMatchObject({ domain: 'conflict-1.example.com' });
    await atRest(main);
  });
});

describe('imported addresses, which never had a tag of ours', () => {
  /** Imported with the PTR that stands there, but as said. */
  async function imported(name: string, fields: { readonly tagImported?: boolean } = {}, ptr?: string | null) {
    const main = await site(engine, name, fields);
    return { main, ip: await importedAddress(main, ptr) };
  }

  test.concurrent('stay as they are by default', async () => {
    const { main, ip } = await imported('import-plain');
    const there = { ...main.held(ip) };
    const first = mutations(main).length;
    expect(await sync(main)).toMatchObject({ state: 'applied', counts: {} });
    expect(mutations(main)).toHaveLength(first);
    expect((await atRest(main)).counts).toEqual({});
    expect(main.held(ip)).toEqual(there);
  });

  test.concurrent('have their PTR read by the first sync, and what is changed there later is taken over', async () => {
    const { main, ip } = await imported('import-read');
    await sync(main, { dryRun: true });
    expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 'old.example.com', ptrSeen: null });
    await sync(main);
    expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 'old.example.com', ptrSeen: 'old.example.com' });
    main.byHand(160, { domain: 'new.example.com', note: 'since 2009' });
    const item = itemOf(await sync(main), ip);
    expect(item).toMatchObject({ discrepancy: 'ptr-drift', action: 'adopt-ptr', outcome: 'done' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 'new.example.com', ptrSeen: 'new.example.com' });
    await atRest(main);
  });

  test.concurrent('with another PTR than stands there are reported as that, and nothing is written', async () => {
    const { main, ip } = await imported('import-differs', {}, 'wished.example.com');
    const item = itemOf(await sync(main), ip);
    expect(item).toMatchObject({ discrepancy: 'ptr-drift', action: 'report' });
    expect(item?.reason).toContain('imported with another PTR than stands there');
    expect(main.held(ip)).toMatchObject({ domain: 'old.example.com' });
    await atRest(main);
  });

  test.concurrent('are tagged where the integration says so', async () => {
    const { main, ip } = await imported('import-tag', { tagImported: true });
    expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'untagged', action: 'tag', outcome: 'done' });
    expect(main.held(ip)?.note).toMatch(/^iptally:[0-9a-f]{12}:[0-9a-f]{16} since 2009$/);
    expect(await ledger.addresses.find(ip)).toMatchObject({ untagged: false });
    await atRest(main);
  });

  test.concurrent.each<[string, string | null, { readonly action: string; readonly ptr: string }]>([
    ['taken over', null, { action: 'adopt-ptr', ptr: 'old.example.com' }],
    ['written', 'new.example.com', { action: 'write-ptr', ptr: 'new.example.com' }],
  ])(
    'I10: whose PTR is %s get their tag along, where the integration says so',
    async (what, wanted, { action, ptr }) => {
      const name = `import-${what.slice(0, 5)}`;
      const { main, ip } = await imported(name, { tagImported: true }, wanted === null ? null : 'old.example.com');
      // Wished for here since it was read there.
      if (wanted !== null) await sql(`update address set ptr_seen = ptr, ptr = '${wanted}' where ip = '${ip}'`);
      const before = mutations(main).length;
      expect(itemOf(await sync(main), ip)).toMatchObject({ discrepancy: 'ptr-drift', action, outcome: 'done' });
      expect(mutations(main)).toHaveLength(before + 1);
      const row = await ledger.addresses.find(ip);
      expect(row).toMatchObject({ ptr, ptrSeen: ptr, untagged: false });
      expect(main.held(ip)).toMatchObject({ domain: ptr, note: `${row?.mark?.tag} since 2009` });
      expect((await atRest(main)).counts).toEqual({});
    },
  );

  test.concurrent('are not tagged along by default', async () => {
    const { main, ip } = await imported('import-adopt', {}, null);
    expect(itemOf(await sync(main), ip)).toMatchObject({ action: 'adopt-ptr', outcome: 'done' });
    expect(main.held(ip)).toMatchObject({ note: 'since 2009' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 'old.example.com', mark: null, untagged: true });
    await atRest(main);
  });

  test.concurrent('are occupied with a tag when they were lost there', async () => {
    const { main, ip } = await imported('import-lost');
    world.addresses.delete(ip);
    expect(itemOf(await sync(main), ip)).toMatchObject({ action: 'occupy', outcome: 'done' });
    const tag = main.held(ip)?.note;
    expect(main.held(ip)).toMatchObject({ domain: 'old.example.com', note: expect.stringMatching(/^iptally:/) });
    expect((await ledger.addresses.find(ip))?.mark?.tag).toBe(tag);
    await atRest(main);
  });
});
