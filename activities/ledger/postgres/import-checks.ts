import type { RowProblem } from '../../../workflows/domain/import-row.ts';
import { mostAddresses } from '../../../workflows/domain/states.ts';
import type { ImportRequest } from '../import-store.ts';
import { lockedIp } from './locks.ts';
import { statement } from './statement.ts';
import type { Db } from './tables.ts';
import { ipText } from './values.ts';

/** A row the ledger has something against. */
export interface BadRow {
  readonly line: number;
  readonly nth: number;
  readonly service: string;
  readonly server: string;
  readonly tariff: string;
  readonly ip: string | null;
  readonly problem: string;
  readonly detail: string | null;
}

interface Check {
  readonly code: string;
  readonly field: 'service' | 'server' | 'tariff' | 'addresses';
  readonly accepted: string;
  readonly says: (detail: string) => string;
  /** Not asked where the operator wants just that. */
  readonly unless?: 'restoreRemoved';
  /** Sets `detail`; $1 is the batch. The first check that matches a row names it. */
  readonly sql: string;
}

const fields = `r.kind, r.domain, r.customer, r.server, r.tariff`;

const mark = (code: string, detail: string, rest: string): string =>
  `update import_row r set problem = '${code}', detail = ${detail} ${rest} and r.problem is null and r.batch = $1`;

/** A bad line is bad whole: of its addresses none is taken alone. */
export const inBadLine = (row: string): string =>
  `exists (select from import_row bad where bad.batch = $1 and bad.line = ${row}.line and bad.problem is not null)`;

/** Its address is on no service here. */
export const isNew = (row: string): string =>
  `not exists (select from address a where a.ip = ${row}.ip and a.state in ('reserved', 'active'))`;

