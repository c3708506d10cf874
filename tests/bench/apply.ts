import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { execute, query } from '../support/database.ts';
import { ipOf, tagOf, type Shape } from './data.ts';
import { connect, copyIn } from './driver.ts';
import { fillLedger, type BenchLedger } from './ledger.ts';

/** Rows the store takes in one transaction here: its own largest statement. */
const batch = 5_000;

/** Every row of the ledger gets another PTR, with its history and its outcome in the plan: what the store itself does. */
export async function adoptAll(ledger: BenchLedger, shape: Shape): Promise<number> {
  await fillLedger(ledger, shape);
  await planEverything(ledger, shape.rows);
  const opened = await connectLedger({ url: ledger.applicationUrl, masterKeyFile: ledger.masterKeyFile });
  const rows = Array.from({ length: shape.rows }, (_none, n) => ({ ip: ipOf(n), version: 1, ptr: newPtr(n) }));
  try {
    const begun = performance.now();
    for (let from = 0; from < rows.length; from += batch) {
      const some = rows.slice(from, from + batch);
      await opened.syncs.adoptPtrs({ run: 'bench', rows: some, by: { workflowId: 'sync/panel', runId: 'bench' } });
    }
    const wallMs = performance.now() - begun;
    await check(ledger, shape.rows, `and (select done from sync_run where run = 'bench') = ${shape.rows}`);
    return wallMs;
  } finally {
    await opened.close();
  }
}

/** The same rows and as many of history by COPY into a table of its own, and one upsert from there: nothing is looked at. */
export async function upsertAll(ledger: BenchLedger, shape: Shape): Promise<number> {
  await fillLedger(ledger, shape);
  const chunks = textOf(shape);
  const client = await connect(ledger.migrationUrl);
  try {
    const begun = performance.now();
    await client.query('begin');
    await client.query(`create temporary table staged (${stagedColumns}) on commit drop`);
    await copyIn(client, 'copy staged from stdin', chunks);
    await client.query(upsertSql);
    await client.query(
      `insert into address_history (ip, event, service, order_id, integration, workflow_id, run_id, reason)
       select ip, 'ptr', service, order_id, integration, 'sync/panel', 'bench', 'taken over' from staged`,
    );
    await client.query('commit');
    const wallMs = performance.now() - begun;
    await check(ledger, shape.rows, '');
    return wallMs;
  } finally {
    await client.end();
  }
}

const stagedColumns = `ip inet, family text, state text, service text, integration text, address_group text, order_id text,
  tag text, ptr text, ptr_seen text, version int`;
const names = 'ip, family, state, service, integration, address_group, order_id, tag, ptr, ptr_seen, version';
const upsertSql = `insert into address (${names}) select ${names} from staged
  on conflict (ip) where state in ('reserved', 'active', 'releasing', 'quarantined')
  do update set ptr = excluded.ptr, ptr_seen = excluded.ptr_seen, version = excluded.version`;

function newPtr(n: number): string {
  return `moved-${n}.example.net`;
}

function textOf(shape: Shape): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < shape.rows; from += batch) {
    const length = Math.min(batch, shape.rows - from);
    const lines = Array.from({ length }, (_none, at) => {
      const n = from + at;
      const order = `bench/1/ipv4/${n}`;
      const fixed = [ipOf(n), 'ipv4', 'active', 'bench', 'panel', 'public', order, tagOf(shape.installation, n)];
      return [...fixed, newPtr(n), newPtr(n), '2'].join('\t');
    });
    chunks.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  return chunks;
}

async function planEverything(ledger: BenchLedger, rows: number): Promise<void> {
  await execute(ledger.migrationUrl, [
    `insert into sync_run (run, integration, owner_workflow, owner_run, login, policy, dry_run, history_before)
     values ('bench', 'panel', 'sync/panel', 'bench', 'bench', 'all', false, 0)`,
    `insert into sync_item (run, position, ip, discrepancy, action, reason, remote_held, version)
     select 'bench', n + 1, host('11.0.0.0'::inet + n), 'ptr-drift', 'adopt-ptr', 'bench', true, 1
     from generate_series(0, ${rows - 1}) n`,
    'vacuum (analyze) sync_item',
  ]);
}

/** A bench that changed something else is no bench. */
async function check(ledger: BenchLedger, rows: number, also: string): Promise<void> {
  const [found] = await query<{ readonly well: boolean }>(
    ledger.migrationUrl,
    `select (select count(*) from address where ptr like 'moved-%' and version = 2) = ${rows}
       and (select count(*) from address_history where run_id = 'bench') >= ${rows} ${also} as well`,
  );
  if (found?.well !== true) throw new Error('the apply of the bench did not change what it says');
}
