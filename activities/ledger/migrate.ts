import { setTimeout as sleep } from 'node:timers/promises';
import { Migrator } from '@mikro-orm/migrations';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { migrationsList } from '../../migrations/index.ts';
import type { Failure } from '../../workflows/domain/failure.ts';
import { entities } from './entities/index.ts';
import { codeOf, ledgerError } from './postgres/errors.ts';
import type { Tables } from './postgres/tables.ts';

export interface MigrateOptions {
  /** Of the role that owns the tables. */
  readonly migrationUrl: string;
  /** What workers and commands log in as. Made when it is missing: with the password, or unable to log in. */
  readonly applicationRole: string;
  readonly applicationPassword?: string;
}

export interface Migrated {
  readonly applied: readonly string[];
  readonly already: readonly string[];
}

/** The ledger cannot be brought to this version: why, and the step to take. */
export class MigrationRefused extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'MigrationRefused';
    this.failure = failure;
  }
}

/**
 * What the application role may do to each table: never `truncate`, no right on the schema, and on the history nothing
 * but to add and to read. A new table does not type-check until it has its line.
 */
const rights: Readonly<Record<keyof Tables, string>> = {
  installation: 'select, insert',
  integration: 'select, insert, update, delete',
  server: 'select, insert, update, delete',
  tariff: 'select, insert, update, delete',
  service: 'select, insert, update',
  address_order: 'select, insert, update',
  order_attempt: 'select, insert, update',
  address: 'select, insert, update',
  address_history: 'select, insert',
  conflict: 'select, insert, update',
  parked: 'select, insert, update',
  lock: 'select, insert, update, delete',
  sync_run: 'select, insert, update',
  sync_item: 'select, insert, update, delete',
  sighting: 'select, insert, update, delete',
  import_row: 'select, insert, update, delete',
};

/** Any number: those who migrate one database wait for each other under it. */
const advisoryLock = 72_774_118;

/** Brings the ledger to this version. Safe to run twice, and from several processes at once: one does it, all return. */
export async function migrate(options: MigrateOptions): Promise<Migrated> {
  const orm = new MikroORM({
    entities,
    clientUrl: options.migrationUrl,
    logger: () => undefined,
    extensions: [Migrator],
    migrations: { migrationsList, snapshot: false, silent: true },
    driverOptions: { application_name: 'iptally migrate', connectionTimeoutMillis: 10_000 },
  });
  try {
    // One transaction over all of it: a migration that is killed leaves the ledger as it was.
    return await orm.em.fork().transactional(async (em) => {
      await em.execute('select pg_advisory_xact_lock(?)', [advisoryLock]);
      const already = (await orm.migrator.getExecuted()).map((step) => step.name);
      refuseNewer(already);
      const transaction = em.getTransactionContext();
      const applied = await orm.migrator.up(transaction === undefined ? {} : { transaction });
      await grantRights(em, options);
      return { applied: applied.map((step) => step.name), already };
    });
  } catch (error) {
    throw error instanceof MigrationRefused ? error : ledgerError(error);
  } finally {
    // A connection that died in the transaction is never given back (see `Database.transact`), and closing waits for it.
    await Promise.race([orm.close(true), sleep(5_000, undefined, { ref: false })]);
  }
}

function refuseNewer(executed: readonly string[]): void {
  const ours = new Set(migrationsList.map((step) => ('name' in step ? step.name : '')));
  const unknown = executed.filter((name) => !ours.has(name));
  if (unknown.length === 0) return;
  throw new MigrationRefused({
    code: 'ledger-is-newer',
    message: `The ledger was migrated by a newer iptally (${unknown.join(', ')}).`,
    value: unknown.join(', '),
    next: 'Use that version of iptally, or a newer one.',
  });
}

async function grantRights(em: EntityManager, options: MigrateOptions): Promise<void> {
  const role = quoted(options.applicationRole);
  const [who] = await em.execute<{ me: string; known: boolean; database: string }[]>(
    `select current_user as me, current_database() as database,
      exists (select from pg_catalog.pg_roles where rolname = ?) as known`,
    [options.applicationRole],
  );
  // One role for both: what it owns it may change, and only the trigger guards the history.
  if (who === undefined || who.me === options.applicationRole) return;
  if (!who.known) await createRole(em, options);
  await em.execute(`grant connect on database ${quoted(who.database)} to ${role}`);
  await em.execute(`revoke create on schema public from public`);
  await em.execute(`grant usage on schema public to ${role}`);
  for (const [table, right] of Object.entries(rights)) {
    await em.execute(`revoke all on table ${quoted(table)} from ${role}`);
    await em.execute(`grant ${right} on table ${quoted(table)} to ${role}`);
  }
  await em.execute(`grant usage on all sequences in schema public to ${role}`);
}

async function createRole(em: EntityManager, options: MigrateOptions): Promise<void> {
  const { applicationRole, applicationPassword } = options;
  const create = `create role ${quoted(applicationRole)} nosuperuser nocreatedb nocreaterole`;
  try {
    if (applicationPassword === undefined) await em.execute(`${create} nologin`);
    else await em.execute(`${create} login password ?`, [applicationPassword]);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    throw new MigrationRefused({
      code: 'role-missing',
      message: `The application role ${applicationRole} does not exist, and the role of the migrations may not create it.`,
      field: 'applicationRole',
      value: applicationRole,
      next: `As an administrator of the database run: create role ${quoted(applicationRole)} login password '…'; then migrate again.`,
    });
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
