import { afterAll, describe, expect, test } from '@jest/globals';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { createWorld } from '../../activities/ipmanager/simulator/world.ts';
import { workflowIds } from '../../workflows/contract.ts';
import { password } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import { activeAddress, addIntegration, failureOf, openDesk, repoint, start, tagOf } from './support/desk.ts';
import { itemOf, sync, type Site } from './support/sync-desk.ts';

const engine = await openDesk({ integration: { fenceMs: 700 } });
const { ledger, simulator } = engine;
const main = { engine, name: 'main' } as Site;
const panels: IpManagerSimulator[] = [];
afterAll(async () => {
  for (const panel of panels) await panel.close();
});

/** A service under `main`, and the panel of a second integration that has given its address out once more. */
async function offeredElsewhere(id: string) {
  const ip = await activeAddress(engine, service(`${id}-holder`));
  const name = `pan-${id}`;
  const permissions = [{ pool: `${ip}-${ip}`, groups: ['public'] }];
  const world = createWorld({ networks: ['203.0.113.0/24'], users: [{ name, password, permissions }] });
  const panel = await startIpManagerSimulator({ world });
  panels.push(panel);
  await addIntegration(engine, name, { url: panel.url, fenceMs: 700, requestTimeoutMs: 20_000, maxConflicts: 1 });
  const failure = await failureOf(orderService(engine, service(id, { server: `on-${name}` })));
  return {
    ip,
    name,
    failure,
    there: () => panel.world.addresses.get(ip),
    row: { ...simulator.world.addresses.get(ip) },
  };
}

function resolve(ip: string) {
  const input = { address: ip, actor: 'operator' };
  return start(engine, 'resolveConflict', { workflowId: workflowIds.resolveConflict(ip), input });
}

describe('an address on a service, offered by the panel of another integration', () => {
  test('is held there without a mark, and says so; its own PTR and sync go on as before', async () => {
    const { ip, failure, there, row } = await offeredElsewhere('ce-1');
    expect(failure).toMatchObject({ type: 'too-many-conflicts', value: ip });
    expect(failure.message).toContain('without a mark');
    expect(failure.message).not.toContain('dns.set.error');
    expect(there()).toMatchObject({ note: await tagOf(engine, 'ce-1/1/ipv4/1'), state: 'allocated' });
    expect(simulator.world.addresses.get(ip)).toEqual(row);
    expect(itemOf(await sync(main, { dryRun: true }), ip)).toBeUndefined();
    expect(await (await repoint(engine, ip, 'still.example.com')).result()).toMatchObject({ ptr: 'still.example.com' });
  });

  test('goes back there once it is resolved, and stays on its service', async () => {
    const { ip, name, there, row } = await offeredElsewhere('ce-2');
    const result = await (await resolve(ip)).result();
    const ptr = 'ce-2-holder.example.com';
    expect(result).toEqual({ address: ip, service: 'ce-2-holder', ptr, returned: [name] });
    expect(there()?.state ?? 'free').not.toBe('allocated');
    expect(simulator.world.addresses.get(ip)).toEqual(row);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'ce-2-holder', ptrSeen: ptr });
    expect(await ledger.addresses.openConflict(ip)).toBeUndefined();
    expect(await ledger.locks.list()).toEqual([]);
    expect((await failureOf((await resolve(ip)).result())).type).toBe('no-conflict');
  });

  test('is left there when somebody else has it by now, and where the holder is not seen to have its own (I4)', async () => {
    const { ip, there } = await offeredElsewhere('ce-3');
    const held = simulator.world.addresses.get(ip);
    simulator.world.addresses.delete(ip);
    expect(await failureOf((await resolve(ip)).result())).toMatchObject({ type: 'holder-not-proven', value: ip });
    expect(there()?.state).toBe('allocated');
    expect(await ledger.addresses.openConflict(ip)).toMatchObject({ mark: false });
    if (held !== undefined) simulator.world.addresses.set(ip, held);
    Object.assign(there() ?? {}, { note: 'taken by hand' });
    expect(await (await resolve(ip)).result()).not.toHaveProperty('returned');
    expect(there()).toMatchObject({ note: 'taken by hand', state: 'allocated' });
    expect(await ledger.addresses.openConflict(ip)).toBeUndefined();
  });

  test('stays on record there when its own is released, and is the orphan of that panel’s sync', async () => {
    const { ip, name, there } = await offeredElsewhere('ce-4');
    const run = await start(engine, 'releaseAddress', {
      workflowId: workflowIds.releaseAddress(ip),
      input: { address: ip, reason: 'test' },
    });
    await run.result();
    expect(await ledger.addresses.openConflict(ip)).toMatchObject({ integration: name });
    expect(itemOf(await sync({ engine, name } as Site, { dryRun: true }), ip)).toMatchObject({ discrepancy: 'orphan' });
    await (await resolve(ip)).result();
    expect(there()?.state ?? 'free').not.toBe('allocated');
  });
});
