import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Home, homeHash, openHome } from '../../worker/local/home.ts';
import { openPortBook } from '../../worker/local/ports.ts';
import { outsideBase } from '../../worker/local/postgres-place.ts';
import { type Postgres, startPostgres, stopPostgres } from '../../worker/local/postgres.ts';
import { isAlive, signal } from '../../worker/local/processes.ts';
import { readVersions } from '../../worker/local/versions.ts';
import { execute, query } from '../support/database.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let home: Home;
beforeEach(() => {
  home = openHome(temporaryHome());
});
afterEach(() => removeHome(home.path));

const notes: string[] = [];
const start = (volatile = true): Promise<Postgres> =>
  startPostgres({ home, ports: openPortBook(home.ports), note: (text) => notes.push(text), volatile });

describe('the embedded PostgreSQL', () => {
  test('starts with two roles: one owns the database, the other can make nothing in it', async () => {
    const postgres = await start();
    const roles = 'select rolname as name, rolsuper as super from pg_roles where rolcanlogin order by 1';
    expect(await query(postgres.migrationUrl, roles)).toEqual([
      { name: 'iptally', super: true },
      { name: 'iptally_app', super: false },
    ]);
    await expect(execute(postgres.applicationUrl, ['create table t (n int)'])).rejects.toThrow(/permission denied/);
    await expect(execute(postgres.applicationUrl, ['create temporary table t (n int)'])).rejects.toThrow(/denied/);
    const wrong = Object.assign(new URL(postgres.applicationUrl), { password: 'wrong' }).toString();
    await expect(execute(wrong, ['select 1'])).rejects.toThrow(/password authentication failed/);
    await stopPostgres(postgres);
    expect(isAlive(postgres.pid)).toBe(false);
    expect(readVersions(home).postgres).toMatch(/^18\./);
  });

  test('is adopted when it still runs, and keeps its port and its rows when it was killed', async () => {
    const first = await start(false);
    await execute(first.migrationUrl, ['create table t (n int)', 'insert into t values (7)']);
    expect(await start(false)).toEqual(first);

    signal(first.pid, 'SIGKILL');
    const second = await start(false);
    expect(second.pid).not.toBe(first.pid);
    expect(second.port).toBe(first.port);
    expect(await query(second.migrationUrl, 'select n from t')).toEqual([{ n: 7 }]);
  });

  test('moves to another port when its own was taken', async () => {
    const first = await start();
    await stopPostgres(first);
    const ports = openPortBook(home.ports);
    // The book says it is free, and another server is faster.
    const squatter = await startPostgres({
      home: openHome(join(home.path, 'other')),
      ports: { port: async () => first.port, another: async () => first.port },
      note: () => {},
      volatile: true,
    });
    const moved = await startPostgres({
      home,
      ports: { ...ports, port: async () => first.port },
      note: () => {},
      volatile: true,
    });
    expect(moved.port).not.toBe(first.port);
    await stopPostgres(squatter);
  });

  test('makes a whole cluster or none: what an interrupted one left is swept away', async () => {
    mkdirSync(join(home.postgres, 'data.new-killed', 'base'), { recursive: true });
    await start();
    expect(readdirSync(join(home.postgres)).filter((name) => name.startsWith('data'))).toEqual(['data']);
  });

  test('leaves no secret readable by others and none in its log (I11)', async () => {
    const postgres = await start();
    const passwords = ['owner', 'application'].map((role) => join(home.path, `postgres-${role}.password`));
    for (const file of [...passwords, join(home.path, 'postgres.log')]) expect(statSync(file).mode & 0o077).toBe(0);
    await execute(postgres.migrationUrl, ['create table t (secret text unique)', "insert into t values ('sesame')"]);
    await expect(execute(postgres.migrationUrl, ["insert into t values ('sesame')"])).rejects.toThrow(/duplicate/);
    const log = readFileSync(join(home.path, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key');
    for (const secret of ['sesame', ...passwords.map((file) => readFileSync(file, 'utf8').trim())]) {
      expect(log).not.toContain(secret);
    }
  });

  test('is refused when called off, and leaves no process', async () => {
    const controller = new AbortController();
    controller.abort(new Error('called off'));
    const started = startPostgres({ home, ports: openPortBook(home.ports), note: () => {}, signal: controller.signal });
    await expect(started).rejects.toThrow('called off');
    expect(readdirSync(join(home.postgres, 'data'))).not.toContain('postmaster.pid');
  });
});

test('as root, with a home its user cannot reach, the cluster lies elsewhere and that is said', async () => {
  if (process.getuid?.() !== 0) return;
  // A folder made by somebody else, with rights for its owner alone: they are not widened.
  const closed = join(home.path, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const inner = join(closed, 'home');
  const start2 = (): Promise<Postgres> => {
    const opened = openHome(inner);
    return startPostgres({
      home: opened,
      ports: openPortBook(opened.ports),
      note: (text) => notes.push(text),
      volatile: true,
    });
  };
  try {
    const postgres = await start2();
    expect(postgres.base).toBe(`/var/lib/iptally/${homeHash(inner)}`);
    expect(notes.join('\n')).toMatch(/who cannot reach .*\/closed\/home: its files are in \/var\/lib\/iptally\//);
    expect(statSync(closed).mode & 0o777).toBe(0o700);
    await stopPostgres(postgres);
    expect((await start2()).base).toBe(postgres.base);
  } finally {
    await removeHome(inner);
  }
  expect(outsideBase(inner)).toBe(`/var/lib/iptally/${homeHash(inner)}`);
});
