import { describe, expect, test } from '@jest/globals';
import { keepUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  detailsOf,
  addIntegration,
  addIspManager,
  attributesOf,
  eventually,
  failureOf,
  fault,
  openDesk,
  release,
  remove,
} from './support/desk.ts';

/** What happens to an address, or to its release, between two steps of it. */
const between = new Map<string, () => Promise<unknown>>();
const once = async (step: string): Promise<void> => {
  const happens = between.get(step);
  between.delete(step);
  await happens?.();
};
/** Steps that are not sent to the server while they stand here. */
const away = new Set<string>();
const notSent = { kind: 'not-sent', failure: { code: 'server-away', message: 'it is away', next: 'wait' } } as const;
const engine = await openDesk({
  integration: { fenceMs: 700 },
  wrap: (activities) => ({
    ...activities,
    async unbind(ticket) {
      const answer = await activities.unbind(ticket);
      await once(`unbind ${ticket.ip}`);
      return answer;
    },
    async takeOffService(id, ip, ...more) {
      if (away.has(`takeOffService ${ip}`)) return notSent;
      const answer = await activities.takeOffService(id, ip, ...more);
      await once(`takeOffService ${ip}`);
      return answer;
    },
  }),
});
const { ledger, simulator } = engine;
const pool = (from: number, to: number) => ({
  requestTimeoutMs: 20_000,
  permissions: [{ pool: `203.0.113.${from}-203.0.113.${to}`, groups: ['public'] }],
});
await addIntegration(engine, 'cooled', { coolDownMs: 1_500, fenceMs: 700, ...pool(200, 209) });
await addIntegration(engine, 'fenced', { coolDownMs: 1_500, fenceMs: 6_000, ...pool(210, 219) });

const isLocked = async (ip: string): Promise<boolean> =>
  (await ledger.locks.list()).some(({ key }) => key === `address/${ip}`);

const deletes = (ip: string): number =>
  simulator.log.filter(({ purpose, parameters }) => purpose === 'release' && parameters['elid'] === ip).length;

async function onServer(name: string, id: string) {
  const web = await addIspManager(engine, name, {}, 20_000);
  const { handle } = await orderService(engine, service(id, { server: name }));
  const [address] = (await handle.result()).addresses;
  return { ip: address?.ip ?? '', web };
}

describe('a release with a cool-down', () => {
  test.concurrent('goes on when the answer to its unbinding was lost: said again, it finds it done', async () => {
    const ip = await activeAddress(engine, service('i-1', { server: 'on-cooled' }));
    between.set(`unbind ${ip}`, () => Promise.reject(new Error('the answer is lost')));
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
    expect(between.size).toBe(0);
    expect(await isLocked(ip)).toBe(false);
  });

  test.concurrent('that was terminated after its delete was sent cannot be kept by the next one, which waits for no cool-down', async () => {
    const ip = await activeAddress(engine, service('i-2', { server: 'on-fenced' }));
    // Done there, and nobody hears of it: the run waits out the fence.
    fault(engine, { purpose: 'release', at: ip }, { kind: 'reset-after' });
    const first = await release(engine, ip);
    await eventually(() => expect(deletes(ip)).toBe(1));
    await first.terminate('a person did this');
    const next = await release(engine, ip);
    const kept = await next.executeUpdate(keepUpdate);
    expect(kept).toMatchObject({ address: ip, kept: false, state: 'quarantined', reason: { code: 'too-late' } });
    expect(await next.result()).toEqual({ address: ip, state: 'quarantined' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'quarantined', service: null });
  });
});

