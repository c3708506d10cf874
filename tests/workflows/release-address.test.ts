import { describe, expect, test } from '@jest/globals';
import { keepUpdate, workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  addIntegration,
  addIspManager,
  attributesOf,
  detailsOf,
  eventsOf,
  eventually,
  failureOf,
  fault,
  heldFor,
  openDesk,
  release,
  releasing,
  tagOf,
  whileElse,
} from './support/desk.ts';

const engine = await openDesk({ integration: { fenceMs: 700, maxAttempts: 40 } });
const { ledger, simulator } = engine;
const { world } = simulator;
const cooled = (coolDownMs: number, pool: string) => ({
  coolDownMs,
  fenceMs: 700,
  permissions: [{ pool, groups: ['public'] }],
});
await addIntegration(engine, 'slow', cooled(600_000, '203.0.113.200-203.0.113.219'));
await addIntegration(engine, 'soon', cooled(1_500, '203.0.113.220-203.0.113.240'));

describe('releaseAddress', () => {
  test.concurrent('takes the address off its server, gives it back and keeps it from others: quarantined', async () => {
    const web = await addIspManager(engine, 'web-1');
    const { answer, handle } = await orderService(engine, service('r-1', { server: 'web-1' }));
    await handle.result();
    const ip = answer.addresses[0]?.ip ?? '';
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
    expect(web.world.addresses.has(ip)).toBe(false);
    expect(await heldFor(engine, 'r-1/1/ipv4/1')).toEqual([]);
    expect(await ledger.addresses.find(ip)).toMatchObject({
      state: 'quarantined',
      service: null,
      formerService: 'r-1',
    });
    expect(await ledger.services.find('r-1')).toMatchObject({ state: 'active' });
    expect((await ledger.locks.list()).filter(({ key }) => key === `address/${ip}`)).toEqual([]);
  });

  test.concurrent('said again is harmless and answers the state', async () => {
    const ip = await activeAddress(engine, service('r-2'));
    await (await release(engine, ip)).result();
    const before = simulator.log.length;
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
    expect(simulator.log.slice(before).filter(({ parameters }) => parameters['elid'] === ip)).toEqual([]);
  });

  test.concurrent('waits out the cool-down, in which keep brings it back to its service and its server', async () => {
    const web = await addIspManager(engine, 'web-3');
    await ledger.settings.servers.edit('web-3', { integration: 'slow' });
    const { answer, handle } = await orderService(engine, service('r-3', { server: 'web-3' }));
    await handle.result();
    const ip = answer.addresses[0]?.ip ?? '';
    const run = await release(engine, ip);
    await releasing(engine, ip);
    expect(web.world.addresses.has(ip)).toBe(false);
    expect(await run.executeUpdate(keepUpdate)).toEqual({ address: ip, kept: true, state: 'active' });
    expect(await run.result()).toEqual({ address: ip, state: 'active' });
    expect(web.world.addresses.has(ip)).toBe(true);
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'r-3' });
    expect(await heldFor(engine, 'r-3/1/ipv4/1')).toEqual([ip]);
  });

  test.concurrent('a cancel before the delete means keep', async () => {
    const ip = await activeAddress(engine, service('r-4', { server: 'on-slow' }));
    const run = await release(engine, ip);
    await releasing(engine, ip);
    await run.cancel();
    expect(await run.result()).toEqual({ address: ip, state: 'active' });
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'r-4' });
  });

  test.concurrent('finishes after the cool-down', async () => {
    const ip = await activeAddress(engine, service('r-5', { server: 'on-soon' }));
    const before = Date.now();
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_500);
  });

  test.concurrent('keep after the delete began changes nothing and says so', async () => {
    const ip = await activeAddress(engine, service('r-6'));
    fault(engine, { purpose: 'release', at: ip }, whileElse);
    const run = await release(engine, ip);
    await eventually(() =>
      expect(simulator.log.some(({ purpose, parameters }) => purpose === 'release' && parameters['elid'] === ip)).toBe(
        true,
      ),
    );
    const late = await run.executeUpdate(keepUpdate);
    expect(late).toMatchObject({ address: ip, kept: false, state: 'quarantined', reason: { code: 'too-late' } });
    expect(await heldFor(engine, 'r-6/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('what stays unclear waits visibly, in the words of the panel, until it is clear (I6)', async () => {
    const ip = await activeAddress(engine, service('r-unclear'));
    const lost = { kind: 'reset-before' } as const;
    fault(engine, { purpose: 'release', at: ip }, lost, lost, lost);
    const run = await release(engine, ip);
    expect(await run.result()).toMatchObject({ state: 'quarantined' });
    const reasons = (await eventsOf(engine, run.workflowId)).flatMap((event) => {
      const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
      const reason = fields?.['IptallyReason']?.data;
      return reason == null ? [] : [JSON.parse(Buffer.from(reason).toString()) as string | null];
    });
    // The first lost answer is waited out quietly; from the second on the run says what it waits for.
    expect(reasons.filter((reason) => reason !== null)).toEqual(['panel-answer-cut']);
    expect(await detailsOf(engine, run.workflowId)).toContain('when the fence is over (');
  });

  test.concurrent('a delete without an answer waits one fence and reads again', async () => {
    const ip = await activeAddress(engine, service('r-7'));
    fault(engine, { purpose: 'release', at: ip }, { kind: 'reset-after' });
    const before = Date.now();
    expect(await (await release(engine, ip)).result()).toMatchObject({ state: 'quarantined' });
    expect(Date.now() - before).toBeGreaterThanOrEqual(700);
  });

  test.concurrent('a delete that did not happen is sent again after the fence', async () => {
    const ip = await activeAddress(engine, service('r-8'));
    fault(engine, { purpose: 'release', at: ip }, { kind: 'status-before', status: 502 });
    await (await release(engine, ip)).result();
    expect(await heldFor(engine, 'r-8/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('an address that a person gave back at the panel is quarantined here all the same', async () => {
    const ip = await activeAddress(engine, service('r-9'));
    const seen = simulator.log.length;
    world.addresses.delete(ip);
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
    expect(
      simulator.log.slice(seen).filter(({ purpose, parameters }) => purpose === 'release' && parameters['elid'] === ip),
    ).toEqual([]);
  });

  test.concurrent('an address that carries the tag of somebody else is left alone there', async () => {
    const ip = await activeAddress(engine, service('r-10'));
    const row = world.addresses.get(ip);
    Object.assign(row ?? {}, { note: 'iptally:aaaaaaaaaaaa:bbbbbbbbbbbbbbbb' });
    await (await release(engine, ip)).result();
    expect(world.addresses.get(ip)?.note).toBe('iptally:aaaaaaaaaaaa:bbbbbbbbbbbbbbbb');
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'quarantined' });
  });

  test.concurrent('an address whose tag a person removed is left alone: a missing tag is no proof that it is ours', async () => {
    const ip = await activeAddress(engine, service('r-11'));
    Object.assign(world.addresses.get(ip) ?? {}, { note: 'rack 7' });
    await (await release(engine, ip)).result();
    expect(world.addresses.get(ip)?.note).toBe('rack 7');
  });

  test.concurrent('a protected address is refused', async () => {
    const ip = await activeAddress(engine, service('r-12'));
    await ledger.addresses.protect(ip, true);
    const failure = await failureOf((await release(engine, ip)).result());
    expect(failure).toMatchObject({ type: 'address-protected', field: 'address', value: ip });
    expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active' });
  });

  test.concurrent('an address reserved for a set-up that runs is refused, naming the run', async () => {
    const { answer } = await orderService(engine, service('r-13'));
    const ip = answer.addresses[0]?.ip ?? '';
    const failure = await failureOf((await release(engine, ip)).result());
    expect(failure).toMatchObject({ type: 'address-in-flight' });
    expect(failure.message).toContain('provision/r-13');
  });

  test.concurrent('an address nobody has here is refused', async () => {
    const failure = await failureOf((await release(engine, '192.0.2.77')).result());
    expect(failure).toMatchObject({ type: 'address-not-held', value: '192.0.2.77' });
  });

  test.concurrent('waits with the words of a panel that refuses, holding nothing back from the operator', async () => {
    const ip = await activeAddress(engine, service('r-14'));
    fault(
      engine,
      { purpose: 'release', at: ip },
      ...Array.from({ length: 12 }, () => ({ kind: 'status-before' as const, status: 502 })),
    );
    const run = await release(engine, ip);
    await eventually(async () =>
      expect(await detailsOf(engine, workflowIds.releaseAddress(ip))).toContain('no clear answer; looking again'),
    );
    const timers = (await eventsOf(engine, workflowIds.releaseAddress(ip))).filter(
      (event) => event.timerStartedEventAttributes,
    );
    expect(timers[0]?.userMetadata?.summary).toBeDefined();
    expect(await attributesOf(engine, run.workflowId)).toMatchObject({ IptallyAddress: ip });
    await run.terminate();
  });

  test.concurrent('started again after a terminated run goes on where that one stood, after its fence', async () => {
    const ip = await activeAddress(engine, service('r-15'));
    fault(engine, { purpose: 'release', at: ip }, { kind: 'delay', ms: 800 });
    const first = await release(engine, ip);
    await releasing(engine, ip);
    await first.terminate();
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
    expect(await heldFor(engine, 'r-15/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('pending at the panel counts as gone', async () => {
    const tag = await tagOf(engine, 'r-16/1/ipv4/1');
    const ip = await activeAddress(engine, service('r-16'));
    const row = world.addresses.get(ip);
    expect(row?.note.startsWith(tag)).toBe(true);
    Object.assign(row ?? {}, { state: 'pending', freeAt: Date.now() + 60_000 });
    expect(await (await release(engine, ip)).result()).toEqual({ address: ip, state: 'quarantined' });
  });
});
