import { describe, expect, test } from '@jest/globals';
import { userNameOf } from '../../activities/servers/ispmanager/panel-user.ts';
import { abandonUpdate, retrySetupUpdate, setupFinishedUpdate, workflowIds } from '../../workflows/contract.ts';
import type { ProvisionServiceInput } from '../../workflows/inputs/inputs.ts';
import { orderService, service } from '../support/orders.ts';
import {
  addIspManager,
  attributesOf,
  detailsOf,
  eventsOf,
  eventually,
  failureOf,
  heldFor,
  openDesk,
  sendAgain,
  tagOf,
} from './support/desk.ts';

// Side by side, what some gave back is offered to others again and again while its quarantine runs.
const engine = await openDesk({ integration: { maxAttempts: 40 } });
const { ledger, simulator } = engine;

/** A service whose set-up its server refuses, until the preset it asks for is there. */
async function failing(id: string, more: Partial<ProvisionServiceInput['service']> = {}) {
  const server = `web-${id}`;
  const panel = await addIspManager(engine, server, { preset: 'gold' });
  const input = service(id, { server, ...more });
  const { answer, handle } = await orderService(engine, input);
  await eventually(async () => expect(await ledger.services.find(id)).toMatchObject({ state: 'waiting' }));
  const user = userNameOf({ installation: await ledger.installation(), ...input.service });
  return { answer, handle, input, panel, user, mend: () => panel.world.presets.push('gold') };
}

const ipsOf = (rows: readonly { readonly ip: string }[]) => rows.map(({ ip }) => ip);

