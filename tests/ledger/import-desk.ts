import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';
import type { BadLine, Imported, ImportLine, ImportRequest } from '../../activities/ledger/import-store.ts';
import type { ImportRow } from '../../workflows/domain/import-row.ts';
import { anId, anIp, aReserved, aRun, aService, release, type World } from './world.ts';

/** A good row: a service nobody else has, with an address nobody else has. */
export function row(fields: Partial<ImportRow> = {}): ImportRow {
  const service = fields.service ?? anId('imported');
  return {
    service,
    kind: 'vps',
    domain: `${service}.example.com`,
    customer: 'c-1',
    server: 'srv',
    tariff: 'plain',
    group: null,
    addresses: [{ ip: anIp(), ptr: null }],
    ...fields,
  };
}

/** As lines of a file whose first one is its header. */
export async function* inBatches(rows: readonly ImportRow[], size = 2): AsyncGenerator<readonly ImportLine[]> {
  const lines = rows.map((one, at) => ({ line: at + 2, row: one }));
  for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size);
}

interface Told extends Imported {
  readonly told: readonly BadLine[];
}

/** One import, with what it said against its lines; nothing that was put aside for it stays. */
export async function importInto(
  world: World,
  rows: readonly ImportRow[],
  how: Partial<ImportRequest> = {},
): Promise<Told> {
  const told: BadLine[] = [];
  const onBad = (bad: readonly BadLine[]): void => void told.push(...bad);
  const request = { lines: inBatches(rows), dryRun: false, skipBad: false, onBad, ...how };
  const result = await world.ledger.imports.import(request);
  if (result === 'another-runs') throw new Error('another import runs');
  expect(await world.sql('select 1 from import_row')).toEqual([]);
  return { ...result, told };
}

export const ips = (rows: readonly ImportRow[]): readonly string[] =>
  rows.flatMap((one) => one.addresses.map(({ ip }) => ip));

/** A service that was removed, and the address it had, whose quarantine is over. */
export async function removed(world: World): Promise<{ readonly service: string; readonly ip: string }> {
  const one = await aService(world);
  const { ip } = await aReserved(world, one);
  const service = one.id;
  await release(world, ip, 0);
  await world.ledger.services.beginRemoval({ service, reason: 'a test', run: aRun() });
  await world.ledger.services.finishRemoval({ service, run: aRun() });
  return { service, ip };
}

/** Holds an import up when all is checked and nothing is written: another session is about to add the service of its row. */
export async function blockBefore(
  world: World,
  { service }: ImportRow,
): Promise<{ readonly reached: () => Promise<void>; readonly end: () => Promise<void> }> {
  const orm = await MikroORM.init({
    clientUrl: world.database.migrationUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  const em = orm.em.fork();
  await em.begin();
  const insert = `insert into service (id, kind, domain, server, tariff, state) values (?, 'vps', 'x.example', 'srv', 'plain', 'active')`;
  await em.getConnection().execute(insert, [service], 'run', em.getTransactionContext());
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    and query like 'insert into service%'`;
  return {
    async reached() {
      while ((await world.sql(waiting)).length === 0) await sleep(20);
    },
    async end() {
      await em.rollback();
      await orm.close(true);
    },
  };
}
