import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../worker/local/home.ts';
import { openPortBook } from '../../worker/local/ports.ts';
import { startPostgres } from '../../worker/local/postgres.ts';
import { findTemporal } from '../../worker/local/temporal-binary.ts';
import { startTemporal } from '../../worker/local/temporal.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';
import { adoptAll, upsertAll } from './apply.ts';
import { expectedCounts, type Shape } from './data.ts';
import { median, ratio, seconds, spread } from './figures.ts';
import { importing } from './import.ts';
import type { JobOrder } from './job.ts';
import { fillLedger, prepareLedger } from './ledger.ts';
import { answerOf, measured, type Bench, type Measured } from './measured.ts';

/**
 * `npm run bench [-- rows...]`: import, apply, and list + compare + plan, each beside its floors, alternating, each in a
 * fresh process (reference/performance.md 4). The panel is a stub that sends ready pages; PostgreSQL, HTTP and all of our
 * code are real. Temporal is in the figures of `workflow` alone; elsewhere the activities are called directly.
 */

const rounds = Number(process.env['BENCH_ROUNDS'] ?? '5');
const asked = process.argv
  .slice(2)
  .map(Number)
  .filter((rows) => rows > 0);
const sizes = asked.length > 0 ? asked : [100_000, 1_000_000];
/** Larger files than these nobody imports, and each takes minutes a round. */
const importSizes = sizes.filter((rows) => rows <= 1_000_000);
const importRounds = Math.min(rounds, 3);

async function main(): Promise<void> {
  const home = openHome(temporaryHome());
  const folder = mkdtempSync(join(tmpdir(), 'iptally-bench-'));
  const ports = openPortBook(home.ports);
  const postgres = await startPostgres({
    home,
    ports,
    note: () => undefined,
    volatile: true,
  });
  const masterKeyFile = join(folder, 'master.key');
  writeFileSync(masterKeyFile, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
  const { migrationUrl, applicationUrl } = postgres;
  const applicationRole = new URL(applicationUrl).username;
  const binary = await findTemporal({ progress: (text) => console.error(text) });
  const temporal = await startTemporal({ home, ports, binary, inMemory: true });
  const ledger = { migrationUrl, applicationUrl, applicationRole, masterKeyFile };
  try {
    console.log(machine());
    const installation = await prepareLedger(ledger);
    const bench = { ledger, folder, postgresPid: postgres.pid, temporalAddress: temporal.address };
    if (importSizes.length > 0) await importing(bench, importSizes, importRounds);
    await applying(bench, { rows: 100_000, installation, differs: 0 });
    for (const rows of sizes) {
      await compareAll(bench, { rows, installation, differs: 1_000 });
      await nothingToDo(bench, { rows, installation, differs: 0 });
    }
  } finally {
    await removeHome(home.path);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareAll(bench: Bench, shape: Shape): Promise<void> {
  await fillLedger(bench.ledger, shape);
  let atOnce = Number.NaN;
  await withStub(bench, { shape, delayMs: 0 }, async (port) => {
    const found = await alternating(bench, port, ['bytes', 'parsed', 'sync']);
    check(shape, found.sync);
    show(`${shape.rows} rows, one in ${shape.differs} differs in each of three ways`, found);
    atOnce = median((found.sync ?? []).map((run) => run.wallMs));
  });
  await withStub(bench, { shape, delayMs: 50 }, async (port) => {
    const found = await alternating(bench, port, ['sync']);
    const wall = median((found.sync ?? []).map((run) => run.wallMs));
    const waiting = (Math.ceil(shape.rows / 1_000) / 16) * 50;
    console.log(
      `  50 ms a page, 16 in flight: ${seconds(wall)}, ${ratio(wall / waiting)} x the pure waiting, ${ratio(wall / atOnce)} x the same at once`,
    );
  });
}

async function nothingToDo(bench: Bench, shape: Shape): Promise<void> {
  await fillLedger(bench.ledger, shape);
  await withStub(bench, { shape, delayMs: 0 }, async (port) => {
    const found = await alternating(bench, port, ['parsed', 'sync', 'workflow']);
    check(shape, found.sync);
    check(shape, found.workflow);
    show(`${shape.rows} rows, nothing to do`, found);
    const { events, ranges } = found.workflow?.[0]?.found ?? {};
    const each = ratio(Number(events) / Number(ranges));
    console.log(
      `  history of the workflow: ${String(events)} events, ranges ${String(ranges)}, ${each} events a range`,
    );
  });
}

/** 1e5 rows of the ledger changed, each with its history, beside COPY and one upsert of the same rows. */
async function applying({ ledger }: Bench, shape: Shape): Promise<void> {
  const ours: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    floors.push(await upsertAll(ledger, shape));
    ours.push(await adoptAll(ledger, shape));
  }
  console.log(`\n${shape.rows} changes of the ledger with their history`);
  console.log(`  COPY and upsert ${seconds(median(floors))} (${spread(floors)})`);
  console.log(`  the store       ${seconds(median(ours))} (${spread(ours)}), with the outcome of each row of the plan`);
  console.log(`  the store = ${ratio(median(ours) / median(floors))} x COPY and upsert`);
}

type Mode = JobOrder['mode'];
type Found = Readonly<Partial<Record<Mode, readonly Measured[]>>>;

/** A B A B, so that a neighbour who is busy for a while is busy for all of them. */
async function alternating(bench: Bench, port: number, modes: readonly Mode[]): Promise<Found> {
  const found: Partial<Record<Mode, Measured[]>> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const mode of modes) (found[mode] ??= []).push(await measured<JobOrder>(bench, './job.ts', { port, mode }));
  }
  return found;
}

