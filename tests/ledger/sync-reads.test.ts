import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BeginRun, ComparedRange } from '../../activities/ledger/sync/sync-store.ts';
import { glanceIp } from '../../workflows/domain/glance.ts';
import type { PlanRow } from '../../workflows/domain/plan.ts';
import { aReserved, aRun, aService, openWorld, release, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Pages count as all visible only when no other transaction looks on: autovacuum may be at it. */
async function vacuumed(): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    await world.sql('vacuum (freeze, analyze) address');
    const [row] = await world.sql<{ share: number }>(
      `select relallvisible::float / relpages as share from pg_class where relname = 'address'`,
    );
    if ((row?.share ?? 0) > 0.99) return;
    await new Promise((settle) => setTimeout(settle, 200));
  }
}

async function glances(after: string | null, upTo: string | null): Promise<readonly (readonly string[])[]> {
  const chunks: (readonly string[])[] = [];
  for await (const chunk of world.ledger.syncs.glances({ integration: 'panel', after, upTo })) chunks.push(chunk);
  return chunks;
}

describe('the ordered read at a glance', () => {
  test('shows live addresses of the integration in address order, IPv4 first, and tag and PTR of active ones', async () => {
    const texts = [
      '10.200.0.10',
      '10.200.0.9',
      '10.200.0.11',
      '2001:db8::2',
      '2001:db8::10',
      '::ac8:7',
      '10.200.1.1',
      '10.200.2.1',
    ];
    for (const ip of texts) await aReserved(world, await aService(world), { ip });
    await release(world, '10.200.1.1', 60_000);
    await world.sql(`update address set integration = 'elsewhere' where ip = '10.200.2.1'`);
    await world.sql(`update address set state = 'active', tag = 'iptally:0123456789ab:0000000000000001',
      ptr = 'www.example.com', ptr_seen = 'old.example.com' where ip in ('10.200.0.9', '::ac8:7')`);
    await world.sql(`update address set state = 'active', tag = null, ptr = null where ip = '10.200.0.10'`);
    await world.sql(`update address set state = 'active', ptr = 'www.example.com' where ip = '10.200.0.11'`);
    await world.sql(
      `update address set state = 'active', ptr_seen = 'x', ptr = E'two\\nlines' where ip = '2001:db8::2'`,
    );
    const told = '\tiptally:0123456789ab:0000000000000001\twww.example.com';
    expect((await glances('10.199.255.255', null)).flat()).toEqual([
      `10.200.0.9${told}`,
      '10.200.0.10\t\t',
      '10.200.0.11',
      `::ac8:7${told}`,
      '2001:db8::2',
      '2001:db8::10',
    ]);
    expect((await glances('10.200.0.9', '2001:db8::2')).flat().map(glanceIp)).toEqual([
      '10.200.0.10',
      '10.200.0.11',
      '::ac8:7',
      '2001:db8::2',
    ]);
    expect(await glances('10.200.3.0', '10.200.4.0')).toEqual([]);
  });

  test('comes from the index alone, in chunks that lose and repeat nothing', async () => {
    await world.sql(`insert into service (id, kind, domain, server, tariff, state)
      values ('bulk', 'vps', 'bulk.example.com', 'srv', 'plain', 'active')`);
    await world.sql(`insert into address (ip, family, state, service, integration, address_group, order_id, tag, label, ptr, ptr_seen)
      select '11.0.0.0'::inet + n, 'ipv4', 'active', 'bulk', 'panel', 'public', 'bulk/1/ipv4/' || n,
        'iptally:0123456789ab:' || lpad(to_hex(n), 16, '0'), 'iptally-' || md5(n::text), n || '.example.com', n || '.example.com'
      from generate_series(1, 60001) n order by random()`);
    await vacuumed();
    const chunks = await glances('10.255.255.255', '11.255.255.255');
    expect(new Set(chunks.flat().map(glanceIp)).size).toBe(60_001);
    expect(chunks.flat()).toHaveLength(60_001);
    expect(chunks.length).toBeGreaterThan(10);
    const plan = await world.sql<{ 'QUERY PLAN': string }>(`explain select host(ip), state, tag, ptr from address
      where integration = 'panel' and state in ('reserved', 'active')
      and ip > '10.0.0.0' and ip <= '12.0.0.0' order by ip limit 2500`);
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Only Scan using address_current');
  });
});

test('rows that count are found by address, of every integration; a quarantine that is over is none', async () => {
  const texts = ['10.201.0.1', '10.201.0.2', '10.201.0.3', '::ac9:4'];
  for (const ip of texts) await aReserved(world, await aService(world), { ip });
  await release(world, '10.201.0.1', 0);
  await release(world, '10.201.0.2', 60_000);
  await world.sql(`update address set integration = 'elsewhere' where ip = '10.201.0.3'`);
  const rows = await world.ledger.syncs.current([...texts, '10.201.0.5']);
  expect(new Map(rows.map(({ ip, row }) => [ip, `${row.state} under ${row.integration}`]))).toEqual(
    new Map([
      ['10.201.0.2', 'quarantined under panel'],
      ['10.201.0.3', 'reserved under elsewhere'],
      ['::ac9:4', 'reserved under panel'],
    ]),
  );
  expect(await world.ledger.syncs.current([])).toEqual([]);
});