/** What one row alone cannot show. First match from the top, each one statement over the whole import. */
const checks: readonly Check[] = [
  {
    code: 'no-such-server',
    field: 'server',
    accepted: 'a server that was added before (iptally server list)',
    says: () => 'does not exist',
    sql: mark('no-such-server', 'null', `where not exists (select from server s where s.name = r.server)`),
  },
  {
    code: 'no-such-tariff',
    field: 'tariff',
    accepted: 'a tariff that was added before (iptally tariff list)',
    says: () => 'does not exist',
    sql: mark('no-such-tariff', 'null', `where not exists (select from tariff t where t.name = r.tariff)`),
  },
  {
    code: 'differs-in-file',
    field: 'service',
    accepted: 'the same kind, domain, customer, server and tariff on each line of a service',
    says: (line) => `is on line ${line} with other values`,
    sql: mark(
      'differs-in-file',
      'f.first::text',
      `from (select line, nth, min(line) over same as first,
          (kind, domain, customer, server, tariff) is distinct from first_value((kind, domain, customer, server, tariff))
            over (partition by service order by line, nth) as differs
        from import_row where batch = $1 window same as (partition by service)) f
       where f.line = r.line and f.nth = r.nth and f.differs`,
    ),
  },
  {
    code: 'service-not-settled',
    field: 'service',
    accepted: 'a service that is new, or active or suspended here with the same values',
    says: (state) => `is ${state} here`,
    sql: mark(
      'service-not-settled',
      's.state',
      `from service s where s.id = r.service and s.state in ('provisioning', 'waiting', 'removing')`,
    ),
  },
  {
    code: 'service-removed',
    field: 'service',
    accepted: 'a service that was not removed here; --restore-removed begins a new life of it',
    says: (date) => `was removed here on ${date}`,
    unless: 'restoreRemoved',
    sql: mark(
      'service-removed',
      `to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD')`,
      `from service s where s.id = r.service and s.state = 'removed'`,
    ),
  },
  {
    code: 'service-differs',
    field: 'service',
    accepted: 'the values it has here (iptally service show)',
    says: (what) => `exists here with another ${what}`,
    sql: mark(
      'service-differs',
      `concat_ws(', ', case when s.kind <> r.kind then 'kind' end, case when s.domain <> r.domain then 'domain' end,
        case when s.customer is distinct from r.customer then 'customer' end,
        case when s.server <> r.server then 'server' end, case when s.tariff <> r.tariff then 'tariff' end)`,
      `from service s where s.id = r.service and s.state in ('active', 'suspended')
        and (s.kind, s.domain, s.customer, s.server, s.tariff) is distinct from (${fields})`,
    ),
  },
  {
    code: 'licence-with-address',
    field: 'addresses',
    accepted: 'no address for a licence',
    says: () => 'is given to a licence',
    sql: mark('licence-with-address', 'null', `where r.ip is not null and r.kind = 'licence'`),
  },
  {
    code: 'no-integration',
    field: 'addresses',
    accepted: 'addresses only on a server that points to an integration',
    says: (server) => `is on the server ${server}, which points to no integration`,
    sql: mark(
      'no-integration',
      'r.server',
      `from server s where s.name = r.server and s.integration is null and r.ip is not null`,
    ),
  },
  {
    code: 'twice-in-file',
    field: 'addresses',
    accepted: 'each address once in the file',
    says: (line) => `is on line ${line} already`,
    sql: mark(
      'twice-in-file',
      'f.first::text',
      `from (select line, nth, min(line) over (partition by ip) as first,
          row_number() over (partition by ip order by line, nth) as time
        from import_row where batch = $1 and ip is not null) f
       where f.line = r.line and f.nth = r.nth and f.time > 1`,
    ),
  },
  {
    code: 'in-use',
    field: 'addresses',
    accepted: 'an address on no other live service (iptally address show)',
    says: (holder) => `is on the service ${holder} here`,
    sql: mark(
      'in-use',
      `a.service || case when a.service = r.service then ' under the integration ' || a.integration else '' end`,
      `from address a, server s where a.ip = r.ip and a.state in ('reserved', 'active') and s.name = r.server
        and (a.service, a.integration) is distinct from (r.service, s.integration)`,
    ),
  },
  {
    code: 'address-differs',
    field: 'addresses',
    accepted:
      'the values it has here (iptally address show), or none in the file; another PTR is set by iptally address ptr',
    says: (what) => `exists here with another ${what}`,
    sql: mark(
      'address-differs',
      `concat_ws(', ', case when a.address_group <> r.address_group then 'group' end,
        case when r.ptr is not null and a.ptr is distinct from r.ptr then 'ptr' end)`,
      `from address a where a.ip = r.ip and a.state in ('reserved', 'active')
        and (a.address_group <> r.address_group or (r.ptr is not null and a.ptr is distinct from r.ptr))`,
    ),
  },
  {
    code: 'leaving',
    field: 'addresses',
    accepted: 'an address that is not on its way back (iptally address show)',
    says: (state) => `is ${state} here`,
    sql: mark(
      'leaving',
      'a.state',
      `from address a where a.ip = r.ip and (a.state = 'releasing'
        or (a.state = 'quarantined' and a.quarantine_until > now()))`,
    ),
  },
  {
    code: 'in-work',
    field: 'addresses',
    accepted: 'an address that nothing works on at this moment (iptally address show); import it again a little later',
    says: (holder) => `is in work here: ${holder}`,
    sql: mark(
      'in-work',
      'l.owner_workflow',
      `from lock l where ${lockedIp} = r.ip
        and ${isNew('r')}`,
    ),
  },
  {
    code: 'given-back',
    field: 'addresses',
    accepted: 'an address that this service did not give back here; --restore-removed binds it again',
    says: (date) => `was given back here on ${date}`,
    unless: 'restoreRemoved',
    sql: mark(
      'given-back',
      `(select to_char(max(h.at) at time zone 'UTC', 'YYYY-MM-DD') from address_history h
          where h.ip = r.ip and h.service = r.service and h.event = 'quarantined')`,
      `where r.ip is not null
          and exists (select from address a where a.ip = r.ip and a.former_service = r.service
            and a.state in ('quarantined', 'released'))
          and ${isNew('r')}`,
    ),
  },
  {
    code: 'too-many',
    field: 'addresses',
    accepted: `at most ${mostAddresses} addresses a service`,
    says: (count) => `makes ${count} addresses of its service`,
    sql: mark(
      'too-many',
      'f.count::text',
      `from (select fresh.service, fresh.rows + coalesce(held.rows, 0) as count
        from (select i.service, count(*) as rows from import_row i
            left join address a on a.ip = i.ip and a.state in ('reserved', 'active')
            where i.batch = $1 and i.ip is not null and i.problem is null and a.id is null and not ${inBadLine('i')}
            group by i.service) fresh
          left join (select service, count(*) as rows from address where service is not null group by service) held
            on held.service = fresh.service) f
       where f.count > ${mostAddresses} and f.service = r.service and r.ip is not null`,
    ),
  },
];

/** Again, after a race: what another transaction wrote meanwhile may make other rows bad. */
export async function checkRows(db: Db, batch: string, wanted: Pick<ImportRequest, 'restoreRemoved'>): Promise<void> {
  await db
    .updateTable('import_row')
    .set({ problem: null, detail: null })
    .where('batch', '=', batch)
    .where('problem', 'is not', null)
    .execute();
  for (const { sql, unless } of checks) {
    if (unless === undefined || wanted[unless] !== true) await statement(db, sql, [batch]);
  }
}

export function problemOf(row: BadRow): RowProblem {
  const check = checks.find(({ code }) => code === row.problem);
  if (check === undefined) throw new TypeError(`no such check: ${row.problem}`);
  const { code, field, accepted } = check;
  const value = field === 'addresses' ? ipText(row.ip ?? '') : row[field];
  return { code, field, value, accepted, reason: check.says(row.detail ?? '') };
}