describe('the set-up of a service', () => {
  test.concurrent('fails: is tried three times with the same address, then the run waits where everybody can see why', async () => {
    const { answer, panel, user } = await failing('f-1');
    expect(await ledger.services.find('f-1')).toMatchObject({ reason: { code: 'set-up-failed' } });
    const id = workflowIds.provisionService('f-1');
    expect((await detailsOf(engine, id)).match(/set-up failed: /g)).toHaveLength(3);
    await eventually(async () =>
      expect(await attributesOf(engine, id)).toMatchObject({
        IptallyIntegration: 'main',
        IptallyService: 'f-1',
        IptallyAddress: answer.addresses[0]?.ip,
        IptallyState: 'waiting',
        IptallyReason: 'set-up-failed',
      }),
    );
    expect(await detailsOf(engine, id)).toMatch(
      /^### Provision f-1\n\n\*\*Waiting\*\* \(`set-up-failed`\): .*preset.*\n\n- `/s,
    );
    expect(panel.world.users.has(user)).toBe(false);
  });

  test.concurrent('fails: goes on with retrySetup, with the same address and nothing asked of IPmanager', async () => {
    const { answer, handle, mend, panel, user } = await failing('f-2');
    mend();
    expect(await handle.executeUpdate(retrySetupUpdate)).toMatchObject({ service: 'f-2', state: 'provisioning' });
    const result = await handle.result();
    expect(ipsOf(result.addresses)).toEqual(ipsOf(answer.addresses));
    expect(panel.world.addresses.get(answer.addresses[0]?.ip ?? '')).toMatchObject({ role: 'assigned', owner: user });
    expect(simulator.allocations().get(await tagOf(engine, 'f-2/1/ipv4/1'))).toBe(1);
    expect(await ledger.services.find('f-2')).toMatchObject({ state: 'active', reason: null });
  });

  test.concurrent('fails: ends by abandon: the run fails as Abandoned, and nothing stays anywhere', async () => {
    const { answer, handle } = await failing('f-3');
    const standing = await handle.executeUpdate(abandonUpdate);
    expect(standing).toEqual({ service: 'f-3', state: 'removed', addresses: [] });
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(await heldFor(engine, 'f-3/1/ipv4/1')).toEqual([]);
    expect(await ledger.addresses.find(answer.addresses[0]?.ip ?? '')).toMatchObject({ state: 'quarantined' });
    expect(await ledger.services.find('f-3')).toMatchObject({ state: 'removed', generation: 2 });
    expect((await ledger.locks.list()).filter(({ owner }) => owner.workflowId === handle.workflowId)).toEqual([]);
  });

  test.concurrent('fails: takes another server, domain and tariff for the next try, with the same address; its PTR follows', async () => {
    const { answer, handle, input } = await failing('f-4');
    const next = await addIspManager(engine, 'web-f-4-new');
    await engine.addTariff('vps-f-4', 1);
    const changed = service('f-4', {
      ...input.service,
      server: 'web-f-4-new',
      domain: 'moved.example.com',
      tariff: 'vps-f-4',
    });
    await sendAgain(handle, changed);
    const result = await handle.result();
    expect(ipsOf(result.addresses)).toEqual(ipsOf(answer.addresses));
    expect(result.addresses[0]?.ptr).toBe('moved.example.com');
    expect(simulator.world.addresses.get(result.addresses[0]?.ip ?? '')?.domain).toBe('moved.example.com');
    expect([...next.world.users.values()]).toMatchObject([{ domain: 'moved.example.com' }]);
    expect(await ledger.services.find('f-4')).toMatchObject({
      server: 'web-f-4-new',
      tariff: 'vps-f-4',
      state: 'active',
    });
  });

  test.concurrent('fails: follows the domain each time it changes', async () => {
    const { handle, input, mend } = await failing('f-5');
    const moved = (domain: string) => service('f-5', { ...input.service, domain });
    await sendAgain(handle, moved('second.example.com'));
    await eventually(async () => expect(await ledger.services.find('f-5')).toMatchObject({ state: 'waiting' }));
    mend();
    await sendAgain(handle, moved('third.example.com'));
    expect((await handle.result()).addresses[0]?.ptr).toBe('third.example.com');
  });

  test.concurrent('fails: refuses a change of anything else, naming the fields, and goes on waiting', async () => {
    const { handle, input } = await failing('f-6');
    const other = service('f-6', { ...input.service, customer: 'c-9', domain: 'x.example.com' });
    const failure = await failureOf(sendAgain(handle, other));
    expect(failure).toMatchObject({ type: 'order-differs', field: 'domain, customer' });
    const attached = await sendAgain(handle, input);
    expect(attached.outcome).toBe('allocated');
    expect(await ledger.services.find('f-6')).toMatchObject({ state: 'waiting' });
  });

  test.concurrent('fails: tells the caller when the changed order cannot be used', async () => {
    const { handle, input } = await failing('f-7');
    const changed = service('f-7', { ...input.service, server: 'nowhere' });
    const failure = await failureOf(sendAgain(handle, changed));
    expect(failure).toMatchObject({ type: 'no-such-server', value: 'nowhere' });
    await eventually(async () =>
      expect(await ledger.services.find('f-7')).toMatchObject({ state: 'waiting', server: 'web-f-7' }),
    );
  });

  test.concurrent('refuses retrySetup when nothing waits for it', async () => {
    const { handle } = await orderService(engine, service('f-8'));
    expect(await failureOf(handle.executeUpdate(retrySetupUpdate))).toMatchObject({ type: 'nothing-to-retry' });
  });

  test.concurrent('unclear: is looked for before it is repeated: one user, one address', async () => {
    const panel = await addIspManager(engine, 'web-u-1');
    panel.faults.hook = once('user.add.finish', 'reset-after');
    const { handle } = await orderService(engine, service('u-1', { server: 'web-u-1' }));
    expect((await handle.result()).addresses[0]?.state).toBe('active');
    expect(panel.log.filter(({ purpose }) => purpose === 'create')).toHaveLength(1);
  });

  test.concurrent('unclear: is taken off the old server before another one gets the addresses', async () => {
    const panel = await addIspManager(engine, 'web-u-2');
    const next = await addIspManager(engine, 'web-u-2-new');
    // The user is made each time, and the server never says so; the address is refused there.
    panel.faults.hook = ({ func }) => (func === 'ipaddr.edit' ? { kind: 'reset-before' } : undefined);
    const { handle } = await orderService(engine, service('u-2', { server: 'web-u-2' }));
    await eventually(async () => expect(await ledger.services.find('u-2')).toMatchObject({ state: 'waiting' }), 30_000);
    expect(panel.world.users.size).toBe(1);
    panel.faults.hook = undefined;
    await sendAgain(handle, service('u-2', { server: 'web-u-2-new' }));
    await handle.result();
    expect(panel.world.users.size).toBe(0);
    expect(next.world.users.size).toBe(1);
  });

  test.concurrent('unclear and abandoned: the server is asked first, the address goes back when it is off there', async () => {
    const panel = await addIspManager(engine, 'web-u-3');
    panel.faults.hook = ({ func }) => (func === 'ipaddr.edit' ? { kind: 'reset-after' } : undefined);
    const { answer, handle } = await orderService(engine, service('u-3', { server: 'web-u-3' }));
    await eventually(() => expect(panel.world.addresses.has(answer.addresses[0]?.ip ?? '')).toBe(true));
    panel.faults.hook = ({ func }) => (func === 'user.delete' ? { kind: 'reset-before' } : undefined);
    const standing = await handle.executeUpdate(abandonUpdate);
    expect(standing.reason?.message).toContain('looking again when the fence is over');
    await eventually(async () =>
      expect(await detailsOf(engine, handle.workflowId)).toMatch(/\*\*Waiting\*\*.*take u-3 off its server/),
    );
    expect(await heldFor(engine, 'u-3/1/ipv4/1')).toHaveLength(1);
    panel.faults.hook = undefined;
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(panel.world.users.size).toBe(0);
    expect(await heldFor(engine, 'u-3/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('stays within 40 events on a server that sets up itself', async () => {
    await addIspManager(engine, 'web-w-1', {}, 5_000);
    const { handle } = await orderService(engine, service('w-1', { server: 'web-w-1' }));
    await handle.result();
    const events = await eventsOf(engine, handle.workflowId);
    expect(events.length).toBeLessThanOrEqual(40);
    expect(
      events.filter(({ upsertWorkflowSearchAttributesEventAttributes: upsert }) => upsert).length,
    ).toBeLessThanOrEqual(3);
  });

  test.concurrent('waits with its reason when an address was lost meanwhile, never with another address', async () => {
    const { answer, handle } = await orderService(engine, service('w-2'));
    const ip = answer.addresses[0]?.ip ?? '';
    const row = simulator.world.addresses.get(ip);
    const note = row?.note ?? '';
    Object.assign(row ?? {}, { note: 'somebody cleared it' });
    const done = handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    await eventually(async () =>
      expect(await ledger.services.find('w-2')).toMatchObject({ state: 'waiting', reason: { code: 'address-lost' } }),
    );
    await eventually(async () =>
      expect(await attributesOf(engine, handle.workflowId)).toMatchObject({ IptallyReason: 'address-lost' }),
    );
    expect(await failureOf(handle.executeUpdate(abandonUpdate))).toMatchObject({ type: 'set-up-finished' });
    Object.assign(row ?? {}, { note });
    await handle.executeUpdate(retrySetupUpdate);
    expect(await done).toMatchObject({ state: 'active', addresses: [{ ip, state: 'active' }] });
  });
});

function once(func: string, kind: 'reset-after'): NonNullable<typeof simulator.faults.hook> {
  let left = 1;
  return (request) => (request.func === func && left-- > 0 ? { kind } : undefined);
}
