import { afterEach, describe, expect, test } from '@jest/globals';
import type { IpManagerOptions } from '../../activities/ipmanager/http/create-ip-manager.ts';
import { RemoteError, type IpManager } from '../../activities/ipmanager/ip-manager.ts';
import type { WorldKnobs } from '../../activities/ipmanager/simulator/world.ts';
import { ownership } from '../../workflows/domain/tag.ts';
import { allocatedIp, canary, mark, Panels, smallWorld } from './support/panels.ts';

/** One suite against the port, run in each dialect a panel may speak. */
const dialects: readonly {
  readonly name: string;
  readonly knobs?: Partial<WorldKnobs>;
  readonly options?: Partial<IpManagerOptions>;
}[] = [
  { name: 'json' },
  { name: 'xml', options: { overrides: { format: 'xml' } } },
  { name: 'xml whatever is asked for', knobs: { only: 'xml' } },
  { name: 'the tag in the domain', knobs: { note: 'later' } },
  { name: 'messages in Russian', knobs: { language: 'ru' } },
  { name: 'errors of version 4', knobs: { version4Errors: true, only: 'xml' } },
  { name: 'pages of two rows', options: { pageSize: 2 } },
  { name: 'the new address only as id', knobs: { createAnswer: 'id' } },
  { name: 'the new address only as elid', knobs: { createAnswer: 'elid' } },
  { name: 'pending after a release', knobs: { pendingAfterRelease: true } },
];

const panels = new Panels();
afterEach(() => panels.close());

