import { glanceIp, type Glance } from '../../../workflows/domain/glance.ts';
import type { GlanceRange, LedgerRow } from '../sync/sync-store.ts';
import { bound, current } from './address-rows.ts';
import type { Database } from './database.ts';
import { batches, statement } from './statement.ts';
import type { Db } from './tables.ts';
import { ipText, timeOrNull } from './values.ts';

/** Addresses of one round trip: enough that a range of the sync takes one or two. */
const chunkRows = 2_500;

/**
 * Live addresses of an integration at a glance, in address order, from the unique index alone: every column stands in it
 * (003-addresses). Many travel as one text, since a value costs the driver more than all that is done with it. Keyset, so
 * that no cursor stays open between two pages of a panel (reference/performance.md 2.2, 2.4).
 */
export async function* glanceChunks(database: Database, range: GlanceRange): AsyncGenerator<readonly Glance[]> {
  for (let { after } = range; ;) {
    const start = after;
    const glances = await database.read((db) => glanceChunk(db, { ...range, after: start }));
    const last = glances.at(-1);
    if (last !== undefined) yield glances;
    if (last === undefined || glances.length < chunkRows) return;
    after = glanceIp(last);
  }
}

/**
 * The form of {@link Glance}. A PTR with a line break, which only a panel could have brought, is looked at whole; so is one
 * that was never read back.
 */
const glance = `host(ip) || case when state = 'active' and position(E'\\n' in coalesce(ptr, '')) = 0
    and (ptr is null or ptr_seen is not null)
  then E'\\t' || coalesce(tag, '') || E'\\t' || coalesce(ptr, '') else '' end`;

async function glanceChunk(db: Db, { integration, after, upTo }: GlanceRange): Promise<readonly Glance[]> {
  const [row] = await statement<{ readonly glances: string | null }>(
    db,
    `select string_agg(glance, E'\\n' order by ip) as glances from (
       select ip, ${glance} as glance from address
       where integration = $1 and state in ('reserved', 'active')
         and ip > coalesce($2::inet, '0.0.0.0/0') and ip <= coalesce($3::inet, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
       order by ip limit ${chunkRows}
     ) ordered`,
    [integration, after, upTo],
  );
  const glances = row?.glances?.split('\n') ?? [];
  // IPv4 comes first, so the last one tells whether there is an IPv6 among them, whose text may not be ours.
  return glanceIp(glances.at(-1) ?? '').includes(':') ? glances.map(canonicalGlance) : glances;
}

function canonicalGlance(told: Glance): Glance {
  const ip = glanceIp(told);
  return `${ipText(ip)}${told.slice(ip.length)}`;
}

/**
 * The rows that count for these addresses, in the whole ledger. A quarantine that is over counts as no row. `label` is not
 * in the index: it is looked up for the few rows whose remote shows one.
 */
export async function currentRows(db: Db, ips: readonly string[]): Promise<readonly LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (const some of batches(ips)) rows.push(...(await rowsOf(db, some)));
  return rows;
}

async function rowsOf(db: Db, ips: readonly string[]): Promise<readonly LedgerRow[]> {
  const rows = await db
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
    .where('ip', 'in', ips)
    .execute();
  return rows.map((row) => ({
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
