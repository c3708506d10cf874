import type { Imported, ImportRequest } from '../import-store.ts';
import { inBadLine, isNew } from './import-checks.ts';
import { statement } from './statement.ts';
import type { Db } from './tables.ts';

/** Rows of good lines, each with the integration and the group its address comes under (design.md 7, "Group"). */
const good = `(select r.*, s.integration, coalesce(r.address_group, t.address_group,
    case r.kind when 'hosting' then 'alias' else 'public' end) as in_group
  from import_row r join server s on s.name = r.server join tariff t on t.name = r.tariff
  where r.batch = $1 and not ${inBadLine('r')})`;

/** What is new and what is here already, before anything is written. */
export async function countRows(db: Db, batch: string): Promise<Pick<Imported, 'services' | 'addresses'>> {
  const [services] = await statement<{ readonly known: string; readonly added: string }>(
    db,
    `select count(*) filter (where s.id is not null) as known, count(*) filter (where s.id is null) as added
     from (select distinct service from ${good} g) g left join service s on s.id = g.service and s.state <> 'removed'`,
    [batch],
  );
  const [addresses] = await statement<{ readonly known: string; readonly added: string }>(
    db,
    `select count(*) filter (where not ${isNew('g')}) as known, count(*) filter (where ${isNew('g')}) as added
     from ${good} g where g.ip is not null`,
    [batch],
  );
  const counted = (row: typeof services) => ({ added: Number(row?.added ?? 0), known: Number(row?.known ?? 0) });
  return { services: counted(services), addresses: counted(addresses) };
}

/** A few statements for all rows, in the order in which other transactions take them: services, then addresses. */
export async function writeRows(db: Db, batch: string, wanted: Pick<ImportRequest, 'restoreRemoved'>): Promise<void> {
  // One that is removed after the checks, having no address, stays removed unless that was asked for.
  const services = wanted.restoreRemoved === true ? [reviveServices, addServices] : [addServices];
  for (const sql of [...services, retireQuarantined, addAddresses]) await statement(db, sql, [batch]);
}

/** A removed one begins a new life. */
const reviveServices = `update service s set kind = g.kind, domain = g.domain, customer = g.customer, server = g.server,
    tariff = g.tariff, state = 'active', reason = null, workflow_id = null, updated_at = now()
  from (select distinct on (service) * from ${good} g order by service, line, nth) g
  where s.id = g.service and s.state = 'removed'`;

const addServices = `insert into service (id, kind, domain, customer, server, tariff, state)
  select distinct on (service) service, kind, domain, customer, server, tariff, 'active' from ${good} g
  where not exists (select from service s where s.id = g.service) order by service, line, nth`;

/** A quarantine that is over leaves a row that still counts for the unique index. */
const retireQuarantined = `with retired as (
    update address a set state = 'released', version = a.version + 1, since = now()
    from ${good} g where a.ip = g.ip and a.state = 'quarantined' and a.quarantine_until <= now()
    returning a.ip, a.service, a.former_service, a.customer, a.order_id, a.integration)
  insert into address_history (ip, event, service, customer, order_id, integration, reason)
  select ip, 'released', coalesce(service, former_service), customer, order_id, integration, 'its quarantine is over'
  from retired`;

/** Nobody tagged them yet, so their rows say `untagged` (I2); the unique index decides a race (I1). */
const addAddresses = `with added as (
    insert into address (ip, family, state, service, generation, customer, integration, address_group, untagged, ptr)
    select g.ip, case family(g.ip) when 4 then 'ipv4' else 'ipv6' end, 'active', g.service, s.generation, g.customer,
      g.integration, g.in_group, true, g.ptr
    from ${good} g join service s on s.id = g.service
    where g.ip is not null and ${isNew('g')} order by g.ip
    returning ip, service, customer, integration)
  insert into address_history (ip, event, service, customer, integration, reason)
  select ip, 'imported', service, customer, integration, 'existed already' from added`;
