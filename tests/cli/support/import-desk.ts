import { createDatabase, query, type TestDatabase } from '../../support/database.ts';
import { iptally, ledgerEnv } from './cli.ts';

/** A ledger with an integration, a server and a tariff that lines of any number can name. */
export interface ImportDesk {
  readonly database: TestDatabase;
  readonly env: Readonly<Record<string, string>>;
  /** Lines put aside by an import that is under way. */
  staged(): Promise<number>;
}

export async function openImportDesk(): Promise<ImportDesk> {
  const database = await createDatabase();
  const env = ledgerEnv(database);
  const panel = ['--url', 'https://192.0.2.250/ipmgr', '--login', 'billing', '--no-test', '--password-stdin'];
  await iptally(['migrate'], { env });
  await iptally(['integration', 'add', 'main', ...panel], { env, stdin: 'b' });
  await iptally(['server', 'add', 'vps1', '--module', 'external', '--integration', 'main'], { env });
  await iptally(['tariff', 'add', 'one'], { env });
  return {
    database,
    env,
    staged: async () =>
      Number((await query<{ n: string }>(database.applicationUrl, 'select count(*) as n from import_row'))[0]?.n ?? 0),
  };
}

export const importHeader = 'service,kind,domain,customer,server,tariff,addresses\n';

/** Lines of services with one address each, from number `from` on. */
export function importLines(from: number, count: number): string {
  return Array.from({ length: count }, (_none, at) => {
    const n = from + at;
    const ip = `10.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
    return `v-${n},vps,v-${n}.example,c-${n % 1_000},vps1,one,${ip}\n`;
  }).join('');
}
