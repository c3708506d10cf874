import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenService } from '../../activities/ledger/ledger.ts';
import type { ServiceState } from '../../workflows/domain/states.ts';
import { anId, aReserved, aRun, aService, openWorld, release, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function request(fields: Partial<OpenService['service']> = {}): OpenService {
  const id = fields.id ?? anId();
  return {
    service: { id, kind: 'vps', domain: 'a.example.com', customer: 'c', server: 'srv', tariff: 'plain', ...fields },
    run: aRun(`provision/${id}`),
  };
}

/** A service in a state, as its workflow brings it there. */
async function inState(state: ServiceState): Promise<OpenService> {
  const asked = request();
  const { id } = asked.service;
  await world.ledger.services.open(asked);
  if (state === 'waiting') {
    await world.ledger.services.setState({ service: id, state, reason: { code: 'r', message: 'm' }, run: asked.run });
  }
  if (state === 'active' || state === 'suspended') {
    await world.ledger.services.activate({ service: id, ips: [], run: asked.run });
  }
  if (state === 'suspended') await world.sql(`update service set state = 'suspended' where id = ?`, [id]);
  if (state === 'removing' || state === 'removed') {
    await world.ledger.services.beginRemoval({ service: id, reason: 'gone', run: asked.run });
  }
  if (state === 'removed') await world.ledger.services.finishRemoval({ service: id, run: asked.run });
  return asked;
}

describe('opening a service', () => {
  test('writes it, and answers all that stands behind it', async () => {
    const asked = request();
    const opened = await world.ledger.services.open(asked);
    expect(opened).toMatchObject({
      kind: 'opened',
      service: {
        ...asked.service,
        state: 'provisioning',
        generation: 1,
        reason: null,
        workflowId: asked.run.workflowId,
      },
      server: { name: 'srv', integration: 'panel' },
      tariff: { name: 'plain', ipv4: 1, ipv6: 1 },
      integration: { name: 'panel', ignoredGroups: ['service', 'infra'] },
    });
    expect(await world.ledger.services.setting(asked.service.id)).toEqual(opened);
  });

  test('twice at once writes it once', async () => {
    const asked = request();
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.ledger.services.open(asked)));
    expect(answers.every((answer) => answer.kind === 'opened')).toBe(true);
    expect(await world.sql(`select id from service where id = ?`, [asked.service.id])).toHaveLength(1);
  });

  test.each([
    ['server', 'nowhere'],
    ['tariff', 'nothing'],
  ] as const)('on a %s nobody knows is refused', async (what, name) => {
    expect(await world.ledger.services.open(request({ [what]: name }))).toEqual({ kind: 'no-such', what, name });
  });

  test('on a server without an integration has none', async () => {
    expect(await world.ledger.services.open(request({ server: 'srv-bare' }))).toMatchObject({ integration: null });
  });

  // The state it is in, what is asked otherwise, what comes of it.
  test.each([
    ['provisioning', {}, 'opened', []],
    ['provisioning', { domain: 'b.example.com', server: 'srv-2', tariff: 'large' }, 'opened', []],
    ['provisioning', { server: 'srv-other' }, 'opened', []],
    ['provisioning', { kind: 'dedicated', customer: 'd' }, 'differs', ['kind', 'customer']],
    ['waiting', { domain: 'b.example.com', server: 'srv-2', tariff: 'large' }, 'opened', []],
    ['waiting', { customer: null }, 'differs', ['customer']],
    ['active', {}, 'opened', []],
    ['active', { domain: 'b.example.com', tariff: 'large' }, 'differs', ['domain', 'tariff']],
    ['active', { server: 'srv-2' }, 'differs', ['server']],
    ['suspended', {}, 'opened', []],
    ['suspended', { kind: 'dedicated' }, 'differs', ['kind']],
    ['removing', {}, 'removing', []],
    ['removed', {}, 'opened', []],
    ['removed', { kind: 'dedicated', customer: 'd', domain: 'b.example.com', server: 'srv-other' }, 'opened', []],
  ] as const)('that is %s, asked with %j: %s %j', async (state, fields, kind, differs) => {
    const first = await inState(state);
    const asked = { service: { ...first.service, ...fields }, run: aRun() };
    const answer = await world.ledger.services.open(asked);
    expect(answer.kind).toBe(kind);
    if (answer.kind === 'differs') expect(answer.fields).toEqual(differs);
    if (answer.kind === 'opened') expect(answer.service).toMatchObject(asked.service);
    // What is refused changes nothing; what is removed begins a new life under a new generation.
    const now = await world.ledger.services.find(first.service.id);
    expect(now).toMatchObject(kind === 'opened' ? asked.service : first.service);
    expect(now).toMatchObject(
      state === 'removed' ? { state: 'provisioning', generation: 2, reason: null } : { state, generation: 1 },
    );
  });

  test('may move to another server while it waits, but not away from the integration of its addresses', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    const known = await world.ledger.services.find(service.id);
    const change = { service: service.id, domain: 'b.example.com', tariff: 'large', run: aRun() };
    expect(await world.ledger.services.change({ ...change, server: 'srv-other' })).toEqual({
      kind: 'differs',
      fields: ['server'],
    });
    expect(await world.ledger.services.change({ ...change, server: 'srv-bare' })).toEqual({
      kind: 'differs',
      fields: ['server'],
    });
    expect(await world.ledger.services.change({ ...change, server: 'srv-2' })).toMatchObject({
      kind: 'opened',
      service: {
        kind: known?.kind,
        customer: known?.customer,
        server: 'srv-2',
        domain: 'b.example.com',
        tariff: 'large',
      },
    });
    await release(world, ip, 0);
    expect(await world.ledger.services.change({ ...change, server: 'srv-other' })).toMatchObject({ kind: 'opened' });
  });

  test('that has an address begins again only where it was: something may stand on that server', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    const known = await world.ledger.services.find(service.id);
    if (known === undefined) throw new Error('it is there');
    const { id, kind, domain, customer, tariff } = known;
    const begin = (server: string) =>
      world.ledger.services.open({ service: { id, kind, domain, customer, tariff, server }, run: aRun() });
    expect(await begin('srv-2')).toEqual({ kind: 'differs', fields: ['server'] });
    expect(await begin('srv')).toMatchObject({ kind: 'opened' });
    await release(world, ip, 0);
    expect(await begin('srv-2')).toMatchObject({ kind: 'opened' });
  });

  test('that nobody knows, or that is removed, cannot be changed', async () => {
    const change = { domain: 'b.example.com', server: 'srv', tariff: 'plain', run: aRun() };
    const removed = (await inState('removed')).service.id;
    for (const service of ['nobody', removed]) {
      const answer = { kind: 'no-such', what: 'service', name: service };
      expect(await world.ledger.services.change({ ...change, service })).toEqual(answer);
      expect(await world.ledger.services.setting(service)).toEqual(answer);
    }
    expect(await world.ledger.services.setting((await inState('removing')).service.id)).toEqual({ kind: 'removing' });
  });
});

