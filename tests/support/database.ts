import { randomBytes } from 'node:crypto';
import { MikroORM } from '@mikro-orm/postgresql';
import { testServers, type TestServers } from './servers.ts';

/** A database of one suite's own, empty: its migrations are the suite's first step. */
export interface TestDatabase {
  readonly name: string;
  /** As the owner. */
  readonly migrationUrl: string;
  /** As the application role, which has no rights in it before the migrations grant them. */
  readonly applicationUrl: string;
  readonly applicationRole: string;
  readonly drop: () => Promise<void>;
}

/** Makes a fresh database in the cluster of this test run, or in one of a test's own. */
export async function createDatabase(
  servers: Pick<TestServers, 'databaseUrl' | 'applicationUrl'> = testServers(),
): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const at = (url: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).toString();
  const applicationRole = new URL(servers.applicationUrl).username;
  await execute(servers.databaseUrl, [
    `create database "${name}"`,
    `revoke all on database "${name}" from public`,
    `grant connect on database "${name}" to "${applicationRole}"`,
  ]);
  return {
    name,
    migrationUrl: at(servers.databaseUrl),
    applicationUrl: at(servers.applicationUrl),
    applicationRole,
    // Forced: a suite that failed may have left a connection open.
    drop: () => execute(servers.databaseUrl, [`drop database if exists "${name}" with (force)`]),
  };
}

/** Runs statements one by one, on a connection of its own. */
export async function execute(url: string, statements: readonly string[]): Promise<void> {
  const orm = await MikroORM.init({ clientUrl: url, entities: [], discovery: { warnWhenNoEntities: false } });
  try {
    for (const statement of statements) await orm.em.getConnection().execute(statement);
  } finally {
    await orm.close(true);
  }
}

/** The rows a query answers. */
export async function query<Row extends object>(url: string, statement: string): Promise<readonly Row[]> {
  const orm = await MikroORM.init({ clientUrl: url, entities: [], discovery: { warnWhenNoEntities: false } });
  try {
    return await orm.em.getConnection().execute<Row[]>(statement);
  } finally {
    await orm.close(true);
  }
}
