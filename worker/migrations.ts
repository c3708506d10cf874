import { migrate, type Migrated } from '../activities/ledger/migrate.ts';
import { type Config, requireDatabase } from './config.ts';
import { parseDatabaseUrl } from './database-url.ts';

export type { Migrated } from '../activities/ledger/migrate.ts';

/** What `up` knows of the cluster it started. */
export interface EmbeddedDatabase {
  readonly migrationUrl: string;
  readonly applicationRole: string;
}

/** Brings the ledger to this version and grants the application role its rights. Safe to run twice, and at once. */
export async function migrateLedger(config: Config): Promise<Migrated> {
  const applicationUrl = requireDatabase(config);
  const { user, password } = parseDatabaseUrl('DATABASE_URL', applicationUrl);
  const { migrationUrl = applicationUrl } = config;
  parseDatabaseUrl('IPTALLY_MIGRATION_DATABASE_URL', migrationUrl);
  return migrate({
    migrationUrl,
    applicationRole: user,
    ...(password === undefined ? {} : { applicationPassword: password }),
  });
}

/** The same for the cluster of `up`: one line to show. */
export async function migrateEmbedded(database: EmbeddedDatabase): Promise<string> {
  const { applied, already } = await migrate(database);
  return applied.length === 0 ? `up to date (${already.length})` : `applied ${applied.join(', ')}`;
}
