import type { LedgerRow } from '../sync/sync-store.ts';
import { bound, current } from './address-rows.ts';
import type { Database } from './database.ts';
import type { Db } from './tables.ts';
import { ipText, timeOrNull } from './values.ts';

/** Rows of one round trip: enough that a range of the sync takes one or two. */
const chunkRows = 2_500;

/**
 * The ledger in address order, from the unique index alone: every column stands in it (003-addresses). Keyset, so that no
 * cursor stays open between two pages of a panel (reference/performance.md 2.2, 2.4). A quarantine that is over counts as
 * no row. `label` is not in the index: it is looked up for the few rows whose remote shows one.
 */
export async function* addressChunks(
  database: Database,
  after: string | null,
  upTo: string | null,
): AsyncGenerator<readonly LedgerRow[]> {
  for (let from = after; ;) {
    const start = from;
    const rows = await database.read((db) => chunk(db, start, upTo));
    if (rows.length > 0) yield rows;
    if (rows.length < chunkRows) return;
    from = rows.at(-1)?.ip ?? from;
  }
}

async function chunk(db: Db, after: string | null, upTo: string | null): Promise<readonly LedgerRow[]> {
  let query = db
    .selectFrom('address')
    .select(['ip', 'state', 'integration', 'service', 'address_group', 'order_id', 'tag', 'untagged', 'protected'])
    .select(['ptr', 'ptr_seen', 'quarantine_until', 'version'])
    .where('state', 'in', current)
    .where((eb) =>
      eb.or([
        eb('quarantine_until', 'is', null),
        eb('quarantine_until', '>', eb.fn<string>('now')),
        eb('state', '!=', 'quarantined'),
      ]),
    )
    .orderBy('ip')
    .limit(chunkRows);
  if (after !== null) query = query.where('ip', '>', after);
  if (upTo !== null) query = query.where('ip', '<=', upTo);
  return (await query.execute()).map((row) => ({
    ip: ipText(row.ip),
    row: {
      kind: 'row',
      state: row.state,
      integration: row.integration,
      service: row.service,
      group: row.address_group,
      order: row.order_id,
      tag: row.tag,
      label: null,
      untagged: row.untagged,
      protected: row.protected,
      ptr: row.ptr,
      ptrSeen: row.ptr_seen,
      quarantineUntil: timeOrNull(row.quarantine_until),
      version: row.version,
    },
  }));
}

/** On a service, held under this integration. */
export async function liveCount(db: Db, integration: string): Promise<number> {
  const { count } = await db
    .selectFrom('address')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('integration', '=', integration)
    .where('state', 'in', bound)
    .executeTakeFirstOrThrow();
  return Number(count);
}