describe('activation', () => {
  test('takes all addresses and the service in one step, and again without harm', async () => {
    const service = await aService(world);
    const one = await aReserved(world, service);
    const two = await aReserved(world, service, { group: 'big' });
    await world.ledger.services.setState({
      service: service.id,
      state: 'waiting',
      reason: { code: 'r', message: 'm' },
      run: service.run,
    });
    const activate = () =>
      world.ledger.services.activate({ service: service.id, ips: [two.ip, one.ip], run: service.run });
    await activate();
    await activate();
    expect(await world.ledger.services.find(service.id)).toMatchObject({ state: 'active', reason: null });
    for (const { ip, address } of [one, two]) {
      expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'active', version: address.version + 1 });
      expect((await world.ledger.addresses.history(ip)).map((entry) => entry.event)).toEqual(['reserved', 'active']);
    }
  });

  test('of addresses alone leaves the service as it is', async () => {
    const service = await aService(world);
    const { ip } = await aReserved(world, service);
    await world.ledger.services.activate({ service: service.id, ips: [ip], run: service.run, addressesOnly: true });
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'active' });
    expect(await world.ledger.services.find(service.id)).toMatchObject({ state: 'provisioning' });
  });

  test('with an address that is not the service’s changes nothing', async () => {
    const service = await aService(world);
    const mine = await aReserved(world, service);
    const theirs = await aReserved(world, await aService(world));
    await expect(
      world.ledger.services.activate({ service: service.id, ips: [mine.ip, theirs.ip], run: service.run }),
    ).rejects.toMatchObject({ code: 'address-not-bound' });
    expect(await world.ledger.addresses.find(mine.ip)).toMatchObject({ state: 'reserved' });
    expect(await world.ledger.services.find(service.id)).toMatchObject({ state: 'provisioning' });
  });

  test('leaves a suspended service suspended, and is refused for one that is leaving', async () => {
    const suspended = await inState('suspended');
    await world.ledger.services.activate({ service: suspended.service.id, ips: [], run: aRun() });
    expect(await world.ledger.services.find(suspended.service.id)).toMatchObject({ state: 'suspended' });
    const leaving = await inState('removing');
    await expect(
      world.ledger.services.activate({ service: leaving.service.id, ips: [], run: aRun() }),
    ).rejects.toMatchObject({ code: 'service-not-live' });
    await expect(world.ledger.services.activate({ service: 'nobody', ips: [], run: aRun() })).rejects.toMatchObject({
      code: 'no-such-service',
    });
  });
});

test.each([
  ['provisioning', 'waiting'],
  ['waiting', 'waiting'],
  ['active', 'active'],
  ['suspended', 'suspended'],
  ['removing', 'removing'],
  ['removed', 'removed'],
] as const)('a late setState(waiting) finds a %s service and leaves it %s', async (before, after) => {
  const { service } = await inState(before);
  await world.ledger.services.setState({
    service: service.id,
    state: 'waiting',
    reason: { code: 'late', message: 'm' },
    run: aRun(),
  });
  expect(await world.ledger.services.find(service.id)).toMatchObject({ state: after });
});

test('services are listed by state and by server', async () => {
  const { service } = await inState('suspended');
  const elsewhere = await aService(world, { server: 'srv-other' });
  expect((await world.ledger.services.list({ state: 'suspended' })).map((row) => row.id)).toContain(service.id);
  const there = (await world.ledger.services.list({ server: 'srv-other', state: 'provisioning' })).map((row) => row.id);
  expect(there).toContain(elsewhere.id);
  expect(there).not.toContain(service.id);
});
