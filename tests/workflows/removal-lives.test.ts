import { describe, expect, test } from '@jest/globals';
import { setupFinishedUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import { failureOf, openDesk, remove } from './support/desk.ts';

/** Services whose addresses take their time on the way back, longer than a removal waits between two looks at first. */
const slow = new Set<string>();
/** Services whose first abandon comes at a moment at which it is not heard. */
const deaf = new Set<string>();
const engine = await openDesk({
  integration: { fenceMs: 700, maxAttempts: 40 },
  wrap: (activities) => ({
    ...activities,
    async giveBack(ticket, ip, why) {
      if ([...slow].some((id) => ticket.order.startsWith(`${id}/`)))
        await new Promise((next) => setTimeout(next, 6_000));
      return activities.giveBack(ticket, ip, why);
    },
    async abandonProvision(workflowId) {
      return deaf.delete(workflowId) ? 'refused' : activities.abandonProvision(workflowId);
    },
  }),
});
const { ledger } = engine;

describe('a removal that waits for what provisions the service', () => {
  test.concurrent('ends with that life, and leaves alone the next one that is ordered meanwhile', async () => {
    const input = service('l-1');
    const { handle } = await orderService(engine, input);
    slow.add('l-1');
    const removing = await remove(engine, 'l-1');
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    slow.delete('l-1');
    const next = await orderService(engine, input);
    expect(next.answer.addresses).toMatchObject([{ order: 'l-1/2/ipv4/1' }]);
    expect(await removing.result()).toMatchObject({ service: 'l-1', kept: [] });
    expect(await ledger.services.find('l-1')).toMatchObject({ state: 'provisioning', generation: 2 });
    await next.handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    expect((await next.handle.result()).addresses).toMatchObject([
      { ip: next.answer.addresses[0]?.ip, state: 'active' },
    ]);
  });

  test.concurrent('asks it again to be abandoned when it was not heard', async () => {
    deaf.add(workflowIds.provisionService('l-2'));
    const { handle } = await orderService(engine, service('l-2'));
    const removing = await remove(engine, 'l-2');
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(await removing.result()).toMatchObject({ service: 'l-2', kept: [] });
    expect(deaf.size).toBe(0);
  });
});
