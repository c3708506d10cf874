import type { AddressState } from '../../../workflows/domain/states.ts';
import type { RunRef } from '../records.ts';
import type { Known, KnownOrder, LookUp } from '../sync/sync-store.ts';
import { current } from './address-rows.ts';
import { conflictRecord } from './conflicts.ts';
import { addressKey, lockRecord } from './locks.ts';
import { statement } from './statement.ts';
import type { Db, Row } from './tables.ts';
import { ipText, ipTextOrNull, ownerOf } from './values.ts';

/** A few statements for a whole batch of addresses, whatever its size. */
export async function lookUp(db: Db, { ips, tags, labels }: LookUp): Promise<Known> {
  const rows = await rowsOf(db, ips);
  const orders = await ordersOf(db, tags, labels);
  const known = new Set([...orders.keys(), ...marksOf(rows)]);
  const unknown = [...tags, ...labels].filter((mark) => !known.has(mark));
  return {
    locks: await locksOf(db, ips),
    conflicts: await conflictsOf(db, ips),
    parked: await parkedOf(db, ips),
    orders,
    imported: await importedOf(db, unknown),
    ordersOfRows: new Map(rows.flatMap((row) => (row.order === null ? [] : [[row.ip, row.order] as const]))),
    labels: new Map(rows.flatMap((row) => (row.label === null ? [] : [[row.ip, row.label] as const]))),
    releasedBy: await releasedBy(
      db,
      rows.filter((row) => row.state === 'releasing').map((row) => row.ip),
    ),
  };
}

interface RowFacts {
  readonly ip: string;
  readonly state: AddressState;
  readonly tag: string | null;
  readonly label: string | null;
  readonly order: KnownOrder | null;
}

async function rowsOf(db: Db, ips: readonly string[]): Promise<readonly RowFacts[]> {
  if (ips.length === 0) return [];
  const rows = await db
    .selectFrom('address')
    .leftJoin('address_order as o', 'o.id', 'address.order_id')
    .select(['address.ip', 'address.state', 'address.tag', 'address.label'])
    .select(['o.id', 'o.owner_workflow', 'o.owner_run', 'o.ip as had', 'o.outcome'])
    .where('address.ip', 'in', ips)
    .where('address.state', 'in', current)
    .execute();
  return rows.map(({ id, owner_workflow, owner_run, had, outcome, ...row }) => ({
    ip: ipText(row.ip),
    state: row.state,
    tag: row.tag,
    label: row.label,
    order:
      id === null || owner_workflow === null || owner_run === null
        ? null
        : knownOrder({ id, owner_workflow, owner_run, ip: had, outcome }),
  }));
}

function knownOrder(
  row: Pick<Row<'address_order'>, 'id' | 'owner_workflow' | 'owner_run' | 'ip' | 'outcome'>,
): KnownOrder {
  return {
    id: row.id,
    owner: ownerOf(row),
    ip: ipTextOrNull(row.ip),
    open: row.ip === null && row.outcome === null,
  };
}

async function locksOf(db: Db, ips: readonly string[]): Promise<Known['locks']> {
  if (ips.length === 0) return new Map();
  const byKey = new Map(ips.map((ip) => [addressKey(ip), ip]));
  const rows = await db
    .selectFrom('lock')
    .selectAll()
    .where('key', 'in', [...byKey.keys()])
    .execute();
  return new Map(rows.map((row) => [byKey.get(row.key) ?? row.key, lockRecord(row)]));
}

/** Those of the address itself: a copy that another integration's panel offered says nothing about it. */
async function conflictsOf(db: Db, ips: readonly string[]): Promise<Known['conflicts']> {
  if (ips.length === 0) return new Map();
  const rows = await db
    .selectFrom('conflict')
    .selectAll()
    .where('ip', 'in', ips)
    .where('resolved_at', 'is', null)
    .where('mark', '=', true)
    .orderBy('id', 'desc')
    .execute();
  return new Map(rows.map((row) => [ipText(row.ip), conflictRecord(row)]));
}

/** Parked until nothing here withholds the address any more: no row that counts, or a quarantine that is over. */
async function parkedOf(db: Db, ips: readonly string[]): Promise<Known['parked']> {
  if (ips.length === 0) return new Map();
  const rows = await statement<{ readonly ip: string; readonly withheld: boolean }>(
    db,
    `select distinct host(p.ip) as ip, exists (
       select from address a where a.ip = p.ip and a.state in ('reserved', 'active', 'releasing', 'quarantined')
         and not (a.state = 'quarantined' and a.quarantine_until <= now())) as withheld
     from parked p where p.ip = any ($1::inet[]) and p.ended_at is null`,
    [ips],
  );
  return new Map(rows.map((row) => [ipText(row.ip), row.withheld ? ('running' as const) : ('ended' as const)]));
}

async function ordersOf(db: Db, tags: readonly string[], labels: readonly string[]): Promise<Known['orders']> {
  const found = new Map<string, KnownOrder>();
  for (const [column, values] of [
    ['tag', tags],
    ['label', labels],
  ] as const) {
    if (values.length === 0) continue;
    const rows = await db
      .selectFrom('address_order')
      .select(['id', 'tag', 'label', 'owner_workflow', 'owner_run', 'ip', 'outcome'])
      .where(column, 'in', values)
      .execute();
    for (const row of rows) found.set(row[column], knownOrder(row));
  }
  return found;
}

/** Marks that neither an order nor a row of these addresses has: few, so that no index is kept for them. */
async function importedOf(db: Db, marks: readonly string[]): Promise<Known['imported']> {
  if (marks.length === 0) return new Set();
  const rows = await db
    .selectFrom('address')
    .select(['tag', 'label'])
    .where('order_id', 'is', null)
    .where((eb) => eb.or([eb('tag', 'in', marks), eb('label', 'in', marks)]))
    .execute();
  return new Set(marksOf(rows));
}

function marksOf(rows: readonly Pick<RowFacts, 'tag' | 'label'>[]): readonly string[] {
  return rows.flatMap(({ tag, label }) => [tag, label]).filter((mark) => mark !== null);
}

/** Whose release it is: the history names the run that took it off. */
async function releasedBy(db: Db, ips: readonly string[]): Promise<Known['releasedBy']> {
  if (ips.length === 0) return new Map();
  const rows = await statement<{ readonly ip: string; readonly workflow_id: string; readonly run_id: string }>(
    db,
    `select distinct on (ip) host(ip) as ip, workflow_id, run_id from address_history
     where ip = any ($1::inet[]) and event = 'releasing' and workflow_id is not null and run_id is not null
     order by ip, id desc`,
    [ips],
  );
  return new Map(
    rows.map((row): [string, RunRef] => [ipText(row.ip), { workflowId: row.workflow_id, runId: row.run_id }]),
  );
}