describe.each(dialects)('an IpManager, $name', ({ knobs, options }) => {
  async function connect(more: Partial<IpManagerOptions> = {}) {
    const panel = await panels.panel({ world: smallWorld(knobs) });
    const ipm: IpManager = panels.client(panel.url, { ...options, ...more });
    await ipm.readDialect();
    return { panel, ipm };
  }

  test('an address taken carries the mark of its order in the same call (I3)', async () => {
    const { panel, ipm } = await connect();
    const ip = allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    const held = await ipm.read(ip);
    expect(held).toMatchObject({ ip, group: 'public', state: 'held' });
    expect(held && ownership(held, mark(1))).toBe('ours');
    expect(panel.log.filter(({ purpose }) => purpose === 'create')).toHaveLength(1);
  });

  test('two orders never get the same address', async () => {
    const { ipm } = await connect();
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map((number) => ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(number) })),
    );
    expect(new Set(outcomes.map(allocatedIp)).size).toBe(4);
  });

  test('family and group decide the range', async () => {
    const { ipm } = await connect();
    const v6 = allocatedIp(await ipm.allocate({ family: 'ipv6', group: 'public', mark: mark(1) }));
    const alias = allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'alias', mark: mark(2) }));
    expect(v6).toBe('2001:db8::2');
    expect(alias).toMatch(/^198\.51\.100\./);
  });

  test('a particular address is given, and refused when it is taken', async () => {
    const { ipm } = await connect();
    const request = { family: 'ipv4', group: 'public', address: '203.0.113.9' } as const;
    expect(await ipm.allocate({ ...request, mark: mark(1) })).toEqual({ kind: 'allocated', ip: '203.0.113.9' });
    expect(await ipm.allocate({ ...request, mark: mark(2) })).toMatchObject({ kind: 'refused' });
  });

  test('a group the login may not use is refused in words that name it', async () => {
    const { ipm } = await connect();
    const outcome = await ipm.allocate({ family: 'ipv4', group: 'gold', mark: mark(1) });
    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(outcome)).toContain('gold');
  });

  test('nothing free is a refusal, not unknown', async () => {
    const { ipm } = await connect();
    const outcomes = [];
    for (let number = 1; number <= 15; number += 1) {
      outcomes.push(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(number) }));
    }
    expect(outcomes.filter(({ kind }) => kind === 'allocated')).toHaveLength(13);
    expect(outcomes.at(-1)).toMatchObject({ kind: 'refused', failure: { code: 'no-free-address' } });
  });

  test('an address nobody holds reads as nothing', async () => {
    const { ipm } = await connect();
    expect(await ipm.read('203.0.113.7')).toBeUndefined();
  });

  test('a PTR written is read back, and the note of people stays', async () => {
    const { ipm } = await connect();
    const ip = allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    const note = `${mark(1).tag} rack 7, <Müller> & "sons"`;
    expect(await ipm.write({ ip, ptr: 'www.example.com', note })).toEqual({ kind: 'done' });
    expect(await ipm.read(ip)).toMatchObject({ ptr: 'www.example.com', note, group: 'public' });
    expect(await ipm.write({ ip, ptr: 'mail.example.com' })).toEqual({ kind: 'done' });
    expect(await ipm.read(ip)).toMatchObject({ ptr: 'mail.example.com', note });
    expect(await ipm.write({ ip, ptr: '' })).toEqual({ kind: 'done' });
    expect(await ipm.read(ip)).toMatchObject({ ptr: '', note });
  });

  test('writing to an address that is not held says absent', async () => {
    const { ipm } = await connect();
    expect(await ipm.write({ ip: '203.0.113.7', ptr: 'a.example.com' })).toEqual({ kind: 'absent' });
  });

  test('a release leaves nothing to read, and again says absent', async () => {
    const { ipm } = await connect();
    const ip = allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    expect(await ipm.release(ip)).toEqual({ kind: 'done' });
    expect(await ipm.read(ip)).toBeUndefined();
    expect(await ipm.release(ip)).toEqual({ kind: 'absent' });
  });

  test('the list is all this login holds, whatever the page size', async () => {
    const { ipm } = await connect();
    const taken = [];
    for (let number = 1; number <= 5; number += 1) {
      taken.push(allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(number) })));
    }
    const seen: number[] = [];
    const listing = await ipm.list({ onPage: (rows) => void seen.push(rows) });
    expect(listing.rows.map((row) => ('ip' in row ? row.ip : row))).toEqual(taken);
    expect(seen.at(-1)).toBe(5);
    const streamed = [];
    for await (const page of ipm.pages()) streamed.push(...page);
    expect(streamed).toEqual(listing.rows);
  });

  test('an empty list is a proven one', async () => {
    const { ipm } = await connect();
    expect(await ipm.list()).toEqual({ rows: [], pages: 1 });
  });

  test("another login's address is neither released nor read as free", async () => {
    const { panel, ipm } = await connect();
    const other = panels.client(panel.url, { ...options, login: 'other' });
    await other.readDialect();
    const ip = allocatedIp(await other.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    expect((await ipm.release(ip)).kind).toBe('not-logged-in');
    await expect(ipm.read(ip)).rejects.toThrow(RemoteError);
    expect(panel.world.addresses.get(ip)?.owner).toBe('other');
  });

  test('a wrong password is told apart from everything else, and nothing is sent', async () => {
    const { panel } = await connect();
    const stranger = panels.client(panel.url, { ...options, password: `${canary}?` });
    const outcome = await stranger.allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
    expect(outcome).toMatchObject({ kind: 'not-logged-in', failure: { code: 'login-refused' } });
    await expect(stranger.list()).rejects.toMatchObject({ notLoggedIn: true, retryable: false });
    expect(panel.log.filter(({ purpose }) => purpose === 'create')).toHaveLength(0);
  });

  test('a session that died is made anew for a read, and told for a mutation', async () => {
    const { panel, ipm } = await connect();
    panel.loseSessions();
    expect(await ipm.read('203.0.113.7')).toBeUndefined();
    panel.loseSessions();
    expect((await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) })).kind).toBe('not-logged-in');
    expect((await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) })).kind).toBe('allocated');
    expect(panel.allocations().size).toBe(1);
  });

  test("an administrator acting as the user gives and takes that user's addresses", async () => {
    const { panel, ipm } = await connect();
    const acting = panels.client(panel.url, { ...options, login: 'admin', actAs: 'billing' });
    await acting.readDialect();
    const ip = allocatedIp(await acting.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    expect(panel.world.addresses.get(ip)?.owner).toBe('billing');
    expect(await ipm.read(ip)).toMatchObject({ ip });
    expect(await acting.release(ip)).toEqual({ kind: 'done' });
    expect(await acting.actsAsUser()).toBe(true);
    expect(await ipm.actsAsUser()).toBe(true);
  });

  test('a panel that does not heed `su` is known by whom it takes the administrator for', async () => {
    const { panel } = await connect();
    panel.world.knobs.su = 'ignored';
    const acting = panels.client(panel.url, { ...options, login: 'admin', actAs: 'billing' });
    expect(await acting.actsAsUser()).toBe(false);
    const sent = panel.log.length;
    expect(await acting.actsAsUser()).toBe(false);
    expect(panel.log).toHaveLength(sent);
    panel.world.knobs.su = 'heeded';
    const unable = panels.client(panel.url, { ...options, login: 'other', actAs: 'billing' });
    expect(await unable.actsAsUser()).toBe(false);
  });

  test('what a panel said of one administrator is not asked again, and counts for no other', async () => {
    const { panel, ipm } = await connect();
    const dialect = { ...(await ipm.readDialect()), acting: { login: 'admin', asUser: false } };
    const before = panel.log.length;
    const same = panels.client(panel.url, { ...options, dialect, login: 'admin', actAs: 'billing' });
    expect(await same.actsAsUser()).toBe(false);
    expect(panel.log).toHaveLength(before);
    const acting = { login: 'root', asUser: false };
    const another = { ...options, dialect: { ...dialect, acting }, login: 'admin', actAs: 'billing' };
    expect(await panels.client(panel.url, another).actsAsUser()).toBe(true);
  });
});
