import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { allocatedIp, canary, mark, Panels, smallWorld } from './support/panels.ts';

const panels = new Panels();
const folders: string[] = [];
afterEach(async () => {
  await panels.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'iptally-simulator-'));
  folders.push(folder);
  return folder;
}

async function get(url: string, fields: Record<string, string>): Promise<string> {
  return (await fetch(`${url}?${new URLSearchParams(fields).toString()}`)).text();
}

async function post(url: string, fields: Record<string, string>): Promise<string> {
  return (await fetch(url, { method: 'POST', body: new URLSearchParams(fields) })).text();
}

const authinfo = `billing:${canary}`;

describe('the protocol (reference section 6)', () => {
  test.each(['/', '/ipmgr', '/manager/ipmgr'])('is spoken on %s, by GET and POST', async (path) => {
    const panel = await panels.panel();
    const url = `http://127.0.0.1:${panel.port}${path}`;
    const fields = { func: 'ip', authinfo };
    expect(JSON.parse(await get(url, { ...fields, out: 'json' }))).toHaveProperty('doc.p_elems.$', '0');
    expect(JSON.parse(await post(url, { ...fields, out: 'sjson' }))).toHaveProperty('doc.p_elems.$', '0');
    expect(await post(url, { ...fields, out: 'xml' })).toContain('<p_elems>0</p_elems>');
    expect(await get(url, fields)).toContain('<html>');
  });

  test('another path is not the panel', async () => {
    const panel = await panels.panel();
    expect((await fetch(`http://127.0.0.1:${panel.port}/billmgr`)).status).toBe(404);
  });

  test('a login answers the session id twice, and its level', async () => {
    const panel = await panels.panel();
    const text = await post(panel.url, { func: 'auth', username: 'billing', password: canary, out: 'xml' });
    const [, id, level, again] = /<auth id="([0-9a-f]{24})" level="(\d+)">([0-9a-f]{24})<\/auth>/.exec(text) ?? [];
    expect(again).toBe(id);
    expect(level).toBe('16');
    expect(await post(panel.url, { func: 'keepalive', auth: id ?? '', out: 'xml' })).toContain('<ok/>');
  });

  test('a dead session is type access at HTTP 200, also in Russian and in version 4', async () => {
    const panel = await panels.panel();
    const answer = await fetch(`${panel.url}?func=keepalive&auth=0000&out=json&lang=ru`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ doc: { error: { $type: 'access', msg: { $: 'Недостаточно прав' } } } });
    panel.world.knobs.version4Errors = true;
    expect(await get(panel.url, { func: 'keepalive', out: 'xml' })).toContain('<error code="6" obj="keepalive"/>');
  });

  test('a session idle for too long is dead', async () => {
    const panel = await panels.panel({ world: smallWorld({ sessionIdleMs: 0 }) });
    const login = JSON.parse(
      await post(panel.url, { func: 'auth', username: 'billing', password: canary, out: 'json' }),
    );
    await new Promise((settle) => {
      setTimeout(settle, 5);
    });
    const text = await post(panel.url, { func: 'keepalive', auth: login.doc.auth.$id, out: 'xml' });
    expect(text).toContain('type="access"');
  });

  test('a superior hands a browser over by a key that works once', async () => {
    const panel = await panels.panel();
    const key = 'k'.repeat(16);
    const fields = { func: 'session.newkey', username: 'billing', key, out: 'xml' };
    expect(await post(panel.url, { ...fields, authinfo })).toContain('type="access"');
    expect(await post(panel.url, { ...fields, authinfo: `admin:${canary}` })).toContain('<ok/>');
    const use = { func: 'auth', username: 'billing', key, checkcookie: 'no', out: 'xml' };
    expect(await post(panel.url, use)).toContain('<auth id=');
    expect(await post(panel.url, use)).toContain('badpassword');
  });

  test('su is for administrators', async () => {
    const panel = await panels.panel();
    const fields = { func: 'whoami', su: 'other', out: 'xml' };
    expect(await post(panel.url, { ...fields, authinfo })).toContain('type="access"');
    expect(await post(panel.url, { ...fields, authinfo: `admin:${canary}` })).toContain('name="other"');
  });

  test('an address, a hidden range and a network can be named', async () => {
    const world = smallWorld();
    const user = world.users.get('billing');
    if (user !== undefined) user.permissions = [{ pool: '203.0.113.8-203.0.113.12', groups: ['public'], hidden: true }];
    const panel = await panels.panel({ world });
    const create = { func: 'ip.edit', sok: 'ok', family: 'ipv4', iptype: 'public', authinfo, out: 'xml' };
    expect(await post(panel.url, { ...create, ip: '' })).toContain('type="limit"');
    expect(await post(panel.url, { ...create, ip: '203.0.113.10' })).toContain('<ip>203.0.113.10</ip>');
    expect(await post(panel.url, { ...create, ip: '203.0.113.0/28' })).toContain('<id>203.0.113.8</id>');
    expect(await post(panel.url, { ...create, ip: '203.0.113.3' })).toContain('type="value" object="ip"');
  });

  test('addresses that answer or are blacklisted are skipped, and become problems', async () => {
    const world = smallWorld({ checkMs: 2 });
    world.answering.add('203.0.113.2');
    world.listed.add('203.0.113.3');
    const panel = await panels.panel({ world });
    const ipm = panels.client(panel.url);
    expect(allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }))).toBe('203.0.113.4');
    expect(world.addresses.get('203.0.113.2')?.state).toBe('problem');
    expect(world.addresses.get('203.0.113.3')?.state).toBe('blocked');
  });

  test('a released address is pending until its time, or until an administrator deletes it', async () => {
    const panel = await panels.panel({ world: smallWorld({ pendingAfterRelease: true, pendingMs: 1_500 }) });
    const ipm = panels.client(panel.url);
    const request = { family: 'ipv4', group: 'public', address: '203.0.113.5' } as const;
    const take = async () => (await ipm.allocate({ ...request, mark: mark(1) })).kind;
    expect(await take()).toBe('allocated');
    await ipm.release('203.0.113.5');
    expect(await take()).toBe('refused');
    expect(await panels.client(panel.url, { login: 'admin' }).release('203.0.113.5')).toEqual({ kind: 'done' });
    expect(await take()).toBe('allocated');
    await ipm.release('203.0.113.5');
    await new Promise((settle) => {
      setTimeout(settle, 1_600);
    });
    expect(await take()).toBe('allocated');
  });

  test('a note longer than the panel keeps is cut', async () => {
    const panel = await panels.panel({ world: smallWorld({ noteLength: 20 }) });
    const ipm = panels.client(panel.url);
    const ip = allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    expect((await ipm.read(ip))?.note).toBe(mark(1).tag.slice(0, 20));
  });

  test('a change that sends only a part clears the rest: that is why all fields go back', async () => {
    const panel = await panels.panel();
    const ipm = panels.client(panel.url);
    const ip = allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }));
    const part = {
      func: 'ip.edit',
      sok: 'ok',
      elid: ip,
      domain: 'a.example.com.',
      iptype: 'public',
      authinfo,
      out: 'json',
    };
    await post(panel.url, part);
    expect(await ipm.read(ip)).toMatchObject({ ptr: 'a.example.com', note: '' });
  });
});

