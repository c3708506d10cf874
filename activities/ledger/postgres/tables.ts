import type { EntityManager, InferKyselyDB, Kysely } from '@mikro-orm/postgresql';
import type { entities } from '../entities/index.ts';

/** Tables with their columns and types, as the entities define them. */
export type Tables = InferKyselyDB<(typeof entities)[number]>;

/**
 * A connection to ask, or a transaction. Statements are typed by the entities, carry their values as parameters, and
 * build no entity: what is hot here stays a plain row (reference/performance.md 2.2 and 2.9).
 */
export type Db = Kysely<Tables>;

export function dbOf(em: EntityManager): Db {
  return em.getKysely<Tables>();
}

/** A row as it is read: a column with a default has a plain value there. */
export type Row<Table extends keyof Tables> = {
  readonly [Column in keyof Tables[Table]]: Tables[Table][Column] extends { readonly __select__: infer Value }
    ? Value
    : Tables[Table][Column];
};
