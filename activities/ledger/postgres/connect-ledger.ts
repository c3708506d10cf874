import { type Ledger, LedgerUnavailable } from '../ledger.ts';
import { secretBoxOf, secretBoxWhenNeeded } from '../secrets.ts';
import { addressesIn } from './addresses.ts';
import { Database } from './database.ts';
import { importsIn } from './import.ts';
import { installationOf } from './installation.ts';
import { integrationsIn } from './integrations.ts';
import { locksIn } from './locks.ts';
import { ordersIn } from './orders.ts';
import { releasesIn } from './releases.ts';
import { repairsIn } from './repairs.ts';
import { serversIn } from './servers.ts';
import { servicesIn } from './services.ts';
import { syncsIn } from './syncs.ts';
import { tariffsIn } from './tariffs.ts';

export interface LedgerOptions {
  /** Of the application role, which changes rows and no table. */
  readonly url: string;
  /** A file is read at once; a function is asked for one when the first secret is sealed or opened. */
  readonly masterKeyFile: string | (() => string);
  readonly poolSize?: number;
  readonly warn?: (text: string) => void;
}

/**
 * The ledger in PostgreSQL. Throws `LedgerUnavailable` when the database does not answer (its code says why;
 * `not-migrated` when its tables are not there) and `SecretError` when the master key cannot be used.
 */
export async function connectLedger(options: LedgerOptions): Promise<Ledger> {
  const { masterKeyFile: file, warn } = options;
  const box = typeof file === 'string' ? secretBoxOf(file, warn) : secretBoxWhenNeeded(() => secretBoxOf(file(), warn));
  const database = new Database(options);
  try {
    await installationOf(database);
  } catch (error) {
    await database.close();
    // 42P01: there is no such table.
    if (error instanceof LedgerUnavailable && error.code === '42P01') throw new LedgerUnavailable('not-migrated');
    throw error;
  }
  return {
    installation: () => installationOf(database),
    services: servicesIn(database),
    orders: ordersIn(database),
    addresses: addressesIn(database),
    releases: releasesIn(database),
    locks: locksIn(database),
    syncs: syncsIn(database),
    imports: importsIn(database),
    repairs: repairsIn(database),
    settings: {
      integrations: integrationsIn(database, box),
      servers: serversIn(database, box),
      tariffs: tariffsIn(database),
    },
    close: () => database.close(),
  };
}
