import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { defineUpdate } from '@temporalio/workflow';
import { service } from '../support/orders.ts';
import { failureOf, openDesk } from './support/desk.ts';

const engine = await openDesk();

interface Case {
  readonly workflow: string;
  readonly id: string;
  readonly input: unknown;
  readonly field: string;
  readonly type?: string;
}

const badAddresses = [
  '192.0.2.010',
  '0300.0.2.1',
  '0xc0.0.2.1',
  '3221225985',
  '192.0.2',
  '192.0.2.256',
  '192.0.2.1/32',
  '::ffff:192.0.2.1',
  '::ffff:c000:201',
  'fe80::1%eth0',
  '2001:db8::/64',
  '2001:db8:::1',
  ' 192.0.2.1',
  '192.0.2.1 ',
  '１９２.0.2.1',
  'localhost',
  '',
];
const badNames = [
  'host',
  'under_score.example.com',
  `${'a'.repeat(64)}.example.com`,
  `${'a.'.repeat(127)}example`,
  'a..example.com',
  'example.com..',
  '.example.com',
  '-a.example.com',
  'a-.example.com',
  '192.0.2.1',
  'a b.example.com',
  'a/b.example.com',
  'dns.set.error',
  'xn--.example_com',
  '',
];
const badIds = ['a/b', '../x', '', ' a', '-a', 'a b', 'ä', 'a'.repeat(101), 'a\nb'];
const badRunNames = ['Desk', 'a_b', 'a/b', '', '-a', 'a'.repeat(64), 'ü'];
const wrongTypes = [null, 7, true, [], {}];

const provision = (more: object, field: string, type?: string): Case => ({
  workflow: 'provisionService',
  id: 'provision/b-1',
  input: { service: { ...service('b-1').service, ...more } },
  field,
  ...(type === undefined ? {} : { type }),
});
const withoutField = (name: string): unknown => {
  const { [name as 'id']: _, ...rest } = service('b-1').service;
  return { service: rest };
};
const of =
  (workflow: string, id: string, good: object) =>
  (field: string, value: unknown, type?: string): Case => ({
    workflow,
    id,
    input: { ...good, [field]: value },
    field,
    ...(type === undefined ? {} : { type }),
  });
const addAddress = of('addAddress', 'order/o-1', { order: 'o-1', service: 'b-1', family: 'ipv4' });
const releaseAddress = of('releaseAddress', 'release/192.0.2.1', { address: '192.0.2.1', reason: 'x' });
const removeService = of('removeService', 'remove/b-1', { service: 'b-1', reason: 'x' });
const changePtr = of('changePtr', 'ptr/192.0.2.1', { address: '192.0.2.1', ptr: 'a.example.com', actor: 'operator' });
const resolveConflict = of('resolveConflict', 'resolve/192.0.2.1', { address: '192.0.2.1', actor: 'operator' });
const orders = (addresses: unknown): Case['input'] => ({ ...service('b-1'), addresses });
const order = { order: 'o-1', family: 'ipv4' };

