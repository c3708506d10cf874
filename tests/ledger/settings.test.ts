import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Dialect } from '../../activities/ipmanager/ip-manager.ts';
import {
  anOpenOrder,
  aReserved,
  aRun,
  aService,
  lock,
  openWorld,
  panel,
  release,
  server,
  unlock,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const dialect: Dialect = {
  product: 'IPmanager',
  version: '5.100',
  login: 'billing',
  level: 16,
  administrator: false,
  groups: ['public', 'alias'],
  families: ['ipv4'],
  tagInAllocation: 'note',
  releaseFunction: 'ip.delete',
  dummy: false,
  format: 'json',
  readAt: '2026-01-01T00:00:00.000Z',
};

describe('integrations', () => {
  const secrets = { password: 'a', adminPassword: 'b' };

  test('are added, found, listed by name and removed', async () => {
    const fields = {
      ...panel,
      login: 'whole',
      ca: 'PEM',
      dialectOverrides: { releaseFunction: 'ip.del' },
      quarantineMs: 366 * 86_400_000,
    };
    const added = await world.ledger.settings.integrations.add('whole', fields, secrets);
    expect(added).toEqual({
      name: 'whole',
      ...fields,
      dialect: null,
      tagNotKept: false,
      createdAt: expect.any(String),
      confirmSightings: 1,
      releaseLimit: 100,
      thresholds: { shrinkRows: 10, shrinkPercent: 5, askRows: 10, askPercent: 1 },
      tagImported: false,
    });
    expect(await world.ledger.settings.integrations.find('whole')).toEqual(added);
    expect((await world.ledger.settings.integrations.list()).map((row) => row.name)).toEqual([
      'other',
      'panel',
      'whole',
    ]);
    expect(await world.ledger.settings.integrations.remove('whole')).toBe('removed');
    expect(await world.ledger.settings.integrations.find('whole')).toBeUndefined();
  });

  test('are refused under a name that is taken, or for a panel and login that are', async () => {
    const add = (name: string, login: string) =>
      world.ledger.settings.integrations.add(name, { ...panel, login }, secrets);
    expect(await add('panel', 'new')).toEqual({ refused: 'exists', because: ['panel'] });
    expect(await add('twin', 'billing')).toEqual({ refused: 'same-panel', because: ['panel'] });
    expect(await world.ledger.settings.integrations.edit('other', { login: 'billing' }, {})).toEqual({
      refused: 'same-panel',
      because: ['panel'],
    });
    const [one, two] = await Promise.all([add('twin-1', 'twin'), add('twin-2', 'twin')]);
    expect([one, two].filter((answer) => 'refused' in answer)).toHaveLength(1);
  });

  test('are edited field by field; secrets stay unless they are given', async () => {
    const { integrations } = world.ledger.settings;
    await integrations.add('edited', { ...panel, login: 'edited' }, secrets);
    expect(await integrations.edit('edited', { policy: 'observe', pin: 'ab:cd' }, {})).toMatchObject({
      policy: 'observe',
      pin: 'ab:cd',
      login: 'edited',
      fenceMs: panel.fenceMs,
    });
    expect(await integrations.secretsOf('edited')).toEqual(secrets);
    await integrations.edit('edited', {}, { password: 'new' });
    expect(await integrations.secretsOf('edited')).toEqual({ password: 'new', adminPassword: 'b' });
    await integrations.edit('edited', {}, { adminPassword: null });
    expect(await integrations.secretsOf('edited')).toEqual({ password: 'new', adminPassword: null });
    expect(await integrations.edit('nobody', {}, {})).toEqual({ refused: 'no-such', because: ['nobody'] });
    await expect(integrations.secretsOf('nobody')).rejects.toMatchObject({ code: 'no-such-integration' });
  });

  test('have settings of the sync, and an edit of something else keeps them', async () => {
    const { integrations } = world.ledger.settings;
    const thresholds = { shrinkRows: 1, shrinkPercent: 0.5, askRows: 2, askPercent: 2.5 };
    await integrations.add('tuned', { ...panel, login: 'tuned', thresholds, confirmSightings: 3 }, secrets);
    await integrations.edit('tuned', { releaseLimit: 7, tagImported: true }, {});
    await integrations.edit('tuned', { maxAttempts: 9 }, {});
    expect(await integrations.find('tuned')).toMatchObject({
      thresholds,
      confirmSightings: 3,
      releaseLimit: 7,
      tagImported: true,
    });
  });

  test('keep what was read from the panel, until they point to another one', async () => {
    const { integrations } = world.ledger.settings;
    await integrations.add('read', { ...panel, login: 'read' }, secrets);
    await integrations.markTagNotKept('read');
    expect(await integrations.find('read')).toMatchObject({ tagNotKept: true, dialect: null });
    await integrations.keepDialect('read', dialect);
    expect(await integrations.find('read')).toMatchObject({ tagNotKept: false, dialect });
    expect(await integrations.edit('read', { policy: 'owned' }, {})).toMatchObject({ dialect });
    expect(await integrations.edit('read', { url: 'https://elsewhere.example' }, {})).toMatchObject({ dialect: null });
  });

  test('are not removed while servers, open orders or held addresses need them: with the list', async () => {
    const { integrations, servers } = world.ledger.settings;
    await integrations.add('needed', { ...panel, login: 'needed' }, secrets);
    await servers.add('needing', { ...server, integration: 'needed' }, null);
    const service = await aService(world, { server: 'needing' });
    const { ip } = await aReserved(world, service, { integration: 'needed' });
    const order = await anOpenOrder(world, service, { integration: 'needed' });
    const remove = () => integrations.remove('needed');
    expect(await remove()).toEqual({
      refused: 'in-use',
      because: ['server needing', `order ${order.order}`, `address ${ip}`],
    });
    await servers.edit('needing', { integration: null });
    await world.ledger.orders.close({
      order: order.order,
      failure: { code: 'c', message: 'm', next: 'n' },
      run: order.run,
    });
    const run = aRun();
    await lock(world, ip, run);
    await world.ledger.releases.begin({ ip, reason: 'x', run });
    expect(await remove()).toEqual({ refused: 'in-use', because: [`address ${ip}`] });
    await unlock(world, ip, run);
    // A quarantine goes on without it.
    await release(world, ip, 60_000);
    expect(await remove()).toBe('removed');
    expect(await remove()).toEqual({ refused: 'no-such', because: ['needed'] });
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'quarantined', integration: 'needed' });
  });
});

