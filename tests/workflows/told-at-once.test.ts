import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { abandonUpdate, setupFinishedUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import { addIntegration, addIspManager, eventually, failureOf, openDesk, sendAgain, start } from './support/desk.ts';

/** Messages that reach a run in one task of its workflow, as they do when a worker was away. */
const engine = await openDesk();
const { ledger } = engine;

/** Time for what was sent to reach the server, where it waits for a worker. Less would prove less, and fail nothing. */
const onItsWay = () => sleep(1_500);

test('another order sent before any worker saw the first is refused, naming the fields', async () => {
  await engine.stopWorker();
  const first = orderService(engine, service('t-1'));
  await onItsWay();
  const second = failureOf(orderService(engine, service('t-1', { domain: 'other.example.com' })));
  await onItsWay();
  await engine.startWorker();
  expect(await second).toMatchObject({ type: 'order-differs', field: 'domain' });
  expect((await first).answer).toMatchObject({ outcome: 'allocated' });
});

test('a report that came before its order was refused hears why it was refused', async () => {
  const permissions = [{ pool: '192.0.2.1-192.0.2.1', groups: ['public'] }];
  await addIntegration(engine, 'empty', { permissions });
  await engine.stopWorker();
  const input = service('t-3', { server: 'on-empty' });
  const handle = await start(engine, 'provisionService', { workflowId: workflowIds.provisionService('t-3'), input });
  const reported = failureOf(handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] }));
  await onItsWay();
  await engine.startWorker();
  expect((await reported).type).toBe('no-free-address');
  expect((await failureOf(handle.result())).type).toBe('no-free-address');
});

test('a changed order and an abandon at once: the run ends, and who changed the order hears why', async () => {
  await addIspManager(engine, 'web-t-2', { preset: 'gold' });
  const input = service('t-2', { server: 'web-t-2' });
  const { handle } = await orderService(engine, input);
  await eventually(async () => expect(await ledger.services.find('t-2')).toMatchObject({ state: 'waiting' }));
  await engine.stopWorker();
  const changed = failureOf(sendAgain(handle, { ...input, service: { ...input.service, domain: 'new.example.com' } }));
  await onItsWay();
  const abandoned = handle.executeUpdate(abandonUpdate);
  await onItsWay();
  await engine.startWorker();
  expect(await abandoned).toMatchObject({ state: 'removed' });
  expect((await changed).type).toBe('abandoned');
  expect((await failureOf(handle.result())).type).toBe('Abandoned');
});
