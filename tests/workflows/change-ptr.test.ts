import { describe, expect, test } from '@jest/globals';
import { ptrChangedUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  eventually,
  failureOf,
  fault,
  openDesk,
  release,
  repoint,
  tagOf,
  whileElse,
} from './support/desk.ts';

const engine = await openDesk({ integration: { fenceMs: 900 } });
const { ledger, simulator } = engine;
const { world } = simulator;

const locked = async (ip: string) => (await ledger.locks.list()).some(({ key }) => key === `address/${ip}`);

describe('changePtr', () => {
  test.concurrent('writes the name, reads it back, keeps the note, and answers what it was before', async () => {
    const ip = await activeAddress(engine, service('t-1'));
    const row = world.addresses.get(ip);
    Object.assign(row ?? {}, { note: `${row?.note ?? ''} rack 7, Anna` });
    const result = await (await repoint(engine, ip, 'Mail.T-1.Example.COM.')).result();
    expect(result).toEqual({ address: ip, ptr: 'mail.t-1.example.com', before: 't-1.example.com' });
    expect(world.addresses.get(ip)).toMatchObject({
      domain: 'mail.t-1.example.com',
      note: `${await tagOf(engine, 't-1/1/ipv4/1')} rack 7, Anna`,
    });
    expect(await ledger.addresses.find(ip)).toMatchObject({
      ptr: 'mail.t-1.example.com',
      ptrSeen: 'mail.t-1.example.com',
    });
    expect(await locked(ip)).toBe(false);
  });

  test.concurrent('lets a customer change addresses of their own services, and only those', async () => {
    const ip = await activeAddress(engine, service('t-2', { customer: 'anna' }));
    expect(await (await repoint(engine, ip, 'a.example.com', 'customer:anna')).result()).toMatchObject({
      ptr: 'a.example.com',
    });
    const failure = await failureOf((await repoint(engine, ip, 'b.example.com', 'customer:berta')).result());
    expect(failure).toMatchObject({ type: 'not-yours', field: 'actor', value: 'customer:berta' });
    expect(world.addresses.get(ip)?.domain).toBe('a.example.com');
    const nobodys = await activeAddress(engine, service('t-2-b', { customer: null }));
    expect((await failureOf((await repoint(engine, nobodys, 'c.example.com', 'customer:anna')).result())).type).toBe(
      'not-yours',
    );
  });

  test.concurrent('while one runs, the same name attaches and another is refused', async () => {
    const ip = await activeAddress(engine, service('t-3'));
    fault(engine, { purpose: 'write', at: ip }, whileElse);
    const run = await repoint(engine, ip, 'one.example.com');
    const same = run.executeUpdate<unknown, [unknown]>('ptrChanged', {
      args: [{ address: ip, ptr: 'ONE.example.com', actor: 'operator' }],
    });
    const other = await failureOf(
      run.executeUpdate<unknown, [unknown]>('ptrChanged', {
        args: [{ address: ip, ptr: 'two.example.com', actor: 'operator' }],
      }),
    );
    expect(other).toMatchObject({ type: 'ptr-change-running', field: 'ptr', value: 'one.example.com' });
    const stranger = await failureOf(
      run.executeUpdate<unknown, [unknown]>('ptrChanged', {
        args: [{ address: ip, ptr: 'one.example.com', actor: 'customer:anna' }],
      }),
    );
    expect(stranger).toMatchObject({ type: 'ptr-change-running', field: 'actor', value: 'operator' });
    expect(stranger.message).toBe(`the PTR of ${ip} is being changed to one.example.com by operator`);
    expect(await same).toEqual(await run.result());
    expect(
      simulator.log.filter(
        ({ purpose, parameters }) => purpose === 'write' && parameters['domain'] === 'one.example.com.',
      ),
    ).toHaveLength(1);
  });

  test.concurrent('without an answer it keeps the lock until the fence is over, then reads and ends', async () => {
    const ip = await activeAddress(engine, service('t-4'));
    fault(engine, { purpose: 'write', at: ip }, { kind: 'reset-after' });
    const begun = Date.now();
    const run = await repoint(engine, ip, 'late.example.com');
    await eventually(() => expect(world.addresses.get(ip)?.domain).toBe('late.example.com'));
    expect(await locked(ip)).toBe(true);
    expect(await run.result()).toMatchObject({ ptr: 'late.example.com' });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(900);
    expect(await locked(ip)).toBe(false);
  });

  test.concurrent('without an answer and without effect it is written again after the fence', async () => {
    const ip = await activeAddress(engine, service('t-5'));
    fault(engine, { purpose: 'write', at: ip }, { kind: 'status-before', status: 500 });
    await (await repoint(engine, ip, 'again.example.com')).result();
    expect(world.addresses.get(ip)?.domain).toBe('again.example.com');
  });

  test.concurrent('a clear refusal brings the name that was wanted before back', async () => {
    const ip = await activeAddress(engine, service('t-6'));
    world.addresses.delete(ip);
    const failure = await failureOf((await repoint(engine, ip, 'x.example.com')).result());
    expect(failure.type).toBe('address-gone');
    expect(await ledger.addresses.find(ip)).toMatchObject({ ptr: 't-6.example.com' });
    expect(await locked(ip)).toBe(false);
  });

  test.concurrent('an address with the tag of another owner is not written to', async () => {
    const ip = await activeAddress(engine, service('t-7'));
    Object.assign(world.addresses.get(ip) ?? {}, { note: 'iptally:aaaaaaaaaaaa:bbbbbbbbbbbbbbbb' });
    expect((await failureOf((await repoint(engine, ip, 'x.example.com')).result())).type).toBe('address-not-ours');
    expect(world.addresses.get(ip)?.domain).toBe('t-7.example.com');
  });

  test.concurrent('an address on no service is refused', async () => {
    expect((await failureOf((await repoint(engine, '192.0.2.1', 'x.example.com')).result())).type).toBe(
      'address-not-held',
    );
    const ip = await activeAddress(engine, service('t-8'));
    await (await release(engine, ip)).result();
    expect((await failureOf((await repoint(engine, ip, 'x.example.com')).result())).type).toBe('address-not-held');
  });

  test.concurrent('an address in conflict is refused until the conflict is resolved', async () => {
    const ip = await activeAddress(engine, service('t-9-holder'));
    fault(engine, { purpose: 'create', at: await tagOf(engine, 't-9/1/ipv4/1') }, { kind: 'busy-address', ip });
    await orderService(engine, service('t-9'));
    expect((await failureOf((await repoint(engine, ip, 'x.example.com')).result())).type).toBe('address-in-conflict');
    expect(world.addresses.get(ip)?.domain).toBe('dns.set.error');
  });

  test.concurrent('the update answers like the run', async () => {
    const ip = await activeAddress(engine, service('t-10'));
    fault(engine, { purpose: 'write', at: ip }, whileElse);
    const run = await repoint(engine, ip, 'u.example.com');
    const handle = engine.client.workflow.getHandle(workflowIds.changePtr(ip));
    const answered = await handle.executeUpdate(ptrChangedUpdate.name);
    expect(answered).toEqual(await run.result());
  });
});
