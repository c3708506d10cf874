import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { defineUpdate } from '@temporalio/workflow';
import { workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import { activeAddress, addIspManager, add, failureOf, fault, openDesk, repoint, whileElse } from './support/desk.ts';

const engine = await openDesk();
const { ledger } = engine;

/** Update-with-Start at a workflow id that runs already, with something that belongs to another. */
function tell(workflow: string, workflowId: string, told: { readonly update: string; readonly input: unknown }) {
  const startWorkflowOperation = new WithStartWorkflowOperation(workflow, {
    workflowId,
    taskQueue: engine.taskQueue,
    args: [told.input],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const update = defineUpdate<unknown, [unknown]>(told.update);
  return failureOf(
    engine.client.workflow.executeUpdateWithStart(update, {
      startWorkflowOperation,
      updateId: randomUUID(),
      args: [told.input],
    }),
  );
}

describe('what belongs to another is refused by a running run, as it is at its start', () => {
  test.concurrent('another service', async () => {
    await orderService(engine, service('ta-1'));
    const id = workflowIds.provisionService('ta-1');
    const input = { service: { ...service('ta-1').service, id: 'ta-1-other' } };
    expect(await tell('provisionService', id, { update: 'addresses', input })).toMatchObject({
      type: 'workflow-id-mismatch',
      field: 'workflowId',
      value: id,
      accepted: 'provision/ta-1-other',
    });
    expect(await ledger.services.find('ta-1-other')).toBeUndefined();
  });

  test.concurrent('another order', async () => {
    const web = await addIspManager(engine, 'web-ta');
    const { handle } = await orderService(engine, service('ta-2', { server: 'web-ta' }));
    await handle.result();
    await ledger.settings.servers.edit('web-ta', { url: 'http://127.0.0.1:1/ispmgr' });
    await add(engine, { order: 'ta-2-more', service: 'ta-2', family: 'ipv4' });
    const input = { order: 'ta-2-other', service: 'ta-2', family: 'ipv4' };
    expect(await tell('addAddress', workflowIds.addAddress('ta-2-more'), { update: 'addresses', input })).toMatchObject(
      { type: 'workflow-id-mismatch', accepted: 'order/ta-2-other' },
    );
    const otherwise = { order: 'ta-2-more', service: 'ta-2', family: 'ipv4', ptr: 'x.example.com' };
    expect(
      await tell('addAddress', workflowIds.addAddress('ta-2-more'), { update: 'addresses', input: otherwise }),
    ).toMatchObject({
      type: 'order-differs',
      message: 'order ta-2-more is under way with another ptr',
      accepted: 'the order as it was first sent',
    });
    await ledger.settings.servers.edit('web-ta', { url: web.url });
  });

  test.concurrent('another address', async () => {
    const ip = await activeAddress(engine, service('ta-3'));
    fault(engine, { purpose: 'write', at: ip }, whileElse);
    const run = await repoint(engine, ip, 'one.example.com');
    const input = { address: '192.0.2.99', ptr: 'one.example.com', actor: 'operator' };
    expect(await tell('changePtr', workflowIds.changePtr(ip), { update: 'ptrChanged', input })).toMatchObject({
      type: 'workflow-id-mismatch',
      accepted: 'ptr/192.0.2.99',
    });
    await run.result();
  });
});