async function withStub(
  bench: Bench,
  stub: { readonly shape: Shape; readonly delayMs: number },
  work: (port: number) => Promise<void>,
): Promise<void> {
  const args = ['serve', join(bench.folder, 'pages'), JSON.stringify(stub.shape), String(stub.delayMs)];
  const child = fork(new URL('./stub.ts', import.meta.url), args);
  try {
    const { port } = await answerOf<{ readonly port: number }>(child);
    await work(port);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

function check(shape: Shape, runs: Found['sync']): void {
  const wanted = Object.entries(expectedCounts(shape)).filter(([, count]) => count > 0);
  for (const { found } of runs ?? []) {
    const counts = found['counts'] as Readonly<Record<string, number>>;
    const wrong = wanted.find(([action, count]) => counts[action] !== count);
    if (wrong !== undefined || Object.keys(counts).length !== wanted.length)
      throw new Error(`a wrong plan: ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`);
  }
}

function show(what: string, found: Found): void {
  console.log(`\n${what}`);
  const floor = (mode: Mode, of: (run: Measured) => number): number => median((found[mode] ?? []).map(of));
  for (const [mode, runs] of Object.entries(found)) {
    const walls = runs.map((run) => run.wallMs);
    const peak = Math.round(Math.max(...runs.map((run) => run.peakMb)));
    const cpu = seconds(median(runs.map((run) => run.totalCpuMs)));
    console.log(
      `  ${mode.padEnd(6)} wall ${seconds(median(walls))} (${spread(walls)}), CPU with PostgreSQL ${cpu}, peak ${peak} MB`,
    );
  }
  const wall = (mode: Mode): number => floor(mode, (run) => run.wallMs);
  const cpu = (mode: Mode): number => floor(mode, (run) => run.totalCpuMs);
  const workflow =
    found.workflow === undefined ? '' : `, as a workflow ${ratio(wall('workflow') / wall('sync'))} x sync`;
  const bytes = found.bytes === undefined ? '' : `, ${ratio(wall('sync') / wall('bytes'))} x bytes`;
  console.log(
    `  sync = ${ratio(wall('sync') / wall('parsed'))} x parsed in wall, ${ratio(cpu('sync') / cpu('parsed'))} x in CPU${bytes}${workflow}`,
  );
}

function machine(): string {
  const [cpu] = cpus();
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ', 3).join(' ');
  return [
    `Node ${process.version}, ${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, load ${load}`,
    `${rounds} rounds, alternating, a fresh process each; the panel is a stub (ready pages from a file), Temporal only where it says so`,
  ].join('\n');
}

await main();
