import { randomBytes } from 'node:crypto';
import type { BadLine, Imported, ImportLine, ImportRequest, ImportStore } from '../import-store.ts';
import type { Database } from './database.ts';
import { checkRows, problemOf, type BadRow } from './import-checks.ts';
import { insistNoneInWork, shareNamed } from './import-locks.ts';
import { countRows, writeRows } from './import-write.ts';
import { batches, batchRows, statement } from './statement.ts';
import type { Db } from './tables.ts';

export function importsIn(database: Database): ImportStore {
  return { import: (request) => importRows(database, request) };
}

async function importRows(database: Database, request: ImportRequest): Promise<Imported | 'another-runs'> {
  const batch = await openBatch(database);
  try {
    const lines = await stage(database, batch, request);
    request.onProgress?.({ phase: 'checking', lines });
    const settled = await database.transact((db) => settle(db, batch, { request, lines }));
    if (settled === 'another-runs') return settled;
    await reportBad(database, batch, request.onBad);
    return { ...settled, lines };
  } finally {
    await database.read((db) => db.deleteFrom('import_row').where('batch', '=', batch).execute());
  }
}

/** Named by its time: what a killed import left is found by its age, and removed. */
async function openBatch(database: Database): Promise<string> {
  const dayMs = 86_400_000;
  const name = (at: number): string => new Date(at).toISOString();
  const now = Date.now();
  await database.read((db) =>
    db
      .deleteFrom('import_row')
      .where('batch', '<', name(now - dayMs))
      .execute(),
  );
  return `${name(now)}-${randomBytes(3).toString('hex')}`;
}

/** Rows are put aside as they come; each batch is on its own, so no transaction stays open while a file is read. */
async function stage(database: Database, batch: string, request: ImportRequest): Promise<number> {
  let lines = 0;
  for await (const some of request.lines) {
    for (const rows of batches(some.flatMap(flatRows))) await database.read((db) => insertRows(db, batch, rows));
    lines += some.length;
    request.onProgress?.({ phase: 'reading', lines });
  }
  return lines;
}

interface FlatRow extends Omit<ImportLine['row'], 'addresses'> {
  readonly line: number;
  readonly nth: number;
  readonly ip: string | null;
  readonly ptr: string | null;
}

/** One for each address; a service without any is one too. */
function flatRows({ line, row }: ImportLine): readonly FlatRow[] {
  const { addresses, ...service } = row;
  if (addresses.length === 0) return [{ ...service, line, nth: 0, ip: null, ptr: null }];
  return addresses.map(({ ip, ptr }, nth) => ({ ...service, line, nth, ip, ptr }));
}

async function insertRows(db: Db, batch: string, rows: readonly FlatRow[]): Promise<void> {
  const column = <Name extends keyof FlatRow>(name: Name): readonly FlatRow[Name][] => rows.map((row) => row[name]);
  await statement(
    db,
    `insert into import_row (batch, line, nth, service, kind, domain, customer, server, tariff, address_group, ip, ptr)
     select $1, * from unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
       $10::text[], $11::inet[], $12::text[])`,
    [
      batch,
      ...[column('line'), column('nth'), column('service'), column('kind'), column('domain'), column('customer')],
      ...[column('server'), column('tariff'), column('group'), column('ip'), column('ptr')],
    ],
  );
}

/** More than these are joined as many, at the price of one look through the ledger; fewer are looked up one by one. */
const fewLines = 500;

/** Checks and writes in one transaction: what was checked is what is written, or a race repeats all of it (I1). */
async function settle(
  db: Db,
  batch: string,
  { request, lines }: { readonly request: ImportRequest; readonly lines: number },
): Promise<Omit<Imported, 'lines'> | 'another-runs'> {
  // One import at a time: a row checked against an address that another one is writing would be left out unseen (I1).
  if (!(await takeTurn(db))) return 'another-runs';
  // A million rows take longer than any statement of the daily work may.
  await statement(db, 'set local statement_timeout = 0', []);
  await statement(db, 'set local idle_in_transaction_session_timeout = 0', []);
  // Nobody has analysed rows that came a moment ago: taken for few, they were looked through once for each of them.
  if (lines > fewLines) await statement(db, 'set local enable_nestloop = off', []);
  await shareNamed(db, batch);
  await checkRows(db, batch, request);
  const bad = await badCount(db, batch);
  const counts = await countRows(db, batch);
  const refused = !request.skipBad && bad + (request.badLines?.() ?? 0) > 0;
  if (refused) return { outcome: 'refused', bad, ...counts };
  if (request.dryRun) return { outcome: 'checked', bad, ...counts };
  request.onProgress?.({ phase: 'writing', lines });
  await writeRows(db, batch, request);
  await insistNoneInWork(db, batch);
  return { outcome: 'imported', bad, ...counts };
}

/** Not waited for: another one may take many minutes, and waiting for a lock ends as if the ledger were away. */
async function takeTurn(db: Db): Promise<boolean> {
  const [turn] = await statement<{ readonly mine: boolean }>(
    db,
    `select pg_try_advisory_xact_lock(hashtext('iptally import')) as mine`,
    [],
  );
  return turn?.mine === true;
}

async function badCount(db: Db, batch: string): Promise<number> {
  const { count } = await db
    .selectFrom('import_row')
    .select((eb) => eb.fn.count<string>('line').distinct().as('count'))
    .where('batch', '=', batch)
    .where('problem', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** In the order of the file, a few thousand at a time. */
async function reportBad(database: Database, batch: string, tell: ImportRequest['onBad']): Promise<void> {
  for (let after: readonly [number, number] = [0, -1]; ;) {
    const [line, nth] = after;
    const rows = await database.read((db) =>
      statement<BadRow>(
        db,
        `select line, nth, service, server, tariff, host(ip) as ip, problem, detail from import_row
         where batch = $1 and problem is not null and (line, nth) > ($2, $3) order by line, nth limit ${batchRows}`,
        [batch, line, nth],
      ),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    tell(rows.map((row): BadLine => ({ line: row.line, problem: problemOf(row) })));
    after = [last.line, last.nth];
  }
}
