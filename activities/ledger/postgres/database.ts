import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { entities } from '../entities/index.ts';
import { ledgerError, repeatable } from './errors.ts';
import { type Db, dbOf } from './tables.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize?: number;
}

/** How often one transaction is repeated when others crossed it. */
const repeats = 8;

/** The way to PostgreSQL: each call on a fork of its own, driver errors turned into ours. */
export class Database {
  readonly #orm: MikroORM;

  constructor(options: DatabaseOptions) {
    this.#orm = new MikroORM({
      entities,
      clientUrl: options.url,
      // Its own log would print statements with their values (I11); what goes wrong is thrown, by us.
      logger: () => undefined,
      pool: { min: 0, max: options.poolSize ?? 10, idleTimeoutMillis: 30_000 },
      driverOptions: {
        application_name: 'iptally',
        connectionTimeoutMillis: 10_000,
        // A hung session must not hold rows for ever: whoever waits for it is answered, and repeats.
        statement_timeout: 60_000,
        lock_timeout: 15_000,
        idle_in_transaction_session_timeout: 30_000,
      },
    });
  }

  /** Statements that need no transaction. */
  async read<T>(work: (db: Db) => Promise<T>): Promise<T> {
    try {
      return await work(dbOf(this.#orm.em.fork()));
    } catch (error) {
      throw ledgerError(error);
    }
  }

  /**
   * One transaction; the whole of it again when it was the victim of a deadlock or lost a race to insert.
   *
   * It is the query builder's own: `em.transactional` (7.2.1) never gives a connection back to the pool that died under
   * it, since the `rollback` that would do so fails too. A restart of the server would use up the pool for ever.
   */
  async transact<T>(work: (db: Db) => Promise<T>): Promise<T> {
    for (let time = 1; ; time += 1) {
      try {
        return await dbOf(this.#orm.em.fork()).transaction().execute(work);
      } catch (error) {
        if (time === repeats || !repeatable(error)) throw ledgerError(error);
        // Uneven pauses, so that those who met do not meet again.
        await sleep(time * (2 + ((performance.now() * 1_000) % 8)));
      }
    }
  }

  async close(): Promise<void> {
    await this.#orm.close(true);
  }
}
