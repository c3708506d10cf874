import { describe, expect, test } from '@jest/globals';
import { addressesUpdate, setupFinishedUpdate, workflowIds, type AllocationResult } from '../../workflows/contract.ts';
import { orderService, service, startOperation } from '../support/orders.ts';
import {
  activeService,
  addIntegration,
  eventsOf,
  failureOf,
  heldFor,
  openDesk,
  remove,
  tagOf,
} from './support/desk.ts';

const engine = await openDesk();
const { simulator, ledger } = engine;

describe('provisionService', () => {
  test.concurrent('addresses answers with the reserved address and its PTR before the service is set up', async () => {
    const { answer, handle } = await orderService(engine, service('s-1'));
    expect(answer.outcome).toBe('allocated');
    expect(answer.addresses).toHaveLength(1);
    const [address] = answer.addresses;
    expect(address).toMatchObject({ state: 'reserved', service: 's-1', group: 'public', ptr: 's-1.example.com' });
    expect(address?.tag).toBe(await tagOf(engine, 's-1/1/ipv4/1'));
    expect(simulator.world.addresses.get(address?.ip ?? '')).toMatchObject({ domain: 's-1.example.com' });
    const standing = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }], updateId: 'report-1' });
    expect(standing).toMatchObject({ service: 's-1', state: 'active', addresses: [{ state: 'active' }] });
    const result: AllocationResult = await handle.result();
    expect(result.addresses[0]?.state).toBe('active');
  });

  test.concurrent('a second start for a service that is complete answers the same addresses and asks the panel for none', async () => {
    const first = await activeService(engine, service('s-2'));
    const again = await orderService(engine, service('s-2'));
    expect(again.answer.addresses.map(({ ip }) => ip)).toEqual(first.map(({ ip }) => ip));
    expect(again.answer.addresses[0]?.state).toBe('active');
    await again.handle.result();
    expect(simulator.allocations().get(await tagOf(engine, 's-2/1/ipv4/1'))).toBe(1);
  });

  test.concurrent('each address of the tariff is its own order, both families side by side', async () => {
    const { answer } = await orderService(engine, service('s-3', { tariff: 'vps-4' }));
    expect(new Set(answer.addresses.map(({ order }) => order))).toEqual(
      new Set(['s-3/1/ipv4/1', 's-3/1/ipv4/2', 's-3/1/ipv6/1', 's-3/1/ipv6/2']),
    );
    expect(new Set(answer.addresses.map(({ ip }) => ip)).size).toBe(4);
    for (const { ip } of answer.addresses) expect(simulator.world.addresses.get(ip)?.domain).toBe('s-3.example.com');
  });

  test.concurrent('orders as the caller lists them keep their ids and their own PTRs', async () => {
    const input = {
      ...service('s-4', { tariff: 'vps-2' }),
      addresses: [
        { order: 'billing-77', family: 'ipv4' as const, ptr: 'Mail.Example.COM.' },
        { order: 'billing-78', family: 'ipv6' as const },
      ],
    };
    const { answer } = await orderService(engine, input);
    expect(Object.fromEntries(answer.addresses.map(({ order, ptr }) => [order, ptr]))).toEqual({
      'billing-77': 'mail.example.com',
      'billing-78': 's-4.example.com',
    });
  });

  test.concurrent('shared hosting is given addresses of group alias, everything else of group public', async () => {
    const { answer } = await orderService(engine, service('s-5', { kind: 'hosting' }));
    expect(answer.addresses[0]).toMatchObject({ group: 'alias', state: 'reserved' });
    expect(answer.addresses[0]?.ip).toMatch(/^198\.51\.100\./);
  });

  test.concurrent('all or nothing: one refusal ends all, with every reason, and what was reserved goes back', async () => {
    const id = 's-6';
    const pool = '203.0.113.251-203.0.113.252';
    await addIntegration(engine, 'narrow', { permissions: [{ pool, groups: ['public'] }] });
    const failure = await failureOf(orderService(engine, service(id, { tariff: 'vps-4', server: 'on-narrow' })));
    expect(failure.type).toBe(failure.code);
    expect(failure).toMatchObject({ code: 'no-free-address' });
    await expect(engine.client.workflow.getHandle(workflowIds.provisionService(id)).result()).rejects.toThrow(
      'Workflow execution failed',
    );
    expect(await heldFor(engine, ...[1, 2].flatMap((n) => [`${id}/1/ipv4/${n}`, `${id}/1/ipv6/${n}`]))).toEqual([]);
    expect(await ledger.services.find(id)).toMatchObject({ state: 'removed', generation: 2 });
    expect([...simulator.world.addresses.values()].filter(({ owner }) => owner === 'narrow')).toEqual([]);
    expect(await ledger.addresses.list({ service: id })).toEqual([]);
  });

  test.concurrent('an order that asks for more than its tariff is refused by name, and the service does not stay half begun', async () => {
    const addresses = ['a', 'b'].map((n) => ({ order: `s-7-${n}`, family: 'ipv4' as const }));
    const failure = await failureOf(orderService(engine, { ...service('s-7'), addresses }));
    expect(failure).toMatchObject({ type: 'tariff-exceeded', field: 'addresses', accepted: 'at most 1 of ipv4' });
    expect(await ledger.services.find('s-7')).toMatchObject({ state: 'removed' });
  });

  test.concurrent.each([
    ['server', { server: 'nowhere' }, 'no-such-server'],
    ['tariff', { tariff: 'nothing' }, 'no-such-tariff'],
  ])('an unknown %s is refused by name, and nothing is written', async (field, more, type) => {
    const failure = await failureOf(orderService(engine, service(`s-8-${field}`, more)));
    expect(failure).toMatchObject({ type, field, value: Object.values(more)[0] });
    expect(await ledger.services.find(`s-8-${field}`)).toBeUndefined();
  });

  test.concurrent('a service removed and ordered again begins a new life: a new order, a new address', async () => {
    const [before] = await activeService(engine, service('s-9'));
    await (await remove(engine, 's-9')).result();
    const { answer } = await orderService(engine, service('s-9', { customer: 'c-other' }));
    expect(answer.addresses[0]?.order).toBe('s-9/2/ipv4/1');
    expect(answer.addresses[0]?.ip).not.toBe(before?.ip);
  });

  test.concurrent('a new order after a terminated run takes the same reserved address', async () => {
    const first = await orderService(engine, service('s-10', { tariff: 'vps-2' }));
    await first.handle.terminate('a person did this');
    const again = await orderService(engine, service('s-10', { tariff: 'vps-2' }));
    expect(again.answer.addresses.map(({ ip }) => ip)).toEqual(first.answer.addresses.map(({ ip }) => ip));
    expect(simulator.allocations().get(await tagOf(engine, 's-10/1/ipv4/1'))).toBe(1);
    const standing = await again.handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    expect(standing.state).toBe('active');
  });

  test.concurrent('a new order under other ids after a terminated run moves the reserved address to itself', async () => {
    const asked = (order: string) => ({ ...service('s-11'), addresses: [{ order, family: 'ipv4' as const }] });
    const first = await orderService(engine, asked('s-11-first'));
    await first.handle.terminate('a person did this');
    const again = await orderService(engine, asked('s-11-second'));
    expect(again.answer.addresses[0]).toMatchObject({ ip: first.answer.addresses[0]?.ip, order: 's-11-second' });
    const late = await failureOf(orderService(engine, asked('s-11-first')));
    expect(late.type).toBe('order-differs');
  });

  test.concurrent('the same order sent again attaches to the running one; one update id is answered once', async () => {
    const input = service('s-12');
    const [one, two] = await Promise.all([orderService(engine, input), orderService(engine, input)]);
    expect(one.answer).toEqual(two.answer);
    const again = await orderService(engine, input, 'attempt-1');
    const repeated = await orderService(engine, input, 'attempt-1');
    expect(repeated.answer).toEqual(again.answer);
    expect(one.handle.workflowId).toBe(two.handle.workflowId);
    const attached = await engine.client.workflow
      .getHandle(workflowIds.provisionService('s-12'))
      .executeUpdate('addresses');
    expect(attached).toEqual(one.answer);
  });

  test.concurrent('a fresh update id never gets the answer of an earlier life', async () => {
    const addresses = [
      { order: 's-13-x', family: 'ipv4' as const },
      { order: 's-13-y', family: 'ipv4' as const },
    ];
    const refused = await failureOf(orderService(engine, { ...service('s-13'), addresses }, 'attempt-1'));
    expect(refused.type).toBe('tariff-exceeded');
    const { answer } = await orderService(engine, service('s-13'));
    expect(answer.outcome).toBe('allocated');
  });

  test.concurrent('an order with another field than the running one is refused order-differs, naming the fields', async () => {
    await orderService(engine, service('s-14'));
    const operation = startOperation(engine, service('s-14'));
    const failure = await failureOf(
      engine.client.workflow.executeUpdateWithStart(addressesUpdate, {
        startWorkflowOperation: operation,
        args: [service('s-14', { kind: 'dedicated', domain: 'other.example.com', customer: null })],
      }),
    );
    expect(failure).toMatchObject({ type: 'order-differs', field: 'kind, domain, customer' });
  });

  test.concurrent('a complete service ordered with other parameters is refused order-differs and stays as it is', async () => {
    await activeService(engine, service('s-15'));
    const failure = await failureOf(orderService(engine, service('s-15', { domain: 'new.example.com' })));
    expect(failure).toMatchObject({ type: 'order-differs', field: 'domain' });
    expect(await ledger.services.find('s-15')).toMatchObject({ state: 'active', domain: 's-15.example.com' });
  });

  test.concurrent('the straight path for module external stays within 45 events', async () => {
    await activeService(engine, service('s-16'));
    expect((await eventsOf(engine, workflowIds.provisionService('s-16'))).length).toBeLessThanOrEqual(45);
  });
});
