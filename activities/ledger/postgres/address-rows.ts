import type { AddressState } from '../../../workflows/domain/states.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { AddressRecord, RunRef } from '../records.ts';
import type { Db, Row } from './tables.ts';
import { ipText, time, timeOrNull } from './values.ts';

export type AddressRow = Row<'address'>;

/** On a service. */
export const bound: readonly AddressState[] = ['reserved', 'active'];
/** What the unique index covers (I1). */
export const current: readonly AddressState[] = ['reserved', 'active', 'releasing', 'quarantined'];

/** Rows with the state they read as: a quarantine that is over reads as released, though no timer turned the row. */
export function selectAddresses(db: Db) {
  return db
    .selectFrom('address')
    .selectAll('address')
    .select((eb) =>
      eb
        .case()
        .when(
          eb.and([eb('address.state', '=', 'quarantined'), eb('address.quarantine_until', '<=', eb.fn<string>('now'))]),
        )
        .then(eb.val<AddressState>('released'))
        .else(eb.ref('address.state'))
        .end()
        .as('reads_as'),
    );
}

/** The row that counts for an address, locked until the transaction ends; with the state it reads as. */
export function lockCurrent(db: Db, ip: string) {
  return selectAddresses(db)
    .where('address.ip', '=', ip)
    .where('address.state', 'in', current)
    .forUpdate('address')
    .executeTakeFirst();
}

/** The row that counts, without locking it; else the last released one. */
export function findAddress(db: Db, ip: string) {
  return selectAddresses(db)
    .where('address.ip', '=', ip)
    .orderBy((eb) => eb('address.state', '=', 'released'))
    .orderBy('address.id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** A row with the state it reads as. */
export type SeenRow = AddressRow & { readonly reads_as?: AddressState | null };

export function addressRecord(row: SeenRow): AddressRecord {
  return {
    ip: ipText(row.ip),
    family: row.family,
    state: row.reads_as ?? row.state,
    service: row.service,
    formerService: row.former_service,
    customer: row.customer,
    integration: row.integration,
    group: row.address_group,
    order: row.order_id,
    mark: row.tag === null || row.label === null ? null : { tag: row.tag, label: row.label },
    untagged: row.untagged,
    protected: row.protected,
    deleteBegun: row.delete_begun_at !== null,
    ptr: row.ptr,
    ptrSeen: row.ptr_seen,
    quarantineUntil: timeOrNull(row.quarantine_until),
    version: row.version,
    since: time(row.since),
  };
}

/** What is told of a change: its event, why, and whose run made it. */
export interface Told {
  readonly event: string;
  readonly reason: string | null;
  readonly run: RunRef | null;
}

export interface AddressChange extends Told {
  readonly row: AddressRow;
  readonly set: Partial<Omit<AddressRow, 'id' | 'ip' | 'version' | 'since'>>;
  /** Who is told to have had it: the holder before or after the change. */
  readonly holder: 'before' | 'after';
}

/** The one way a row changes: its version rises, and its history is written in the same transaction. */
export async function changeAddress(db: Db, change: AddressChange): Promise<AddressRow> {
  const { row, set } = change;
  const changed = await db
    .updateTable('address')
    .set((eb) => ({
      ...set,
      version: eb('version', '+', 1),
      ...(set.state === undefined || set.state === row.state ? {} : { since: eb.fn<string>('now') }),
    }))
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirst();
  if (changed === undefined) throw new LedgerContractBroken('no-such-address', ipText(row.ip));
  await tell(db, change.holder === 'before' ? row : changed, change);
  return changed;
}

/** Writes history beside a row: who had it, which event, why, which workflow. */
export async function tell(db: Db, row: AddressRow, told: Told): Promise<void> {
  await db
    .insertInto('address_history')
    .values({
      ip: row.ip,
      event: told.event,
      service: row.service ?? row.former_service,
      customer: row.customer,
      order_id: row.order_id,
      integration: row.integration,
      workflow_id: told.run?.workflowId ?? null,
      run_id: told.run?.runId ?? null,
      reason: told.reason,
    })
    .execute();
}

/** A quarantine that is over, or that this claim may end: the row becomes history and the address is free (I9). */
export async function retire(
  db: Db,
  row: AddressRow,
  why: { readonly reason: string; readonly run: RunRef },
): Promise<void> {
  await changeAddress(db, { row, set: { state: 'released' }, event: 'released', holder: 'before', ...why });
}
