import { LedgerContractBroken } from '../contract-broken.ts';
import type { ServiceSetting } from '../ledger.ts';
import type { ServiceRecord } from '../records.ts';
import { integrationRecord, serverRecord, tariffRecord } from './setting-rows.ts';
import type { Db, Row } from './tables.ts';
import { time } from './values.ts';

export type ServiceRow = Row<'service'>;

export function serviceRecord(row: ServiceRow): ServiceRecord {
  return {
    id: row.id,
    kind: row.kind,
    domain: row.domain,
    customer: row.customer,
    server: row.server,
    tariff: row.tariff,
    state: row.state,
    generation: row.generation,
    reason: row.reason,
    workflowId: row.workflow_id,
    createdAt: time(row.created_at),
    updatedAt: time(row.updated_at),
  };
}

/** The service, alone in our hands until the transaction ends. */
export function lockService(db: Db, id: string): Promise<ServiceRow | undefined> {
  return db.selectFrom('service').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
}

/** The service as it is, and no removal of it can begin until the transaction ends; others may do the same. */
export async function shareService(db: Db, id: string): Promise<ServiceRow> {
  const row = await db.selectFrom('service').selectAll().where('id', '=', id).forShare().executeTakeFirst();
  if (row === undefined) throw new LedgerContractBroken('no-such-service', id);
  return row;
}

/** Orders and claims are refused from the moment a removal began, and for a life of the service that is over. */
export function isLeaving(service: ServiceRow, generation: number = service.generation): boolean {
  return service.state === 'removing' || service.state === 'removed' || service.generation !== generation;
}

/** Server and tariff are kept from being removed until the transaction ends. */
export async function settingOf(
  db: Db,
  names: { readonly server: string; readonly tariff: string },
): Promise<Omit<ServiceSetting, 'service'> | { readonly missing: 'server' | 'tariff'; readonly name: string }> {
  const server = await db
    .selectFrom('server')
    .selectAll()
    .where('name', '=', names.server)
    .forShare()
    .executeTakeFirst();
  if (server === undefined) return { missing: 'server', name: names.server };
  const tariff = await db
    .selectFrom('tariff')
    .selectAll()
    .where('name', '=', names.tariff)
    .forShare()
    .executeTakeFirst();
  if (tariff === undefined) return { missing: 'tariff', name: names.tariff };
  const integration =
    server.integration === null
      ? undefined
      : await db.selectFrom('integration').selectAll().where('name', '=', server.integration).executeTakeFirst();
  return {
    server: serverRecord(server),
    tariff: tariffRecord(tariff),
    integration: integration === undefined ? null : integrationRecord(integration),
  };
}
