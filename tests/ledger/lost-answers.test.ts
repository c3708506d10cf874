import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { type Cut, type CuttingProxy, cuttingProxy } from './cutting-proxy.ts';
import {
  anIp,
  anOpenOrder,
  anOrder,
  aReserved,
  aRun,
  aService,
  lock,
  openWorld,
  panel,
  server,
  unlock,
  type World,
} from './world.ts';

let world: World;
let proxy: CuttingProxy;
/** The ledger by way of the proxy. */
let shaky: Ledger;
beforeAll(async () => {
  world = await openWorld();
  proxy = await cuttingProxy(world.database.applicationUrl);
  shaky = await connectLedger({ url: proxy.url, masterKeyFile: world.masterKeyFile, poolSize: 2 });
});
afterAll(async () => {
  await shaky.close();
  await proxy.close();
  await world.close();
});

/** Loses the commit or its answer once, then says the same again, as Temporal does with an activity. */
async function again<T>(cut: Cut, call: () => Promise<T>): Promise<T> {
  const fired = proxy.fired();
  proxy.arm(cut);
  await expect(call()).rejects.toMatchObject({ name: 'LedgerUnavailable' });
  expect(proxy.fired()).toBe(fired + 1);
  return call();
}

describe.each(['before-commit', 'after-commit'] as const)('a connection that is lost %s', (cut) => {
  const events = async (ip: string) => (await world.ledger.addresses.history(ip)).map((entry) => entry.event);

  test('leaves one service', async () => {
    const id = `lost-${cut}`;
    const request = {
      service: { id, kind: 'vps', domain: 'a.example.com', customer: 'c', server: 'srv', tariff: 'plain' },
      run: aRun(),
    } as const;
    expect(await again(cut, () => shaky.services.open(request))).toMatchObject({
      kind: 'opened',
      service: { generation: 1 },
    });
  });

  test('leaves one order', async () => {
    const order = anOrder(await aService(world));
    expect(await again(cut, () => shaky.orders.open(order))).toMatchObject({ kind: 'open' });
    expect(await world.sql(`select 1 from address_order where id = ?`, [order.order])).toHaveLength(1);
  });

  test('leaves one attempt: after a commit nobody heard of, it counts as sent', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const begun = await again(cut, () => shaky.orders.beginAttempt({ order: order.order, attempt: 1, run: order.run }));
    expect(begun.kind).toBe(cut === 'before-commit' ? 'begun' : 'taken');
    expect(await world.ledger.orders.find(order.order)).toMatchObject({ attempts: 1 });
  });

  test('leaves exactly one row claimed, and one line of history', async () => {
    const order = await anOpenOrder(world, await aService(world));
    const ip = anIp();
    await lock(world, ip, order.run);
    const claim = () => shaky.orders.claim({ order: order.order, ip, group: 'public', run: order.run });
    expect(await again(cut, claim)).toMatchObject({ kind: 'claimed', address: { ip, version: 1 } });
    expect(await world.sql(`select 1 from address where ip = ?`, [ip])).toHaveLength(1);
    expect(await events(ip)).toEqual(['reserved']);
  });

  test('leaves one conflict', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const order = await anOpenOrder(world, await aService(world));
    await lock(world, ip, order.run);
    const claim = () => shaky.orders.claim({ order: order.order, ip, group: 'public', run: order.run });
    expect(await again(cut, claim)).toMatchObject({ kind: 'in-use', mark: true });
    await again(cut, () => shaky.addresses.conflictMarked({ ip, order: order.order, run: order.run }));
    expect(await events(ip)).toEqual(['reserved', 'conflict', 'marked']);
    await lock(world, ip, order.run);
    await again(cut, () => shaky.addresses.conflictResolved({ ip, ptrSeen: 'a.example.com', run: order.run }));
    expect(await events(ip)).toEqual(['reserved', 'conflict', 'marked', 'resolved']);
  });

  test('leaves the PTR saved and the address unlocked, and nobody else’s lock is let go', async () => {
    const { ip, order } = await aReserved(world, await aService(world));
    await lock(world, ip, order.run);
    const save = () => shaky.addresses.savePtr({ ip, ptrSeen: 'a.example.com', unlock: true, run: order.run });
    expect(await again(cut, save)).toMatchObject({ ptrSeen: 'a.example.com', version: 2 });
    const other = aRun();
    await lock(world, ip, other);
    expect(await save()).toMatchObject({ ptrSeen: 'a.example.com' });
    expect(await world.ledger.locks.acquire({ key: `address/${ip}`, reason: 'x', run: aRun() })).toMatchObject({
      by: { owner: other },
    });
    expect(await events(ip)).toEqual(['reserved', 'ptr']);
  });

  test('leaves one PTR change, with what it was before', async () => {
    const { ip, address } = await aReserved(world, await aService(world));
    const run = aRun();
    await lock(world, ip, run);
    const change = () => shaky.addresses.beginPtrChange({ ip, ptr: 'n.example.com', actor: 'operator', run });
    expect(await again(cut, change)).toMatchObject({ kind: 'begun', before: address.ptr });
    await again(cut, () => shaky.addresses.revertPtr({ ip, ptr: address.ptr, run }));
    expect(await events(ip)).toEqual(['reserved', 'ptr', 'ptr']);
  });

  test('leaves the service active once', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    await again(cut, () => shaky.services.activate({ service: service.id, ips: [ip], run: service.run }));
    expect(await events(ip)).toEqual(['reserved', 'active']);
  });

  test('leaves one release, kept once or finished once', async () => {
    const { ip } = await aReserved(world, await aService(world));
    const run = aRun();
    await lock(world, ip, run);
    expect(await again(cut, () => shaky.releases.begin({ ip, reason: 'x', run }))).toMatchObject({ kind: 'releasing' });
    expect(await again(cut, () => shaky.releases.rebind({ ip, reason: 'x', run }))).toMatchObject({
      state: 'reserved',
    });
    await shaky.releases.begin({ ip, reason: 'x', run });
    const gone = await again(cut, () => shaky.releases.finish({ ip, quarantineMs: 60_000, run }));
    expect(gone).toMatchObject({ state: 'quarantined' });
    expect(await events(ip)).toEqual(['reserved', 'releasing', 'kept', 'releasing', 'quarantined']);
  });

  test('leaves one extra, one outcome, one generation', async () => {
    const service = await aService(world);
    const order = await anOpenOrder(world, service);
    const ip = anIp();
    const extra = () => shaky.releases.extra({ ip, order: order.order, group: 'public', reason: 'x', run: order.run });
    expect(await again(cut, extra)).toBe('releasing');
    expect(await events(ip)).toEqual(['releasing']);
    const failure = { code: 'c', message: 'm', next: 'n' };
    const close = () => shaky.orders.close({ order: order.order, failure, run: order.run });
    expect(await again(cut, close)).toMatchObject({ failure });
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'x', run: service.run });
    const finish = () => shaky.services.finishRemoval({ service: service.id, run: service.run });
    expect(await again(cut, finish)).toBe('removed');
    expect(await world.ledger.services.find(service.id)).toMatchObject({ generation: 2 });
  });

  test('leaves a lock with its owner', async () => {
    const [one, two] = [aRun(), aRun()];
    const key = `address/lost-${cut}`;
    expect(await again(cut, () => shaky.locks.acquire({ key, reason: 'x', run: one }))).toEqual({ kind: 'acquired' });
    expect(await again(cut, () => shaky.locks.takeOver({ key, from: one, reason: 'x', run: two }))).toBe(true);
    await again(cut, () => shaky.locks.release({ key, run: two }));
    expect((await world.ledger.locks.list()).some((entry) => entry.key === key)).toBe(false);
  });

  test('leaves what operators set up, or says that it is there', async () => {
    const name = `lost-${cut}`;
    const { integrations, servers } = shaky.settings;
    const add = () => integrations.add(name, { ...panel, login: name }, { password: 'p', adminPassword: null });
    expect(await again(cut, add)).toMatchObject(cut === 'before-commit' ? { name } : { refused: 'exists' });
    const place = () => servers.add(name, { ...server, integration: name }, null);
    expect(await again(cut, place)).toMatchObject(cut === 'before-commit' ? { name } : { refused: 'exists' });
  });
});

