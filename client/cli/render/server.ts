import type { ServerRecord } from '../../../activities/ledger/records.ts';
import type { ServerReport } from '../../../activities/servers/server-module.ts';
import type { ServerView } from '../../views/settings.ts';
import { details, table } from './table.ts';
import { moment } from './time.ts';

export function serverTable(servers: readonly ServerView[]): string {
  if (servers.length === 0) return 'no server yet: add one with "iptally server add NAME --module M"';
  return table(
    ['NAME', 'MODULE', 'INTEGRATION', 'URL', 'LOGIN'],
    servers.map((one) => [one.name, one.module, one.integration, one.url, one.login]),
  );
}

export function serverDetails(one: ServerView): string {
  return details([
    ['name', one.name],
    ['module', one.module],
    ['integration', one.integration ?? 'none: its services get no addresses'],
    ...(one.url === null ? [] : [['url', one.url] as const, ['login', one.login] as const]),
    ...(one.pin === null ? [] : [['certificate', `pinned ${one.pin}`] as const]),
    ...(one.ca === null ? [] : [['certificate', 'a certificate of its own (--ca)'] as const]),
    ...Object.entries(one.settings),
    ...(one.url === null ? [] : [['request timeout', one.requestTimeout] as const]),
    ['added', moment(one.createdAt)],
  ]);
}

/** What a server said of itself. */
export function serverReport(record: Pick<ServerRecord, 'name' | 'module'>, report: ServerReport) {
  const { product, version, rights, missing } = report;
  const json = { name: record.name, module: record.module, product, version, rights, missing };
  const text = details([
    ['panel', `${product} ${version ?? '(version not told)'}`],
    ['rights', rights],
    ['missing', missing.length === 0 ? 'nothing' : missing.join('; ')],
  ]);
  return { json, text };
}
