import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { abandonUpdate } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  addIspManager,
  attributesOf,
  detailsOf,
  eventually,
  failureOf,
  openDesk,
  release,
  remove,
} from './support/desk.ts';

/** The first call for each of these services is not heard of again, as when its worker is gone. */
const lost = new Set(['sf-1', 'sf-2', 'sf-3']);
function once<Answer>(id: string, call: () => Promise<Answer>): Promise<Answer> {
  return lost.delete(id) ? Promise.reject(ApplicationFailure.nonRetryable('the worker is gone')) : call();
}
const engine = await openDesk({
  wrap: (activities) => ({
    ...activities,
    takeOffService: (id, ip) => once(id, () => activities.takeOffService(id, ip)),
    removeFromServer: (id, ...rest) => once(id, () => activities.removeFromServer(id, ...rest)),
  }),
});

describe('a call to a server that is not heard of again', () => {
  test.concurrent('costs no fence where there is no panel that anything was sent to', async () => {
    await engine.addServer('reports', { requestTimeoutMs: 300_000 });
    const { handle } = await orderService(engine, service('sf-1', { server: 'reports' }));
    expect(await handle.executeUpdate(abandonUpdate)).toMatchObject({ service: 'sf-1' });
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    await activeAddress(engine, service('sf-2', { server: 'reports' }));
    expect(await (await remove(engine, 'sf-2')).result()).toMatchObject({ service: 'sf-2', kept: [] });
    expect([lost.has('sf-1'), lost.has('sf-2')]).toEqual([false, false]);
  });

  test.concurrent('waits its fence with a reason an operator sees where there is one', async () => {
    await addIspManager(engine, 'web-sf', {}, 5_000);
    const { answer, handle } = await orderService(engine, service('sf-3', { server: 'web-sf' }));
    await handle.result();
    const ip = answer.addresses[0]?.ip ?? '';
    const run = await release(engine, ip);
    await eventually(async () => {
      expect(await detailsOf(engine, run.workflowId)).toContain('looking again when the fence is over');
      expect(await attributesOf(engine, run.workflowId)).toMatchObject({ IptallyState: 'waiting' });
    }, 8_000);
    expect(await run.result()).toMatchObject({ state: 'quarantined' });
  });
});
