import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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

describe('the ordered read', () => {
  test('all rows that count, of every integration, in address order, IPv4 first; a quarantine that is over is none', async () => {
    const { syncs } = world.ledger;
    const texts = ['10.200.0.10', '10.200.0.9', '2001:db8::2', '2001:db8::10', '10.200.1.1'];
    for (const ip of texts) await aReserved(world, await aService(world), { ip });
    await release(world, '10.200.1.1', 0);
    const read: string[] = [];
    for await (const chunk of syncs.addresses('10.199.255.255', null)) read.push(...chunk.map((row) => row.ip));
    expect(read).toEqual(['10.200.0.9', '10.200.0.10', '2001:db8::2', '2001:db8::10']);
    const some: string[] = [];
    for await (const chunk of syncs.addresses('10.200.0.9', '2001:db8::2')) some.push(...chunk.map((row) => row.ip));
    expect(some).toEqual(['10.200.0.10', '2001:db8::2']);
  });

  test('comes from the index alone, in chunks that lose and repeat nothing', async () => {
    await world.sql(`insert into service (id, kind, domain, server, tariff, state)
      values ('bulk', 'vps', 'bulk.example.com', 'srv', 'plain', 'active')`);
    await world.sql(`insert into address (ip, family, state, service, integration, address_group, order_id, tag, label, ptr, ptr_seen)
      select '11.0.0.0'::inet + n, 'ipv4', 'active', 'bulk', 'panel', 'public', 'bulk/1/ipv4/' || n,
        'iptally:0123456789ab:' || lpad(to_hex(n), 16, '0'), 'iptally-' || md5(n::text), n || '.example.com', n || '.example.com'
      from generate_series(1, 60001) n order by random()`);
    await vacuumed();
    let count = 0;
    let chunks = 0;
    for await (const chunk of world.ledger.syncs.addresses('10.255.255.255', '11.255.255.255')) {
      count += chunk.length;
      chunks += 1;
    }
    expect(count).toBe(60_001);
    expect(chunks).toBeGreaterThan(10);
    const plan = await world.sql<{
      'QUERY PLAN': string;
    }>(`explain select ip, state, integration, service, address_group,
      order_id, tag, untagged, protected, ptr, ptr_seen, quarantine_until, version from address
      where state in ('reserved', 'active', 'releasing', 'quarantined') and (quarantine_until is null
      or quarantine_until > now() or state <> 'quarantined') and ip > '10.0.0.0' order by ip limit 5000`);
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Only Scan using address_current');
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
  expect(await syncs.ownChangesSince(run)).toEqual({ released: 1, created: 2 });
  expect(await syncs.ownChanges('panel', start)).toBeGreaterThanOrEqual(1);
  expect(await syncs.ownChanges('other', start)).toBe(0);
});