describe('what a checker hangs in', () => {
  test('a release is seen at the moment it happens, while the address is still held (I4)', async () => {
    const seen: (readonly [string, boolean])[] = [];
    const world = smallWorld({}, { addresses: [{ ip: '203.0.113.9', owner: 'billing', group: 'public' }] });
    const onRelease = (ip: string): void => void seen.push([ip, world.addresses.get(ip)?.state === 'allocated']);
    const panel = await panels.panel({ world, hooks: { onRelease } });
    await panels.client(panel.url).release('203.0.113.9');
    expect(seen).toEqual([['203.0.113.9', true]]);
  });

  test('what was really taken is counted by mark, late work included (I7)', async () => {
    const panel = await panels.panel();
    panel.faults.hook = (request) => (request.purpose === 'create' ? { kind: 'late', ms: 30 } : undefined);
    const ipm = panels.client(panel.url);
    await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
    expect(panel.allocations().size).toBe(0);
    await panel.lateWorkDone();
    expect(panel.allocations()).toEqual(new Map([[mark(1).tag, 1]]));
  });
});

describe('its state', () => {
  test('outlives a restart: what was answered is on disk', async () => {
    const stateFile = join(temporary(), 'state.json');
    const first = await panels.panel({ stateFile });
    const taken = [];
    for (let number = 1; number <= 5; number += 1) {
      const ipm = panels.client(first.url);
      taken.push(allocatedIp(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(number) })));
      expect(readFileSync(stateFile, 'utf8')).toContain(mark(number).tag); // before close(): a kill loses nothing
    }
    const second = await panels.panel({ stateFile });
    expect((await panels.client(second.url).list()).rows.map((row) => 'ip' in row && row.ip)).toEqual(taken);
    expect(readFileSync(stateFile, 'utf8')).not.toContain(canary);
  });

  test('a file that is not whole is an error, never an empty world', async () => {
    const stateFile = join(temporary(), 'state.json');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(stateFile, '{"format":1,');
    await expect(panels.panel({ stateFile })).rejects.toThrow('JSON');
  });
});

test('the demo is a small hoster: two networks and IPv6, three logins, addresses given out by hand', async () => {
  const panel = await panels.panel({ world: demoWorld({ billing: canary, admin: canary, dummy: canary }) });
  const billing = panels.client(panel.url);
  expect(await billing.readDialect()).toMatchObject({
    groups: ['public', 'alias'],
    families: ['ipv4', 'ipv6'],
    dummy: false,
  });
  expect(allocatedIp(await billing.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }))).toMatch(
    /^203\.0\.113\./,
  );
  expect(allocatedIp(await billing.allocate({ family: 'ipv4', group: 'alias', mark: mark(2) }))).toMatch(
    /^198\.51\.100\./,
  );
  expect(allocatedIp(await billing.allocate({ family: 'ipv6', group: 'public', mark: mark(3) }))).toMatch(
    /^2001:db8:100::/,
  );
  expect(await panels.client(panel.url, { login: 'dummy' }).readDialect()).toMatchObject({ dummy: true });
  expect((await panels.client(panel.url, { login: 'admin' }).list()).rows.length).toBeGreaterThan(6);
});