test('more connections than the pool has may be lost: each goes back to it', async () => {
  for (let time = 0; time < 6; time += 1) {
    expect(
      await again('after-commit', () =>
        shaky.locks.acquire({ key: 'k', reason: 'x', run: { workflowId: 'w', runId: 'r' } }),
      ),
    ).toEqual({ kind: 'acquired' });
  }
});

test('a session that the server ends while a claim waits leaves nothing, and the next claim is the first', async () => {
  const service = await aService(world);
  const order = await anOpenOrder(world, service);
  const ip = anIp();
  await lock(world, ip, order.run);
  const claim = () => world.ledger.orders.claim({ order: order.order, ip, group: 'public', run: order.run });
  const owner = await MikroORM.init({
    clientUrl: world.database.migrationUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  try {
    const em = owner.em.fork();
    await em.begin();
    await em.execute('select 1 from service where id = ? for update', [service.id]);
    const claiming = claim().catch((error: unknown) => error);
    await waitUntil(async () => (await waiting()).length === 1);
    await world.sql('select pg_terminate_backend(pid) from pg_stat_activity where pid = ?', [
      (await waiting())[0]?.pid,
    ]);
    expect(await claiming).toMatchObject({
      name: 'LedgerUnavailable',
      message: expect.stringMatching(/^the ledger did not answer \([\w-]+\)$/),
    });
    await em.rollback();
  } finally {
    await owner.close(true);
  }
  expect(await world.sql(`select 1 from address where ip = ?`, [ip])).toHaveLength(0);
  expect(await claim()).toMatchObject({ kind: 'claimed' });
  expect(await world.sql(`select 1 from address where ip = ?`, [ip])).toHaveLength(1);
  await unlock(world, ip, order.run);
});

/** Sessions of this database that wait for a row. */
function waiting() {
  return world.sql<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
}

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let time = 0; time < 200; time += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came to that');
}