/** A run of another integration, with one saved range. */
async function aPlan(range: Partial<ComparedRange>, fields: Partial<BeginRun> = {}): Promise<string> {
  const { syncs } = world.ledger;
  const owner = aRun('sync/other');
  const request = { integration: 'other', policy: 'all' as const, dryRun: false, login: 'other', scheduledFor: null };
  const begun = await syncs.begin({ ...request, run: owner, ...fields });
  if (begun.kind !== 'begun') throw new Error(`not begun: ${begun.kind}`);
  const { run, progress } = begun.run;
  const saved = { run, fromPage: 1, progress: { ...progress, nextPage: 2 }, plan: [], firstReads: [], ledgerRows: 0 };
  await syncs.saveRange({ ...saved, ...range });
  await syncs.setState(run, 'planned', null);
  return run;
}

test('any address has its place in a plan, also between its rows; a network only where it stands', async () => {
  const texts = ['10.0.0.9', '10.0.0.10', '10.0.1.1', '2001:db8::2', '2001:db8::10', '10.0.0.0/24', 'a range'];
  const plan = texts.map((ip): PlanRow => {
    const discrepancy = /[/ ]/.test(ip) ? 'not-an-address' : 'unknown-holder';
    return { ip, discrepancy, action: 'report', reason: 'a test', remote: null, version: null };
  });
  const run = await aPlan({ plan });
  const { syncs } = world.ledger;
  const after = async (ip: string) => (await syncs.items(run, { after: ip, limit: 9 })).map((row) => row.ip);
  expect(await after('10.0.0.10')).toEqual(texts.slice(2));
  expect(await after('9.9.9.9')).toEqual(texts);
  expect(await after('10.0.0.11')).toEqual(texts.slice(2));
  expect(await after('203.0.113.1')).toEqual(texts.slice(3));
  expect(await after('2001:db8::3')).toEqual(texts.slice(4));
  expect(await after('ffff::')).toEqual(texts.slice(5));
  expect(await after('10.0.0.0/24')).toEqual(['a range']);
  expect(await after('10.0.0.0/16')).toEqual([]);
  expect(await Promise.all(['10.0.0.9', '10.0.0.11', 'a range'].map((ip) => syncs.hasItem(run, ip)))).toEqual([
    true,
    false,
    true,
  ]);
});

describe('a PTR that is found as wanted for the first time', () => {
  const ptr = 'wished.example.com';
  const columns = 'ptr, ptr_seen, version';
  const seen = async (ip: string) =>
    (await world.sql<{ version: number }>(`select ${columns} from address where ip = ?`, [ip]))[0];

  async function unread(): Promise<{ readonly ip: string; readonly version: number }> {
    const { ip } = await aReserved(world, await aService(world));
    await world.sql(`update address set state = 'active', ptr = ?, ptr_seen = null where ip = ?`, [ptr, ip]);
    return { ip, version: (await seen(ip))?.version ?? 0 };
  }

  test('is kept as read, and the row stays the version that was planned', async () => {
    const row = await unread();
    const before = await world.sql('select count(*) from address_history');
    await aPlan({ firstReads: [row] });
    expect(await seen(row.ip)).toEqual({ ptr, ptr_seen: ptr, version: row.version });
    expect(await world.sql('select count(*) from address_history')).toEqual(before);
  });

  test.each([
    ['in a dry run', { dryRun: true }, ''],
    ['under observe', { policy: 'observe' as const }, ''],
    ['of a row that was changed meanwhile', {}, 'version = version + 1'],
    ['of a row whose PTR is being changed', {}, `ptr_change = '{}'`],
    ['of a row that leaves', {}, `state = 'releasing', service = null`],
  ])('is not kept %s', async (_what, fields, change) => {
    const row = await unread();
    if (change !== '') await world.sql(`update address set ${change} where ip = ?`, [row.ip]);
    await aPlan({ firstReads: [row] }, fields);
    expect(await seen(row.ip)).toMatchObject({ ptr, ptr_seen: null });
  });
});

test('our own changes since a run are in the history, and an upper bound is known for any moment', async () => {
  const { syncs } = world.ledger;
  const start = new Date(Date.now() - 1_000).toISOString();
  const begun = await syncs.begin({
    integration: 'panel',
    policy: 'all',
    dryRun: false,
    login: 'billing',
    scheduledFor: null,
    run: aRun('sync/panel'),
  });
  const { run } = begun.run;
  const { ip } = await aReserved(world, await aService(world));
  await aReserved(world, await aService(world));
  await release(world, ip, 1_000);
  expect(await syncs.ownChangesSince(run)).toEqual({
    remote: { released: 1, taken: 2 },
    ledger: { released: 1, taken: 2 },
  });
  expect(await syncs.ownChanges('panel', start)).toBeGreaterThanOrEqual(1);
  expect(await syncs.ownChanges('other', start)).toBe(0);
});

test('a lock on an address of another integration moves no total here', async () => {
  const { syncs, locks } = world.ledger;
  const since = new Date(Date.now() + 60_000).toISOString();
  const { ip } = await aReserved(world, await aService(world));
  const before = { panel: await syncs.ownChanges('panel', since), other: await syncs.ownChanges('other', since) };
  const held = aRun('release/any');
  // Its own address, and one that no row knows.
  for (const key of [`address/${ip}`, 'address/10.255.9.9'])
    await locks.acquire({ key, reason: 'a release', run: held });
  expect((await syncs.ownChanges('panel', since)) - before.panel).toBe(2);
  expect((await syncs.ownChanges('other', since)) - before.other).toBe(1);
});
