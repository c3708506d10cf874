import type { OpenedService, OpenService, ServiceChange, ServiceSetting } from '../ledger.ts';
import { bound } from './address-rows.ts';
import { lockService, serviceRecord, settingOf, type ServiceRow } from './service-rows.ts';
import type { Db } from './tables.ts';
import { unreachable } from './values.ts';

type Wanted = OpenService['service'];
type Setting = Omit<ServiceSetting, 'service'>;

/**
 * Writes a service before anything is asked for it, or says why these parameters do not fit what it is. `cleared`: nothing
 * of it stands on the server it was to be set up on before.
 */
export async function openService(db: Db, request: OpenService, cleared = false): Promise<OpenedService> {
  const { service } = request;
  const setting = await settingOf(db, service);
  if ('missing' in setting) return { kind: 'no-such', what: setting.missing, name: setting.name };
  const known = await lockService(db, service.id);
  if (known === undefined) return opened(await insertService(db, request), setting);
  switch (known.state) {
    case 'removing':
      return { kind: 'removing' };
    case 'removed':
      return opened(await update(db, request, 'new-life'), setting);
    case 'provisioning':
    case 'waiting': {
      const fields = await differing(db, { known, service, setting, cleared });
      return fields.length > 0 ? { kind: 'differs', fields } : opened(await update(db, request, 'same-life'), setting);
    }
    case 'active':
    case 'suspended': {
      const fields = (['kind', 'domain', 'customer', 'server', 'tariff'] as const).filter(
        (field) => known[field] !== service[field],
      );
      return fields.length > 0 ? { kind: 'differs', fields } : opened(known, setting);
    }
    default:
      return unreachable(known.state);
  }
}

/** Another server, domain or tariff for a service that waits for set-up, with the same addresses. */
export async function changeService(db: Db, change: ServiceChange): Promise<OpenedService> {
  const known = await db.selectFrom('service').selectAll().where('id', '=', change.service).executeTakeFirst();
  if (known === undefined || known.state === 'removed')
    return { kind: 'no-such', what: 'service', name: change.service };
  const { domain, server, tariff } = change;
  const service = { id: known.id, kind: known.kind, customer: known.customer, domain, server, tariff };
  return openService(db, { service, run: change.run }, true);
}

/** The same look without writing anything, whoever runs the service. */
export async function serviceSetting(db: Db, id: string): Promise<OpenedService> {
  const known = await db.selectFrom('service').selectAll().where('id', '=', id).executeTakeFirst();
  if (known === undefined || known.state === 'removed') return { kind: 'no-such', what: 'service', name: id };
  if (known.state === 'removing') return { kind: 'removing' };
  const setting = await settingOf(db, known);
  return 'missing' in setting ? { kind: 'no-such', what: setting.missing, name: setting.name } : opened(known, setting);
}

function opened(row: ServiceRow, setting: Setting): OpenedService {
  return { kind: 'opened', service: serviceRecord(row), ...setting };
}

/**
 * While it is being set up, kind and customer are fixed, and so is the integration once addresses came from it. A run that
 * begins does not know what an earlier one left on the server: there its addresses keep it, until a run that waits clears it.
 */
async function differing(
  db: Db,
  pair: { readonly known: ServiceRow; readonly service: Wanted; readonly setting: Setting; readonly cleared: boolean },
): Promise<readonly string[]> {
  const { known, service, setting, cleared } = pair;
  const fields: string[] = [];
  if (known.kind !== service.kind) fields.push('kind');
  if (known.customer !== service.customer) fields.push('customer');
  if (known.server !== service.server) {
    const held = await db
      .selectFrom('address')
      .select('integration')
      .distinct()
      .where('service', '=', known.id)
      .where('state', 'in', bound)
      .execute();
    if (held.some((row) => !cleared || row.integration !== setting.server.integration)) fields.push('server');
  }
  return fields;
}

/** Of two runs that come at once, the second meets the key, and its whole transaction is said again. */
function insertService(db: Db, { service, run }: OpenService): Promise<ServiceRow> {
  return db
    .insertInto('service')
    .values({ ...service, state: 'provisioning', workflow_id: run.workflowId })
    .returningAll()
    .executeTakeFirstOrThrow();
}

function update(db: Db, { service, run }: OpenService, life: 'new-life' | 'same-life'): Promise<ServiceRow> {
  const { id, ...fields } = service;
  return db
    .updateTable('service')
    .set((eb) => ({
      ...fields,
      workflow_id: run.workflowId,
      updated_at: eb.fn<string>('now'),
      ...(life === 'new-life' ? { state: 'provisioning' as const, reason: null } : {}),
    }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
