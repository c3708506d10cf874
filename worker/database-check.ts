import { MikroORM } from '@mikro-orm/postgresql';
import { entities } from '../activities/ledger/entities/index.ts';

/** What a look at the database itself says, beside what the ledger's port tells. */
export interface DatabaseCheck {
  readonly server: string;
  readonly role: string;
  /** Columns of this version that the role does not see: the ledger was not migrated, or rights were not granted. */
  readonly missing: readonly string[];
  /** The role may make tables: it needs no such right, and a stolen password could do more than it should. */
  readonly mayChangeTables: boolean;
}

/** Reads the catalogue only. Throws what the driver throws: the caller shows none of it (I11). */
export async function checkDatabase(url: string): Promise<DatabaseCheck> {
  const orm = new MikroORM({
    entities,
    clientUrl: url,
    logger: () => undefined,
    driverOptions: { application_name: 'iptally doctor', connectionTimeoutMillis: 5_000 },
  });
  try {
    const connection = orm.em.getConnection();
    const [who] = await connection.execute<{ role: string; server: string; ddl: boolean }[]>(
      `select current_user as role, current_setting('server_version') as server,
        has_schema_privilege('public', 'CREATE') as ddl`,
    );
    const seen = await connection.execute<{ place: string }[]>(
      `select table_name || '.' || column_name as place from information_schema.columns where table_schema = 'public'`,
    );
    const there = new Set(seen.map(({ place }) => place));
    return {
      server: who?.server ?? 'unknown',
      role: who?.role ?? 'unknown',
      missing: columnsOf(orm).filter((place) => !there.has(place)),
      mayChangeTables: who?.ddl ?? false,
    };
  } finally {
    await orm.close(true);
  }
}

function columnsOf(orm: MikroORM): readonly string[] {
  const all = [...orm.getMetadata().getAll().values()];
  return all.flatMap(({ tableName, props }) =>
    props
      .filter(({ persist, fieldNames }) => persist !== false && fieldNames !== undefined)
      .flatMap(({ fieldNames }) => fieldNames.map((column) => `${tableName}.${column}`)),
  );
}