describe('servers', () => {
  test('are added, edited, listed and removed, with a secret of their own', async () => {
    const { servers } = world.ledger.settings;
    const fields = {
      ...server,
      module: 'vmmanager5',
      url: 'https://vm.example',
      login: 'root',
      settings: { os: 'debian' },
    };
    expect(await servers.add('vm', fields, 'hidden')).toEqual({ name: 'vm', ...fields, createdAt: expect.any(String) });
    expect(await servers.secretOf('vm')).toBe('hidden');
    expect(await servers.edit('vm', { settings: { os: 'alma' } })).toMatchObject({
      settings: { os: 'alma' },
      login: 'root',
    });
    expect(await servers.secretOf('vm')).toBe('hidden');
    await servers.edit('vm', {}, 'other');
    expect(await servers.secretOf('vm')).toBe('other');
    expect(await servers.secretOf('srv')).toBeNull();
    expect(await servers.find('vm')).toMatchObject({ name: 'vm' });
    expect((await servers.list()).map((row) => row.name)).toContain('vm');
    expect(await servers.remove('vm')).toBe('removed');
    await expect(servers.secretOf('vm')).rejects.toMatchObject({ code: 'no-such-server' });
  });

  test('are refused with words: taken, unknown, or pointing nowhere', async () => {
    const { servers } = world.ledger.settings;
    expect(await servers.add('srv', server, null)).toEqual({ refused: 'exists', because: ['srv'] });
    expect(await servers.add('x', { ...server, integration: 'nowhere' }, null)).toEqual({
      refused: 'no-such-integration',
      because: ['nowhere'],
    });
    expect(await servers.edit('srv', { integration: 'nowhere' })).toEqual({
      refused: 'no-such-integration',
      because: ['nowhere'],
    });
    expect(await servers.edit('nobody', {})).toEqual({ refused: 'no-such', because: ['nobody'] });
    expect(await servers.remove('nobody')).toEqual({ refused: 'no-such', because: ['nobody'] });
  });

  test('and tariffs are not removed under a live service; a removed one does not hold them', async () => {
    const { servers, tariffs } = world.ledger.settings;
    await servers.add('busy', server, null);
    await tariffs.add('busy', { dedicated: false, ipv4: 0, ipv6: 0, group: null });
    const id = 'busy-service';
    await world.ledger.services.open({
      service: { id, kind: 'hosting', domain: 'b.example.com', customer: null, server: 'busy', tariff: 'busy' },
      run: aRun(),
    });
    expect(await servers.remove('busy')).toEqual({ refused: 'in-use', because: [`service ${id}`] });
    expect(await tariffs.remove('busy')).toEqual({ refused: 'in-use', because: [`service ${id}`] });
    await world.ledger.services.beginRemoval({ service: id, reason: 'x', run: aRun() });
    await world.ledger.services.finishRemoval({ service: id, run: aRun() });
    expect(await servers.remove('busy')).toBe('removed');
    expect(await tariffs.remove('busy')).toBe('removed');
  });
});

test('tariffs are added, edited, listed and removed; the database refuses more than 32 addresses', async () => {
  const { tariffs } = world.ledger.settings;
  const fields = { dedicated: true, ipv4: 2, ipv6: 0, group: 'special' };
  expect(await tariffs.add('t', fields)).toEqual({ name: 't', ...fields, createdAt: expect.any(String) });
  expect(await tariffs.add('t', fields)).toEqual({ refused: 'exists', because: ['t'] });
  expect(await tariffs.edit('t', { group: null, ipv6: 30 })).toMatchObject({ ipv4: 2, ipv6: 30, group: null });
  await expect(tariffs.edit('t', { ipv6: 31 })).rejects.toMatchObject({
    name: 'LedgerContractBroken',
    code: 'refused-by-database',
    message: 'the ledger refused the call: refused-by-database (23514)',
  });
  expect(await tariffs.edit('nobody', {})).toEqual({ refused: 'no-such', because: ['nobody'] });
  expect((await tariffs.list()).map((row) => row.name)).toContain('t');
  expect(await tariffs.find('t')).toMatchObject({ ipv6: 30 });
  expect(await tariffs.remove('t')).toBe('removed');
  expect(await tariffs.remove('t')).toEqual({ refused: 'no-such', because: ['t'] });
});
