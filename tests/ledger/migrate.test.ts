import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import { entities } from '../../activities/ledger/entities/index.ts';
import { migrate } from '../../activities/ledger/migrate.ts';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { migrationsList } from '../../migrations/index.ts';
import { createDatabase, execute, query, type TestDatabase } from '../support/database.ts';
import { openWorld, type World } from './world.ts';

const steps = migrationsList.map((step) => ('name' in step ? step.name : ''));
const source = (path: string): string => JSON.stringify(join(process.cwd(), path));

/** Runs a piece of code in a process of its own. What it exports as `answer` is printed. */
async function inProcess(code: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(stdout);
}

async function withDatabase(work: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await createDatabase();
  try {
    await work(database);
  } finally {
    await database.drop();
  }
}

describe('migrating', () => {
  test('applies each step once, and again is harmless', () =>
    withDatabase(async ({ migrationUrl, applicationRole }) => {
      expect(await migrate({ migrationUrl, applicationRole })).toEqual({ applied: steps, already: [] });
      expect(await migrate({ migrationUrl, applicationRole })).toEqual({ applied: [], already: steps });
    }));

  test('from two processes at once, one applies and both return', () =>
    withDatabase(async ({ migrationUrl, applicationRole }) => {
      const code = `import { migrate } from ${source('activities/ledger/migrate.ts')};
        console.log(JSON.stringify(await migrate(${JSON.stringify({ migrationUrl, applicationRole })})));`;
      const answers = await Promise.all([inProcess(code), inProcess(code), inProcess(code)]);
      expect(answers).toHaveLength(3);
      expect(answers).toContainEqual({ applied: steps, already: [] });
      expect(
        answers.filter((answer) => JSON.stringify(answer) === JSON.stringify({ applied: [], already: steps })),
      ).toHaveLength(2);
    }));

  test('leads to just the tables the entities describe', () =>
    withDatabase(async ({ migrationUrl, applicationRole }) => {
      await migrate({ migrationUrl, applicationRole });
      const orm = await MikroORM.init({ entities, clientUrl: migrationUrl });
      try {
        expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
      } finally {
        await orm.close(true);
      }
    }));

  test('makes the application role when it is not there, and it can do its work', () =>
    withDatabase(async ({ migrationUrl, name }) => {
      const applicationRole = `app_${randomBytes(4).toString('hex')}`;
      await migrate({ migrationUrl, applicationRole, applicationPassword: `it's "quoted"` });
      const url = Object.assign(new URL(migrationUrl), { username: applicationRole, password: `it's "quoted"` });
      try {
        await execute(url.toString(), [
          `insert into lock (key, owner_workflow, owner_run, reason) values ('k', 'w', 'r', 'x')`,
        ]);
      } finally {
        await execute(migrationUrl, [`drop owned by ${applicationRole}`, `drop role ${applicationRole}`]);
      }
      expect(name).not.toBe('');
    }));

  test('by a role that may not create the application role says which statement to run', () =>
    withDatabase(async ({ migrationUrl, name }) => {
      const owner = `own_${randomBytes(4).toString('hex')}`;
      await execute(migrationUrl, [
        `create role ${owner} login password 'x' nosuperuser nocreaterole`,
        `alter database "${name}" owner to ${owner}`,
        `alter schema public owner to ${owner}`,
      ]);
      const url = Object.assign(new URL(migrationUrl), { username: owner, password: 'x' }).toString();
      try {
        await expect(migrate({ migrationUrl: url, applicationRole: 'nobody_made_it' })).rejects.toMatchObject({
          failure: {
            code: 'role-missing',
            value: 'nobody_made_it',
            next: expect.stringContaining('create role "nobody_made_it"'),
          },
        });
        // All or nothing: the tables are not there either.
        expect(await query(url, `select 1 from pg_tables where tablename = 'address'`)).toEqual([]);
      } finally {
        await execute(migrationUrl, [
          `reassign owned by ${owner} to current_user`,
          `drop owned by ${owner}`,
          `drop role ${owner}`,
        ]);
      }
    }));

  test('a ledger of a newer iptally is refused by name', () =>
    withDatabase(async ({ migrationUrl, applicationRole }) => {
      await migrate({ migrationUrl, applicationRole });
      await execute(migrationUrl, [`insert into mikro_orm_migrations (name) values ('999-later')`]);
      await expect(migrate({ migrationUrl, applicationRole })).rejects.toMatchObject({
        failure: { code: 'ledger-is-newer', value: '999-later' },
      });
    }));

  test('what was approved before integrations knew since when their panel is theirs counts as before', () =>
    withDatabase(async ({ migrationUrl, applicationRole, applicationUrl }) => {
      const world = await openWorld();
      await migrate({ migrationUrl, applicationRole });
      await execute(migrationUrl, [
        `alter table integration drop column panel_since`,
        `delete from mikro_orm_migrations where name = '005-panel-since'`,
        `insert into integration (name, url, login, password_sealed, policy, time_zone, cool_down_ms, quarantine_ms,
          request_timeout_ms, fence_ms, max_attempts, max_conflicts, on_conflict)
          values ('old', 'https://x.example', 'l', 'x', 'all', 'UTC', 0, 0, 1, 2, 1, 1, 'mark')`,
        `insert into sync_run (run, integration, owner_workflow, owner_run, login, policy, dry_run, state, history_before,
          started_at, approved_at) values ('r', 'old', 'w', 'r', 'l', 'all', false, 'applied', 0, '2020-01-01', '2020-01-01')`,
      ]);
      expect((await migrate({ migrationUrl, applicationRole })).applied).toEqual(['005-panel-since']);
      const ledger = await connectLedger({ url: applicationUrl, masterKeyFile: world.masterKeyFile });
      expect(await ledger.syncs.everApproved('old')).toBe(true);
      await ledger.close();
      await world.close();
    }));

  test('an empty database is no ledger yet, and one that is down does not answer: both say so', () =>
    withDatabase(async ({ migrationUrl, applicationUrl }) => {
      const masterKeyFile = join(process.cwd(), 'package.json');
      const world = await openWorld();
      const key = world.masterKeyFile;
      await expect(connectLedger({ url: applicationUrl, masterKeyFile: key })).rejects.toMatchObject({
        name: 'LedgerUnavailable',
        code: 'not-migrated',
      });
      const down = Object.assign(new URL(applicationUrl), { port: '1' }).toString();
      await expect(connectLedger({ url: down, masterKeyFile: key })).rejects.toMatchObject({
        name: 'LedgerUnavailable',
        code: 'ECONNREFUSED',
      });
      await expect(migrate({ migrationUrl: down, applicationRole: 'x' })).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
      await expect(connectLedger({ url: applicationUrl, masterKeyFile })).rejects.toMatchObject({
        failure: { code: 'master-key-unusable' },
      });
      await world.close();
      expect(migrationUrl).not.toBe('');
    }));
});

