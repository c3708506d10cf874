import { migrate } from '../../activities/ledger/migrate.ts';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { defaultThresholds } from '../../workflows/domain/guard.ts';
import { execute, query } from '../support/database.ts';
import { isUnknownHere, type Shape } from './data.ts';

export interface BenchLedger {
  readonly migrationUrl: string;
  readonly applicationUrl: string;
  readonly applicationRole: string;
  readonly masterKeyFile: string;
}

/** Migrates, adds the integration, and answers the installation that stands in our tags. */
export async function prepareLedger(ledger: BenchLedger): Promise<string> {
  await migrate({ migrationUrl: ledger.migrationUrl, applicationRole: ledger.applicationRole });
  const opened = await connectLedger({ url: ledger.applicationUrl, masterKeyFile: ledger.masterKeyFile });
  const fields = {
    ...{
      url: 'https://bench.example/ipmgr',
      login: 'bench',
      adminLogin: null,
      ignoredGroups: [],
      policy: 'all' as const,
    },
    ...{ timeZone: 'UTC', coolDownMs: 0, quarantineMs: 0, requestTimeoutMs: 60_000, fenceMs: 120_000, maxAttempts: 6 },
    ...{
      maxConflicts: 10,
      onConflict: 'mark' as const,
      ca: null,
      pin: null,
      allowPlainHttp: true,
      dialectOverrides: {},
    },
    thresholds: defaultThresholds,
  };
  await opened.settings.integrations.add('panel', fields, { password: 'bench', adminPassword: null });
  await opened.settings.servers.add('bench', server, null);
  await opened.settings.tariffs.add('bench', { dedicated: true, ipv4: 1, ipv6: 0, group: null });
  const installation = await opened.installation();
  await opened.close();
  return installation;
}

const server = {
  ...{ module: 'external', url: null, login: null, settings: {}, integration: 'panel', requestTimeoutMs: 60_000 },
  ...{ ca: null, pin: null, allowPlainHttp: true },
};

/** As it was before anything was imported, the history too: rounds must not become slower by what is left of others. */
export async function emptyLedger({ migrationUrl }: BenchLedger): Promise<void> {
  await execute(migrationUrl, [
    'alter table address_history disable trigger user',
    'truncate address, address_history, service, import_row cascade',
    'alter table address_history enable trigger user',
    'checkpoint',
  ]);
}

/** Rows in random heap order: in address order the heap would hide what the covering index is for (performance.md 4.7). */
export async function fillLedger(ledger: BenchLedger, shape: Shape): Promise<void> {
  const skip = shape.differs === 0 ? '' : `where n % ${shape.differs} <> 2`;
  if (shape.differs > 0 && !isUnknownHere(2, shape)) throw new Error('SQL and data.ts disagree');
  await execute(ledger.migrationUrl, [
    'truncate address, sync_item, sync_run, lock, sighting',
    `insert into service (id, kind, domain, server, tariff, state)
       values ('bench', 'vps', 'bench.example.com', 'bench', 'bench', 'active') on conflict do nothing`,
    `insert into address (ip, family, state, service, integration, address_group, order_id, tag, label, ptr, ptr_seen)
       select '11.0.0.0'::inet + n, 'ipv4', 'active', 'bench', 'panel', 'public', 'bench/1/ipv4/' || n,
         'iptally:${shape.installation}:' || lpad(to_hex(n), 16, '0'), 'iptally-' || md5(n::text),
         'host-' || n || '.customers.example.com', 'host-' || n || '.customers.example.com'
       from generate_series(0, ${shape.rows - 1}) n ${skip} order by random()`,
  ]);
  for (let tries = 0; tries < 20; tries += 1) {
    await execute(ledger.migrationUrl, ['vacuum (freeze, analyze) address', 'checkpoint']);
    const [row] = await query<{ share: number }>(
      ledger.migrationUrl,
      `select relallvisible::float / greatest(relpages, 1) as share from pg_class where relname = 'address'`,
    );
    if ((row?.share ?? 0) > 0.99) return;
  }
}
