import { afterEach, describe, expect, test } from '@jest/globals';
import type { Dialect } from '../../activities/ipmanager/ip-manager.ts';
import type { WorldKnobs, WorldOptions } from '../../activities/ipmanager/simulator/world.ts';
import { startIspManagerSimulator } from '../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld } from '../../activities/servers/ispmanager/simulator/world.ts';
import { canary, mark, Panels, smallWorld } from './support/panels.ts';

const panels = new Panels();
afterEach(() => panels.close());

const held = [{ ip: '203.0.113.9', owner: 'billing', group: 'public' }];

/** What the panel is, and what its own forms say. Nothing is allocated by reading them (design.md 7). */
const rows: readonly {
  readonly name: string;
  readonly knobs?: Partial<WorldKnobs>;
  readonly world?: Partial<WorldOptions>;
  readonly login?: string;
  readonly dialect: Partial<Dialect>;
}[] = [
  {
    name: 'a billing login',
    dialect: {
      product: 'IPmanager',
      version: '5.131.0',
      login: 'billing',
      level: 16,
      administrator: false,
      groups: ['public', 'alias'],
      families: ['ipv4', 'ipv6'],
      tagInAllocation: 'note',
      releaseFunction: 'ip.delete',
      dummy: false,
      format: 'json',
    },
  },
  { name: 'an administrator', login: 'admin', dialect: { administrator: true, level: 29, dummy: false } },
  { name: 'a login without rights is the dummy kind', login: 'nobody', dialect: { dummy: true, groups: [] } },
  { name: 'a group less', login: 'other', dialect: { groups: ['public'] } },
  { name: 'IPv4 only', world: { networks: ['203.0.113.0/28'] }, dialect: { families: ['ipv4'] } },
  {
    name: 'a note that is only in the form of a held address',
    knobs: { note: 'later' },
    world: { addresses: held },
    dialect: { tagInAllocation: 'domain' },
  },
  {
    name: 'the same, nothing held yet: the columns of the list tell',
    knobs: { note: 'later' },
    dialect: { tagInAllocation: 'domain' },
  },
  {
    name: 'no note anywhere',
    knobs: { note: 'absent' },
    world: { addresses: held },
    dialect: { tagInAllocation: 'none' },
  },
  { name: 'no note anywhere, nothing held', knobs: { note: 'absent' }, dialect: { tagInAllocation: 'none' } },
  {
    name: 'a note that says it is too short',
    knobs: { noteLength: 30, tellNoteLength: true },
    dialect: { tagInAllocation: 'none' },
  },
  {
    name: 'a note that says it is long enough',
    knobs: { noteLength: 37, tellNoteLength: true },
    dialect: { tagInAllocation: 'note' },
  },
  {
    name: 'a release under another name',
    knobs: { releaseFunction: 'ip.free' },
    dialect: { releaseFunction: 'ip.free' },
  },
  {
    name: 'a panel that knows only XML',
    knobs: { only: 'xml' },
    dialect: { format: 'xml', groups: ['public', 'alias'] },
  },
];

test.each(rows)('$name', async ({ knobs, world, login, dialect }) => {
  const panel = await panels.panel({ world: smallWorld(knobs, world) });
  const ipm = panels.client(panel.url, login === undefined ? {} : { login });
  const before = panel.world.revision;
  expect(await ipm.readDialect()).toMatchObject(dialect);
  expect(panel.world.revision).toBe(before);
  expect(ipm.capabilities.tagInAllocation).toBe(dialect.tagInAllocation ?? 'note');
});

test('what was found is what the calls then use', async () => {
  const panel = await panels.panel({ world: smallWorld({ releaseFunction: 'ip.free' }, { addresses: held }) });
  const read = await panels.client(panel.url).readDialect();
  const ipm = panels.client(panel.url, { dialect: read });
  expect(await ipm.release('203.0.113.9')).toEqual({ kind: 'done' });
});

test('a name set by hand wins over what was read', async () => {
  const panel = await panels.panel();
  const ipm = panels.client(panel.url, { overrides: { releaseFunction: 'ip.giveback', tagInAllocation: 'domain' } });
  expect(await ipm.readDialect()).toMatchObject({ releaseFunction: 'ip.giveback', tagInAllocation: 'domain' });
  expect((await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) })).kind).toBe('allocated');
  const sent = panel.log.find(({ purpose }) => purpose === 'create')?.parameters;
  expect(sent).toMatchObject({ domain: `${mark(1).label}.` });
  expect(sent).not.toHaveProperty('note');
});

test('a panel that keeps no note gets no order: nothing is sent', async () => {
  const panel = await panels.panel({ world: smallWorld({ note: 'absent' }) });
  const ipm = panels.client(panel.url);
  await ipm.readDialect();
  const outcome = await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
  expect(outcome).toMatchObject({ kind: 'refused', failure: { code: 'tag-not-kept' } });
  expect(panel.log.filter(({ purpose }) => purpose === 'create')).toHaveLength(0);
});

describe('a dummy integration may point at an ispmanager business server', () => {
  test('and is recognised by what that panel says of itself', async () => {
    const world = createIspWorld({ logins: [{ name: 'billing', password: canary, level: 16 }] });
    const server = panels.keep(await startIspManagerSimulator({ world }));
    const dialect = await panels.client(server.url).readDialect();
    expect(dialect).toMatchObject({ dummy: true, product: 'ispmanager', groups: [] });
  });
});

describe('a panel that has no such function', () => {
  test('is no word for an address that is gone: a read says which function it is (I12)', async () => {
    const world = createIspWorld({ logins: [{ name: 'billing', password: canary, level: 16 }] });
    const server = panels.keep(await startIspManagerSimulator({ world }));
    await expect(panels.client(server.url).read('203.0.113.9')).rejects.toMatchObject({
      retryable: false,
      failure: { code: 'function-not-on-panel', message: expect.stringContaining('ip.edit') },
    });
  });

  test('nor does it release: refused, naming the function and the setting, and the address stays held (I12)', async () => {
    const panel = await panels.panel({ world: smallWorld({ releaseFunction: 'ip.free' }, { addresses: held }) });
    const ipm = panels.client(panel.url);
    expect(await ipm.release('203.0.113.9')).toMatchObject({
      kind: 'refused',
      failure: {
        code: 'function-not-on-panel',
        field: 'releaseFunction',
        value: 'ip.delete',
        message: expect.stringContaining('ip.delete'),
        next: expect.stringContaining('--dialect releaseFunction='),
      },
    });
    expect((await ipm.read('203.0.113.9'))?.state).toBe('held');
  });
});

test('a wrong password is an error, never a dummy', async () => {
  const panel = await panels.panel();
  const reading = panels.client(panel.url, { password: 'wrong' }).readDialect();
  await expect(reading).rejects.toMatchObject({ failure: { code: 'login-refused' }, notLoggedIn: true });
});

test('a panel that fails while its forms are read is an error, never a dummy', async () => {
  const panel = await panels.panel();
  panel.faults.hook = (request) => (request.purpose === 'form' ? { kind: 'status-before', status: 503 } : undefined);
  await expect(panels.client(panel.url).readDialect()).rejects.toMatchObject({ retryable: true });
});