describe('an address that is protected while its release runs', () => {
  test.concurrent('stays on its server when that did not answer yet, and the release is refused', async () => {
    const { ip, web } = await onServer('web-3', 'i-3');
    await ledger.settings.servers.edit('web-3', { url: 'http://127.0.0.1:1/ispmgr' });
    const run = await release(engine, ip);
    await eventually(async () =>
      expect(await attributesOf(engine, run.workflowId)).toMatchObject({ IptallyState: 'waiting' }),
    );
    await ledger.addresses.protect(ip, true);
    await ledger.settings.servers.edit('web-3', { url: web.url });
    expect(await failureOf(run.result())).toMatchObject({ type: 'address-protected', value: ip });
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(web.log.map(({ func }) => func)).not.toContain('ipaddr.delete');
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'i-3' });
    expect(await isLocked(ip)).toBe(false);
  });

  test.concurrent('is put back on its server when it was taken off there, and the release is refused', async () => {
    const { ip, web } = await onServer('web-4', 'i-4');
    between.set(`takeOffService ${ip}`, async () => {
      expect(web.world.addresses.has(ip)).toBe(false);
      await ledger.addresses.protect(ip, true);
    });
    expect(await failureOf((await release(engine, ip)).result())).toMatchObject({ type: 'address-protected' });
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'i-4' });
    expect(await isLocked(ip)).toBe(false);
  });
});

/** An address that was reserved by a run which a person ended, and the input to order its service again. */
async function stranded(name: string, id: string) {
  const web = await addIspManager(engine, name, { preset: 'gold' }, 20_000);
  const input = service(id, { server: name });
  const { answer, handle } = await orderService(engine, input);
  await eventually(async () => expect(await ledger.services.find(id)).toMatchObject({ state: 'waiting' }));
  await handle.terminate('a person did this');
  const again = async () => {
    web.world.presets.push('gold');
    return orderService(engine, input);
  };
  return { ip: answer.addresses[0]?.ip ?? '', web, again };
}

describe('a stranded address whose service is ordered again while its release runs', () => {
  test.concurrent('is not taken off its server, and the release is refused', async () => {
    const { ip, web, again } = await stranded('web-5', 'i-5');
    const off = `takeOffService ${ip}`;
    away.add(off);
    const run = await release(engine, ip);
    await eventually(async () =>
      expect(await attributesOf(engine, run.workflowId)).toMatchObject({ IptallyState: 'waiting' }),
    );
    const next = await again();
    expect(next.answer.addresses).toMatchObject([{ ip, state: 'reserved' }]);
    expect((await next.handle.result()).addresses).toMatchObject([{ ip, state: 'active' }]);
    away.delete(off);
    expect(await failureOf(run.result())).toMatchObject({ type: 'address-in-flight', value: ip });
    expect(web.log.map(({ func }) => func)).not.toContain('ipaddr.delete');
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'i-5' });
    expect(simulator.world.addresses.get(ip)).toMatchObject({ state: 'allocated' });
    expect(await isLocked(ip)).toBe(false);
  });

  test.concurrent('is put back when it was taken off there, and the release is refused', async () => {
    const { ip, web, again } = await stranded('web-6', 'i-6');
    between.set(`takeOffService ${ip}`, async () => {
      await (await again()).handle.result();
      web.world.addresses.delete(ip);
    });
    expect(await failureOf((await release(engine, ip)).result())).toMatchObject({ type: 'address-in-flight' });
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'i-6' });
    expect(simulator.world.addresses.get(ip)).toMatchObject({ state: 'allocated' });
    expect(await isLocked(ip)).toBe(false);
  });
});

test('keep says no while a removal runs, which releases the address all the same', async () => {
  const ip = await activeAddress(engine, service('i-7'));
  const off = `takeOffService ${ip}`;
  away.add(off);
  const removal = await remove(engine, 'i-7');
  const id = workflowIds.releaseAddress(ip);
  await eventually(async () => expect(await detailsOf(engine, id)).toContain('Waiting'));
  const kept = engine.client.workflow.getHandle(id).executeUpdate(keepUpdate);
  // Heard, before the server is there again.
  await eventually(async () => expect(await detailsOf(engine, id)).toContain('cannot be kept'));
  away.delete(off);
  expect(await kept).toMatchObject({ address: ip, kept: false, reason: { code: 'service-removed' } });
  expect(await removal.result()).toEqual({ service: 'i-7', released: [ip], kept: [] });
  expect(simulator.world.addresses.get(ip)).toBeUndefined();
});
