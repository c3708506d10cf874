import { describe, expect, test } from '@jest/globals';
import { orderService, service } from '../support/orders.ts';
import { add, addIspManager, attributesOf, eventually, failureOf, heldFor, openDesk, remove } from './support/desk.ts';

// Side by side, what some gave back is offered to others again and again while its quarantine runs.
const engine = await openDesk({ integration: { fenceMs: 500, maxAttempts: 40 } });
const { ledger, simulator } = engine;

describe('addAddress', () => {
  test.concurrent('for a machine that is gone for good does not keep its service from being removed', async () => {
    const web = await addIspManager(engine, 'web-9');
    const { handle } = await orderService(engine, service('m-9', { server: 'web-9' }));
    await handle.result();
    web.world.users.clear();
    const { handle: adding } = await add(engine, { order: 'm-9-more', service: 'm-9', family: 'ipv4' });
    await remove(engine, 'm-9').then((removal) => removal.result());
    expect((await failureOf(adding.result())).type).toBe('Abandoned');
    expect(await heldFor(engine, 'm-9-more')).toEqual([]);
  });

  test.concurrent('cancelled while its address is not ours any more ends, and leaves that address alone', async () => {
    const { url } = await addIspManager(engine, 'web-10');
    const { handle } = await orderService(engine, service('m-10', { server: 'web-10' }));
    await handle.result();
    await ledger.settings.servers.edit('web-10', { url: 'http://127.0.0.1:1/ispmgr' });
    const { answer, handle: adding } = await add(engine, { order: 'm-10-more', service: 'm-10', family: 'ipv4' });
    const held = simulator.world.addresses.get(answer.addresses[0]?.ip ?? '');
    Object.assign(held ?? {}, { note: 'somebody cleared it' });
    await ledger.settings.servers.edit('web-10', { url });
    await eventually(async () =>
      expect(await attributesOf(engine, adding.workflowId)).toMatchObject({ IptallyReason: 'address-lost' }),
    );
    await adding.cancel();
    await expect(adding.result()).rejects.toThrow('cancelled');
    expect(simulator.world.addresses.get(answer.addresses[0]?.ip ?? '')).toBe(held);
  });
});
