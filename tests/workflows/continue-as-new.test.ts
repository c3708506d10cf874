import { describe, expect, test } from '@jest/globals';
import { runsOf as askedFrom } from '../../worker/runs.ts';
import { abandonUpdate, keepUpdate, workflowIds } from '../../workflows/contract.ts';
import { smallWorld } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  addIntegration,
  addIspManager,
  eventually,
  failureOf,
  openDesk,
  release,
  remove,
  repoint,
  tagOf,
} from './support/desk.ts';
import { runsOf, startShortHistories } from './support/short-histories.ts';

const temporal = await startShortHistories();
const world = smallWorld();
/** Addresses whose delete is refused, and services whose server cannot take them off, until they are taken out again. */
const stuck = new Set<string>();
/** Services whose address is somebody else's in IPmanager as soon as they are set up. */
const lost = new Set<string>();
/** Addresses that IPmanager gives no clear answer about, and when it was asked to change something. */
const unclear = new Set<string>();
const triedAt = new Map<string, number[]>();
const engine = await openDesk({
  world,
  temporal,
  unread: false,
  integration: { fenceMs: 1_000 },
  wrap: (activities) => ({
    ...activities,
    async deleteAddress(target) {
      if (isUnclear(target.ip)) return { kind: 'unknown', failure: notNow };
      return stuck.has(target.ip) ? { kind: 'refused', failure: notNow } : activities.deleteAddress(target);
    },
    writePtr: async (target) =>
      isUnclear(target.ip) ? { kind: 'unknown', failure: notNow } : activities.writePtr(target),
    removeFromServer: async (id) =>
      stuck.has(id) ? { kind: 'refused', failure: notNow } : activities.removeFromServer(id),
    async setUpService(id, ips) {
      const answer = await activities.setUpService(id, ips);
      if (lost.has(id) && answer.kind === 'done') for (const ip of ips) noteOf(ip, 'somebody wrote here');
      return answer;
    },
  }),
});
const { client, ledger, simulator } = engine;

function isUnclear(ip: string): boolean {
  if (!unclear.has(ip)) return false;
  triedAt.set(ip, [...(triedAt.get(ip) ?? []), Date.now()]);
  return true;
}

/** The shortest time between two tries, of which one may still land when the next is made. */
function shortest(ip: string): number {
  const times = triedAt.get(ip) ?? [];
  return Math.min(...times.slice(1).map((time, n) => time - (times[n] ?? 0)));
}

function noteOf(ip: string, note: string): void {
  Object.assign(simulator.world.addresses.get(ip) ?? {}, { note });
}

const notNow = { code: 'access-denied', message: 'not now', next: 'wait' };
await addIntegration(engine, 'cooled', {
  coolDownMs: 1_000,
  fenceMs: 1_000,
  requestTimeoutMs: 20_000,
  permissions: [{ pool: '203.0.113.251-203.0.113.254', groups: ['public'] }],
});

/** How many runs a workflow came to, the first one counted. */
async function startedOver(workflowId: string, runs = 1): Promise<void> {
  await eventually(async () => expect(await runsOf(client, workflowId)).toBeGreaterThan(runs), 60_000);
}

async function onServer(name: string, id: string): Promise<{ readonly ip: string; readonly url: string }> {
  const web = await addIspManager(engine, name, {}, 20_000);
  const { handle } = await orderService(engine, service(id, { server: name }));
  const [address] = (await handle.result()).addresses;
  return { ip: address?.ip ?? '', url: web.url };
}

async function edit(name: string, url: string): Promise<void> {
  await ledger.settings.servers.edit(name, { url });
}

const nowhere = 'http://127.0.0.1:1/ispmgr';