const cases: readonly Case[] = [
  ...badIds.map((id) => provision({ id }, 'service.id')),
  ...badIds.map((customer) => provision({ customer }, 'service.customer')),
  ...badNames.map((domain) => provision({ domain }, 'service.domain')),
  ...badRunNames.map((server) => provision({ server }, 'service.server')),
  ...badRunNames.map((tariff) => provision({ tariff }, 'service.tariff')),
  ...['VPS', 'server', '', 'vps '].map((kind) => provision({ kind }, 'service.kind')),
  ...['id', 'domain', 'kind', 'server', 'tariff'].flatMap((field) => [
    ...wrongTypes.map((value) => provision({ [field]: value }, `service.${field}`)),
    { workflow: 'provisionService', id: 'provision/b-1', input: withoutField(field), field: `service.${field}` },
  ]),
  provision({ colour: 'red' }, 'service.colour', 'unknown-field'),
  {
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: { ...service('b-1'), adresses: [] },
    field: 'adresses',
    type: 'unknown-field',
  },
  ...[...wrongTypes, undefined, 'x'].map((input) => ({
    workflow: 'provisionService',
    id: 'provision/b-1',
    input,
    field: input !== null && typeof input === 'object' && !Array.isArray(input) ? 'service' : 'provisionService',
  })),
  ...['x', 7, {}].map((list) => ({
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: orders(list),
    field: 'addresses',
  })),
  {
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: orders(Array.from({ length: 33 }, (_, n) => ({ order: `o-${n}`, family: 'ipv4' }))),
    field: 'addresses',
  },
  { workflow: 'provisionService', id: 'provision/b-1', input: orders([order, order]), field: 'addresses' },
  {
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: orders([{ ...order, family: 'ipv5' }]),
    field: 'addresses.0.family',
  },
  {
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: orders([{ ...order, order: 'a/b' }]),
    field: 'addresses.0.order',
  },
  {
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: orders([{ ...order, ptr: 'x' }]),
    field: 'addresses.0.ptr',
  },
  {
    workflow: 'provisionService',
    id: 'provision/b-1',
    input: orders([{ ...order, ip: 'x' }]),
    field: 'addresses.0.ip',
    type: 'unknown-field',
  },
  ...badAddresses.map((address) => addAddress('address', address)),
  ...badNames.map((ptr) => addAddress('ptr', ptr)),
  ...badIds.map((id) => addAddress('order', id)),
  ...badIds.map((id) => addAddress('service', id)),
  ...['ipv5', 'IPv4', '', 4, null].map((family) => addAddress('family', family)),
  {
    workflow: 'addAddress',
    id: 'order/o-1',
    input: { order: 'o-1', service: 'b-1', family: 'ipv4', address: '2001:db8:77::fe' },
    field: 'family',
  },
  ...badAddresses.map((address) => releaseAddress('address', address)),
  ...['', 'a\nb', 'x'.repeat(501), null].map((reason) => releaseAddress('reason', reason)),
  releaseAddress('force', true, 'unknown-field'),
  ...badIds.map((id) => removeService('service', id)),
  ...badAddresses.map((address) => changePtr('address', address)),
  ...badNames.map((ptr) => changePtr('ptr', ptr)),
  ...['root', 'customer:', 'customer:a/b', 'Operator', '', null].map((actor) => changePtr('actor', actor)),
  ...badAddresses.map((address) => resolveConflict('address', address)),
  {
    workflow: 'provisionService',
    id: 'provision/other',
    input: service('b-1'),
    field: 'workflowId',
    type: 'workflow-id-mismatch',
  },
  {
    workflow: 'addAddress',
    id: 'order/other',
    input: { order: 'o-1', service: 'b-1', family: 'ipv4' },
    field: 'workflowId',
    type: 'workflow-id-mismatch',
  },
  {
    workflow: 'releaseAddress',
    id: 'release/2001:DB8::1',
    input: { address: '2001:DB8::1', reason: 'x' },
    field: 'workflowId',
    type: 'workflow-id-mismatch',
  },
  {
    workflow: 'removeService',
    id: 'remove/b-2',
    input: { service: 'b-1', reason: 'x' },
    field: 'workflowId',
    type: 'workflow-id-mismatch',
  },
  {
    workflow: 'changePtr',
    id: 'x',
    input: { address: '192.0.2.1', ptr: 'a.example.com', actor: 'operator' },
    field: 'workflowId',
    type: 'workflow-id-mismatch',
  },
  {
    workflow: 'resolveConflict',
    id: 'x',
    input: { address: '192.0.2.1', actor: 'operator' },
    field: 'workflowId',
    type: 'workflow-id-mismatch',
  },
];

async function ends({ workflow, id, input, type }: Case, n: number) {
  return failureOf(
    engine.client.workflow.execute(workflow, {
      // Ids of their own, so that they run side by side: fields are checked before the id is.
      workflowId: type === 'workflow-id-mismatch' ? id : `${id}/${n}`,
      taskQueue: engine.taskQueue,
      args: input === undefined ? [] : [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    }),
  );
}

const byWorkflow = Object.entries(Object.groupBy(cases, ({ workflow }) => workflow));

async function isRefused(one: Case, n: number): Promise<void> {
  const failure = await ends(one, n);
  const seen = { field: failure.field, type: failure.type, input: one.input };
  expect(seen).toEqual({ field: one.field, type: one.type ?? 'invalid-input', input: one.input });
  expect(failure.code).toBe(failure.type);
  expect(failure.message).not.toBe('');
  expect(failure.next).not.toBe('');
  expect(JSON.stringify(failure).length).toBeLessThan(1_500);
  if (failure.type === 'unknown-field') return;
  expect(failure).toMatchObject({ value: expect.any(String), accepted: expect.any(String) });
}

describe('a wrong input fails the workflow at once, typed and readable', () => {
  test.concurrent.each(byWorkflow)('%s', async (_, list = []) => {
    expect(list.length).toBeGreaterThan(0);
    for (let n = 0; n < list.length; n += 10) {
      await Promise.all(list.slice(n, n + 10).map((one, k) => isRefused(one, n + k)));
    }
  });

  test('nothing was written by any of them', async () => {
    expect(await engine.ledger.services.list()).toEqual([]);
    expect(engine.simulator.log.filter(({ purpose }) => purpose === 'create')).toEqual([]);
  });

  test.concurrent.each([
    ['provisionService', 'provision/c-1', { service: { ...service('c-1').service, domain: 'x' } }, 'service.domain'],
    ['addAddress', 'order/c-2', { order: 'c-2', service: 'b-1', family: 'ipv9' }, 'family'],
  ])('the caller of the update gets the same failure from %s', async (workflow, workflowId, input, field) => {
    const startWorkflowOperation = new WithStartWorkflowOperation(workflow, {
      workflowId,
      taskQueue: engine.taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    const failure = await failureOf(
      engine.client.workflow.executeUpdateWithStart(defineUpdate<unknown>('addresses'), {
        startWorkflowOperation,
        updateId: randomUUID(),
      }),
    );
    const run = engine.client.workflow.getHandle(workflowId);
    expect(failure).toEqual(await failureOf(run.result()));
    expect(failure).toMatchObject({ type: 'invalid-input', field });
  });
});
