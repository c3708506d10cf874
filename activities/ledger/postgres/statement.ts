import type { Db } from './tables.ts';

/**
 * One statement as text with numbered parameters, for what works on whole sets at once (`unnest`): thousands of rows in one
 * round trip (reference/performance.md 2.7). Everything else goes through the typed builder.
 */
export async function statement<Row>(db: Db, sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
  const { rows } = await db.executeQuery<Row>({
    sql,
    parameters,
    query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
    queryId: { queryId: 'statement' },
  });
  return rows;
}

/** At most so many rows travel in one statement. */
export const batchRows = 5_000;

export function batches<Item>(items: readonly Item[], size = batchRows): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