describe('a story that starts over in the middle of a wait', () => {
  test.concurrent('releases the address once the server answers again', async () => {
    const { ip, url } = await onServer('web-off', 'off-1');
    await edit('web-off', nowhere);
    const handle = await release(engine, ip);
    await startedOver(workflowIds.releaseAddress(ip));
    await edit('web-off', url);
    expect(await handle.result()).toMatchObject({ address: ip, state: 'quarantined' });
    expect(simulator.world.addresses.get(ip)).toBeUndefined();
    expect(await ledger.locks.list()).not.toContainEqual(expect.objectContaining({ key: `address/${ip}` }));
  });

  test.concurrent('keeps the address when it is told to', async () => {
    const { ip, url } = await onServer('web-keep', 'keep-1');
    await edit('web-keep', nowhere);
    await release(engine, ip);
    await startedOver(workflowIds.releaseAddress(ip));
    await edit('web-keep', url);
    const kept = await client.workflow.getHandle(workflowIds.releaseAddress(ip)).executeUpdate(keepUpdate);
    expect(kept).toMatchObject({ address: ip, kept: true, state: 'active' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ service: 'keep-1', state: 'active' });
  });

  test.concurrent('sets the service up with the same address, however long somebody was waited for', async () => {
    const web = await addIspManager(engine, 'web-wait', { preset: 'gold' });
    const { answer, handle } = await orderService(engine, service('wait-1', { server: 'web-wait' }));
    await startedOver(workflowIds.provisionService('wait-1'));
    web.world.presets.push('gold');
    const [address] = answer.addresses;
    expect((await handle.result()).addresses).toMatchObject([{ ip: address?.ip, state: 'active' }]);
    expect(simulator.allocations().get(await tagOf(engine, 'wait-1/1/ipv4/1'))).toBe(1);
  });

  test.concurrent.each([
    ['more-1', 1, 2],
    ['none-1', 0, 1],
  ])('keeps to what it answered though its tariff has more by now (%s)', async (id, before, now) => {
    const web = await addIspManager(engine, `web-${id}`, { preset: 'gold' });
    await engine.addTariff(`of-${id}`, before);
    const { answer, handle } = await orderService(engine, service(id, { server: `web-${id}`, tariff: `of-${id}` }));
    await startedOver(workflowIds.provisionService(id));
    await ledger.settings.tariffs.edit(`of-${id}`, { dedicated: true, ipv4: now });
    const runs = await runsOf(client, workflowIds.provisionService(id));
    await startedOver(workflowIds.provisionService(id), runs);
    web.world.presets.push('gold');
    const { outcome, addresses } = await handle.result();
    expect([outcome, addresses.map(({ ip }) => ip)]).toEqual([answer.outcome, answer.addresses.map(({ ip }) => ip)]);
    expect(await ledger.addresses.list({ service: id })).toHaveLength(before);
  });

  test.concurrent('goes on to make a service active that is set up, however often it is cancelled by then', async () => {
    const web = await addIspManager(engine, 'web-fin', {}, 20_000);
    lost.add('fin-1');
    const { answer, handle } = await orderService(engine, service('fin-1', { server: 'web-fin' }));
    const workflowId = workflowIds.provisionService('fin-1');
    const ip = answer.addresses[0]?.ip ?? '';
    await startedOver(workflowId);
    for (let cancels = 0; cancels < 2; cancels += 1) {
      await client.workflow.getHandle(workflowId).cancel();
      const runs = await runsOf(client, workflowId);
      await startedOver(workflowId, runs + 1);
    }
    const late = failureOf(client.workflow.getHandle(workflowId).executeUpdate(abandonUpdate));
    expect((await late).type).toBe('set-up-finished');
    noteOf(ip, await tagOf(engine, 'fin-1/1/ipv4/1'));
    expect((await handle.result()).addresses).toMatchObject([{ ip, state: 'active' }]);
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(await ledger.services.find('fin-1')).toMatchObject({ state: 'active', generation: 1 });
  });

  test.concurrent('keeps the address when it was cancelled before: what is off its server is put back there', async () => {
    const { ip, url } = await onServer('web-stay', 'stay-1');
    await edit('web-stay', nowhere);
    const handle = await release(engine, ip);
    await startedOver(workflowIds.releaseAddress(ip));
    await handle.cancel();
    // The cancel is heard, the address is on its way back, and that starts over too.
    const runs = await runsOf(client, workflowIds.releaseAddress(ip));
    await startedOver(workflowIds.releaseAddress(ip), runs + 1);
    await edit('web-stay', url);
    expect(await handle.result()).toEqual({ address: ip, state: 'active' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ service: 'stay-1', state: 'active' });
    expect(simulator.world.addresses.get(ip)).toMatchObject({ state: 'allocated' });
    expect((await ledger.locks.list()).filter(({ key }) => key === `address/${ip}`)).toEqual([]);
  });

  test.concurrent('keeps nothing once its delete has begun, also when it is cancelled then', async () => {
    const ip = await activeAddress(engine, service('late-1', { server: 'on-cooled' }));
    stuck.add(ip);
    const handle = await release(engine, ip);
    await startedOver(workflowIds.releaseAddress(ip));
    await handle.cancel();
    const runs = await runsOf(client, workflowIds.releaseAddress(ip));
    await startedOver(workflowIds.releaseAddress(ip), runs);
    stuck.delete(ip);
    expect(await handle.result()).toEqual({ address: ip, state: 'quarantined' });
    expect(simulator.world.addresses.get(ip)).toBeUndefined();
  });

  test.concurrent('releases an address whose delete stays unclear, and never asks within a fence', async () => {
    const ip = await activeAddress(engine, service('unclear-1'));
    unclear.add(ip);
    const handle = await release(engine, ip);
    await startedOver(workflowIds.releaseAddress(ip), 2);
    unclear.delete(ip);
    expect(await handle.result()).toEqual({ address: ip, state: 'quarantined' });
    expect(shortest(ip)).toBeGreaterThanOrEqual(1_000);
    expect(simulator.world.addresses.get(ip)).toBeUndefined();
  });

  test.concurrent('changes a PTR that stays unclear, and knows what it was before', async () => {
    const ip = await activeAddress(engine, service('unclear-2'));
    unclear.add(ip);
    const handle = await repoint(engine, ip, 'two.example.com');
    await startedOver(workflowIds.changePtr(ip), 2);
    unclear.delete(ip);
    expect(await handle.result()).toEqual({ address: ip, ptr: 'two.example.com', before: 'unclear-2.example.com' });
    expect(shortest(ip)).toBeGreaterThanOrEqual(1_000);
  });

  test.concurrent('tells of every address that a removal released before', async () => {
    const ip = await activeAddress(engine, service('told-1'));
    stuck.add('told-1');
    const handle = await remove(engine, 'told-1');
    await startedOver(workflowIds.removeService('told-1'));
    stuck.delete('told-1');
    expect(await handle.result()).toEqual({ service: 'told-1', released: [ip], kept: [] });
  });

  test.concurrent('removes the service with all its addresses', async () => {
    const { url } = await onServer('web-gone', 'gone-1');
    await edit('web-gone', nowhere);
    const handle = await remove(engine, 'gone-1');
    const [address] = await ledger.addresses.list({ service: 'gone-1' });
    await startedOver(workflowIds.releaseAddress(address?.ip ?? ''));
    await edit('web-gone', url);
    expect(await handle.result()).toMatchObject({ service: 'gone-1', released: [address?.ip] });
    expect(await ledger.services.find('gone-1')).toMatchObject({ state: 'removed' });
  });
});

test('who asks about a chain that was ended hears no time before its end, also once another one began', async () => {
  const { ip, url } = await onServer('web-ended', 'ended-1');
  await edit('web-ended', nowhere);
  const workflowId = workflowIds.releaseAddress(ip);
  const { firstExecutionRunId: runId } = await release(engine, ip);
  await startedOver(workflowId);
  const last = client.workflow.getHandle(workflowId);
  await last.terminate();
  const { closeTime: ended } = await last.describe();
  if (ended === undefined) throw new Error('it goes on');
  const asked = { workflowId, runId };
  expect(await askedFrom(client).closedAt(asked)).toEqual(ended);
  await edit('web-ended', url);
  const next = await release(engine, ip);
  const { startTime } = await client.workflow.getHandle(workflowId, next.firstExecutionRunId).describe();
  expect(await askedFrom(client).closedAt(asked)).toEqual(startTime);
  expect(startTime.getTime()).toBeGreaterThanOrEqual(ended.getTime());
  expect(await next.result()).toMatchObject({ address: ip, state: 'quarantined' });
});
