import { describe, expect, test } from '@jest/globals';
import { abandonUpdate, keepUpdate, retrySetupUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  activeService,
  add,
  addIntegration,
  addIspManager,
  eventually,
  failureOf,
  fault,
  heldFor,
  openDesk,
  release,
  releasing,
  remove,
  repoint,
  start,
  tagOf,
} from './support/desk.ts';

/**
 * With room for one run in the cache nearly every workflow task replays its run from the first event: what is not
 * deterministic fails here. (With none at all SDK 1.24 evicts runs under their local activities and logs that as a bug
 * of its own.)
 */
const engine = await openDesk({ integration: { fenceMs: 500, maxAttempts: 40 } });
await engine.startWorker({ maxCachedWorkflows: 1 });
const permissions = [{ pool: '203.0.113.200-203.0.113.240', groups: ['public'] }];
await addIntegration(engine, 'slow', { coolDownMs: 600_000, fenceMs: 500, permissions });
const { ledger } = engine;

describe('a worker with hardly a cache', () => {
  test.concurrent('provisions several addresses, and a service added to', async () => {
    expect(await activeService(engine, service('z-1', { tariff: 'vps-4' }))).toHaveLength(4);
    const { handle } = await add(engine, { order: 'z-1-more', service: 'z-1', family: 'ipv6' });
    expect((await handle.result()).addresses).toMatchObject([{ state: 'active' }]);
  });

  test.concurrent('finds what an answer that was lost had taken', async () => {
    fault(engine, { purpose: 'create', at: await tagOf(engine, 'z-2/1/ipv4/1') }, { kind: 'reset-after' });
    expect(await activeService(engine, service('z-2'))).toHaveLength(1);
  });

  test.concurrent('marks a conflict and resolves it', async () => {
    const ip = await activeAddress(engine, service('z-3-holder'));
    fault(engine, { purpose: 'create', at: await tagOf(engine, 'z-3/1/ipv4/1') }, { kind: 'busy-address', ip });
    await activeService(engine, service('z-3'));
    const input = { address: ip, actor: 'operator' };
    const run = await start(engine, 'resolveConflict', { workflowId: workflowIds.resolveConflict(ip), input });
    expect(await run.result()).toMatchObject({ service: 'z-3-holder' });
  });

  test.concurrent('retries a set-up, and abandons one', async () => {
    const panel = await addIspManager(engine, 'web', { preset: 'gold' });
    const [one, two] = await Promise.all([
      orderService(engine, service('z-4', { server: 'web' })),
      orderService(engine, service('z-5', { server: 'web' })),
    ]);
    for (const id of ['z-4', 'z-5'])
      await eventually(async () => expect(await ledger.services.find(id)).toMatchObject({ state: 'waiting' }));
    await two.handle.executeUpdate(abandonUpdate);
    expect((await failureOf(two.handle.result())).type).toBe('Abandoned');
    panel.world.presets.push('gold');
    await one.handle.executeUpdate(retrySetupUpdate);
    expect((await one.handle.result()).addresses).toMatchObject([{ state: 'active' }]);
    expect(await heldFor(engine, 'z-5/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('keeps an address during its cool-down, points it elsewhere and releases it with its service', async () => {
    const ip = await activeAddress(engine, service('z-6', { server: 'on-slow' }));
    const run = await release(engine, ip);
    await releasing(engine, ip);
    expect(await run.executeUpdate(keepUpdate)).toMatchObject({ kept: true });
    expect(await (await repoint(engine, ip, 'other.example.com')).result()).toMatchObject({ ptr: 'other.example.com' });
    await ledger.settings.integrations.edit('slow', { coolDownMs: 0 }, {});
    expect(await (await remove(engine, 'z-6')).result()).toEqual({ service: 'z-6', released: [ip], kept: [] });
  });
});
