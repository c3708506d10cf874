import { describe, expect, test } from '@jest/globals';
import { keepUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  activeService,
  add,
  addIntegration,
  addIspManager,
  attributesOf,
  eventually,
  failureOf,
  fault,
  heldFor,
  openDesk,
  release,
  releasing,
  remove,
  tagOf,
} from './support/desk.ts';

const slow = new Set<string>();
const notes: [id: string, code: string][] = [];
const engine = await openDesk({
  integration: { fenceMs: 700, maxAttempts: 40 },
  wrap: (activities) => ({
    ...activities,
    async noteRemoval(id, reason, run) {
      notes.push([id, reason.code]);
      return activities.noteRemoval(id, reason, run);
    },
    // A server that takes its time until a removal has come in between.
    async addToService(id, ip, ptr) {
      if (slow.has(id)) {
        await eventually(async () => {
          if ((await ledger.services.find(id))?.state !== 'removing') throw new Error('not yet');
        });
      }
      return activities.addToService(id, ip, ptr);
    },
  }),
});
const { ledger, simulator } = engine;
await addIntegration(engine, 'slow', {
  // Long enough for something to happen in it, also on a busy machine.
  coolDownMs: 12_000,
  fenceMs: 700,
  permissions: [{ pool: '203.0.113.200-203.0.113.240', groups: ['public'] }],
});

await engine.addTariff('none', 0);