describe('the application role', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    await world.sql(`insert into address_history (ip, event, integration) values ('192.0.2.1', 'reserved', 'panel')`);
  });
  afterAll(() => world.close());

  /** The code a statement is refused with. */
  async function refused(url: string, statement: string): Promise<string> {
    try {
      await execute(url, [statement]);
      return 'done';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    }
  }

  test.each([
    'create table mine (a int)',
    'create index mine on address (ptr)',
    'create function mine() returns int language sql as $$ select 1 $$',
    'create schema mine',
    'alter table address drop constraint address_ip_check',
    'alter table address_history disable trigger address_history_append_only',
    'drop index address_current',
    'drop table lock',
    'truncate lock',
    'truncate address_history',
    `update address_history set reason = 'never happened'`,
    'delete from address_history',
    'delete from address',
    'delete from service',
    'delete from address_order',
    `update installation set id = '000000000000'`,
    `insert into mikro_orm_migrations (name) values ('x')`,
    'create role mine',
  ])('is refused: %s', async (statement) => {
    expect(await refused(world.database.applicationUrl, statement)).toBe('42501');
  });

  test.each(['update address_history set reason = null', 'delete from address_history', 'truncate address_history'])(
    'and even the owner of the tables is refused: %s',
    async (statement) => {
      expect(await refused(world.database.migrationUrl, statement)).toBe('42501');
      expect(await world.sql(`select event from address_history where ip = '192.0.2.1'`)).toEqual([
        { event: 'reserved' },
      ]);
    },
  );
});

test('the installation is named once, whoever asks first, also from several processes', () =>
  withDatabase(async ({ migrationUrl, applicationUrl, applicationRole }) => {
    const world = await openWorld();
    await migrate({ migrationUrl, applicationRole });
    const code = `import { connectLedger } from ${source('activities/ledger/postgres/connect-ledger.ts')};
      const ledger = await connectLedger(${JSON.stringify({ url: applicationUrl, masterKeyFile: world.masterKeyFile })});
      console.log(JSON.stringify(await ledger.installation()));
      await ledger.close();`;
    const names = await Promise.all([inProcess(code), inProcess(code), inProcess(code)]);
    expect(new Set(names).size).toBe(1);
    expect(names[0]).toMatch(/^[0-9a-f]{12}$/);
    await world.close();
  }));
