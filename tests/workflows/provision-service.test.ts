import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addressesUpdate, setupFinishedUpdate, type AllocationResult } from '../../workflows/contract.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
  await engine.addTariff('vps-2', 1, 1);
});
afterAll(() => engine?.close());

describe('provisionService', () => {
  test('addresses answers with the reserved address and its PTR before the service is set up', async () => {
    const { answer, handle } = await orderService(engine, service('s-1'));
    expect(answer.outcome).toBe('allocated');
    expect(answer.addresses).toHaveLength(1);
    const [address] = answer.addresses;
    expect(address).toMatchObject({ state: 'reserved', service: 's-1', group: 'public', ptr: 's-1.example.com' });
    expect(engine.simulator.world.addresses.get(address?.ip ?? '')).toMatchObject({ domain: 's-1.example.com' });
    const standing = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }], updateId: 'report-1' });
    expect(standing).toMatchObject({ service: 's-1', state: 'active' });
    const result: AllocationResult = await handle.result();
    expect(result.addresses[0]?.state).toBe('active');
    const history = await handle.fetchHistory();
    console.log(history.events?.map((e) => `${e.eventId} ${e.eventType} ${Object.keys(e).filter((k) => k.endsWith('Attributes') && (e as any)[k]).join()}`).join('\n'));
    expect(history.events?.length).toBeLessThanOrEqual(45);
  });

  test('a second start for a service that is complete answers the same addresses and asks the panel for none', async () => {
    const first = await orderService(engine, service('s-2'));
    await first.handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    await first.handle.result();
    const before = engine.simulator.log.length;
    const again = await orderService(engine, service('s-2'));
    expect(again.answer.addresses.map(({ ip }) => ip)).toEqual(first.answer.addresses.map(({ ip }) => ip));
    expect(engine.simulator.log.slice(before).filter(({ purpose }) => purpose === 'create')).toHaveLength(0);
  });
});