describe('removeService', () => {
  test.concurrent('releases every address, takes the service off its server last, and ends its life', async () => {
    const web = await addIspManager(engine, 'web-1');
    const { answer, handle } = await orderService(engine, service('d-1', { server: 'web-1', tariff: 'vps-4' }));
    await handle.result();
    expect(web.world.users.size).toBe(1);
    const result = await (await remove(engine, 'd-1')).result();
    const ips = answer.addresses.map(({ ip }) => ip);
    expect(result).toEqual({ service: 'd-1', released: ips.toSorted(), kept: [] });
    expect(web.world.users.size).toBe(0);
    expect(await heldFor(engine, ...answer.addresses.map(({ order }) => order ?? ''))).toEqual([]);
    expect(await ledger.services.find('d-1')).toMatchObject({ state: 'removed', generation: 2 });
    const order = web.log.map(({ func }) => func);
    expect(order.lastIndexOf('ipaddr.delete')).toBeLessThan(order.indexOf('user.delete'));
  });

  test.concurrent('said twice is harmless', async () => {
    await activeAddress(engine, service('d-2'));
    await (await remove(engine, 'd-2')).result();
    expect(await (await remove(engine, 'd-2')).result()).toEqual({ service: 'd-2', released: [], kept: [] });
    expect(await ledger.services.find('d-2')).toMatchObject({ generation: 2 });
  });

  test.concurrent('of a service that never was is refused', async () => {
    expect(await failureOf((await remove(engine, 'd-3')).result())).toMatchObject({
      type: 'no-such-service',
      value: 'd-3',
    });
  });

  test.concurrent('abandons a set-up that waits, and awaits its end', async () => {
    const { handle } = await orderService(engine, service('d-4'));
    expect(await (await remove(engine, 'd-4')).result()).toMatchObject({ service: 'd-4', kept: [] });
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(await heldFor(engine, 'd-4/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('abandons an allocation on its way: what it was given goes back', async () => {
    const at = await tagOf(engine, 'd-5/1/ipv4/1');
    fault(engine, { purpose: 'create', at }, { kind: 'delay', ms: 500 });
    const answer = failureOf(orderService(engine, service('d-5')));
    await eventually(() => expect(simulator.log.some(({ parameters }) => parameters['note'] === at)).toBe(true));
    await (await remove(engine, 'd-5')).result();
    expect(['abandoned', 'service-removing']).toContain((await answer).type);
    expect(await heldFor(engine, 'd-5/1/ipv4/1')).toEqual([]);
    expect(await ledger.services.find('d-5')).toMatchObject({ state: 'removed' });
  });

  test.concurrent('awaits an address that is being added, which goes back by itself', async () => {
    await activeAddress(engine, service('d-6'));
    slow.add('d-6');
    const { handle } = await add(engine, { order: 'd-6-more', service: 'd-6', family: 'ipv4' });
    const result = await (await remove(engine, 'd-6')).result();
    expect(result.released.length).toBeGreaterThanOrEqual(1);
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(await heldFor(engine, 'd-6/1/ipv4/1', 'd-6-more')).toEqual([]);
    expect(await ledger.services.find('d-6')).toMatchObject({ state: 'removed' });
  });

  test.concurrent('refuses new orders from the moment it begins', async () => {
    const ip = await activeAddress(engine, service('d-7'));
    await ledger.addresses.protect(ip, true);
    const run = await remove(engine, 'd-7');
    await eventually(async () => expect(await ledger.services.find('d-7')).toMatchObject({ state: 'removing' }));
    // Refused by the ledger, or stopped by the removal if that looks for running orders just then.
    const refusals = ['service-removing', 'abandoned', 'Abandoned'];
    expect(refusals).toContain((await failureOf(orderService(engine, service('d-7')))).type);
    expect(refusals).toContain((await failureOf(add(engine, { order: 'd-7-x', service: 'd-7', family: 'ipv4' }))).type);
    expect((await ledger.addresses.list({ service: 'd-7' })).map((address) => address.ip)).toEqual([ip]);
    await ledger.addresses.protect(ip, false);
    await run.result();
  });

  test.concurrent('one protected address keeps it waiting, named in its reason, and does not stop the others', async () => {
    const rows = await activeService(engine, service('d-8', { tariff: 'vps-2' }));
    const [kept, gone] = rows.map(({ ip }) => ip);
    if (kept === undefined || gone === undefined) throw new Error('two addresses');
    await ledger.addresses.protect(kept, true);
    const run = await remove(engine, 'd-8');
    await eventually(async () => expect(await ledger.addresses.find(gone)).toMatchObject({ state: 'quarantined' }));
    await eventually(async () =>
      expect(await attributesOf(engine, run.workflowId)).toMatchObject({
        IptallyService: 'd-8',
        IptallyState: 'waiting',
        IptallyReason: 'address-protected',
      }),
    );
    await eventually(async () =>
      expect(await ledger.services.find('d-8')).toMatchObject({
        state: 'removing',
        reason: { code: 'address-protected', message: `${kept} is protected and is never released` },
      }),
    );
    await ledger.addresses.protect(kept, false);
    expect(await run.result()).toMatchObject({ released: [kept, gone].toSorted() });
    expect(notes.filter(([id]) => id === 'd-8')).toEqual([
      ['d-8', 'address-protected'],
      ['d-8', 'removing'],
    ]);
  });

  test.concurrent('a server that is not reached is the reason its service shows', async () => {
    const web = await addIspManager(engine, 'web-11');
    const { answer, handle } = await orderService(engine, service('d-11', { server: 'web-11', tariff: 'none' }));
    await handle.result();
    expect(answer.outcome).toBe('not-allocated');
    await ledger.settings.servers.edit('web-11', { url: 'http://127.0.0.1:1/ispmgr' });
    const run = await remove(engine, 'd-11');
    await eventually(async () => {
      const { state, reason } = (await ledger.services.find('d-11')) ?? {};
      expect([state, reason?.message]).toEqual(['removing', expect.stringContaining('remove d-11 from web-11: ')]);
    });
    await ledger.settings.servers.edit('web-11', { url: web.url });
    await run.result();
    expect(await ledger.services.find('d-11')).toMatchObject({ state: 'removed', reason: null });
  });

  test.concurrent('joins a release that runs already', async () => {
    const ip = await activeAddress(engine, service('d-9', { server: 'on-slow' }));
    const running = await release(engine, ip);
    await releasing(engine, ip);
    await (await remove(engine, 'd-9')).result();
    expect(await running.result()).toEqual({ address: ip, state: 'quarantined' });
    expect(
      simulator.log.filter(({ purpose, parameters }) => purpose === 'release' && parameters['elid'] === ip),
    ).toHaveLength(1);
  });

  test.concurrent('keep during the cool-down of a removed service changes nothing and says so', async () => {
    const ip = await activeAddress(engine, service('d-10', { server: 'on-slow' }));
    const run = await remove(engine, 'd-10');
    await releasing(engine, ip);
    const asked = await engine.client.workflow.getHandle(workflowIds.releaseAddress(ip)).executeUpdate(keepUpdate);
    expect(asked).toMatchObject({ kept: false, reason: { code: 'service-removed' } });
    expect(await run.result()).toMatchObject({ released: [ip] });
  });
});
