import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { importFields } from '../../workflows/domain/import-row.ts';
import { ipOf } from './data.ts';
import { median, ratio, seconds, spread } from './figures.ts';
import type { ImportOrder } from './import-job.ts';
import { emptyLedger } from './ledger.ts';
import { measured, type Bench, type Measured } from './measured.ts';

/** `iptally import` of files of these sizes, each beside a bare COPY of the same file, alternating. */
export async function importing(bench: Bench, sizes: readonly number[], rounds: number): Promise<void> {
  console.log('\nimport of services with one address each, from CSV into an empty ledger');
  const peaks: number[] = [];
  for (const rows of sizes) {
    const file = join(bench.folder, 'services.csv');
    writeServices(file, rows);
    const measuredImport = (mode: ImportOrder['mode']) =>
      measured<ImportOrder>(bench, './import-job.ts', { mode, file });
    const floors: Measured[] = [];
    const ours: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      floors.push(await measuredImport('copy'));
      await emptyLedger(bench.ledger);
      ours.push(await measuredImport('import'));
    }
    await emptyLedger(bench.ledger);
    rmSync(file);
    for (const { found } of ours) check(found, rows);
    peaks.push(peakOf(ours));
    const [floor, wall] = [floors, ours].map((runs) => median(runs.map(({ wallMs }) => wallMs)));
    console.log(`  ${rows} rows, ${rounds} rounds`);
    console.log(`    bare COPY ${line(floors, rows)}`);
    console.log(`    import    ${line(ours, rows)}; progress told ${String(ours[0]?.found['progress'])} times`);
    console.log(`    import = ${ratio((wall ?? Number.NaN) / (floor ?? Number.NaN))} x bare COPY`);
  }
  if (peaks.length > 1)
    console.log(
      `  peak at ${sizes.at(-1)} rows = ${ratio((peaks.at(-1) ?? Number.NaN) / (peaks[0] ?? Number.NaN))} x at ${sizes[0]}`,
    );
}

/** The highest of all: of memory the median would hide what a machine has to have. */
const peakOf = (runs: readonly Measured[]): number => Math.max(...runs.map(({ peakMb }) => peakMb));

function line(runs: readonly Measured[], rows: number): string {
  const walls = runs.map(({ wallMs }) => wallMs);
  const cpu = seconds(median(runs.map(({ totalCpuMs }) => totalCpuMs)));
  const rate = Math.round((rows / median(walls)) * 1_000);
  return `wall ${seconds(median(walls))} (${spread(walls)}), ${rate} rows/s, CPU with PostgreSQL ${cpu}, peak ${Math.round(peakOf(runs))} MB`;
}

/** A bench that imported something else is no bench. */
function check({ outcome, bad, services, addresses }: Measured['found'], rows: number): void {
  const wanted = JSON.stringify(['imported', 0, rows, rows]);
  const found = JSON.stringify([outcome, bad, services, addresses]);
  if (found !== wanted) throw new Error(`a wrong import: ${found}, expected ${wanted}`);
}

function writeServices(path: string, rows: number): void {
  const file = openSync(path, 'w');
  writeSync(file, `${importFields.join(',')}\n`);
  for (let from = 0; from < rows; from += 5_000) {
    const lines = Array.from({ length: Math.min(5_000, rows - from) }, (_none, at) => {
      const n = from + at;
      return `vps-${n},vps,host-${n}.customers.example.com,c-${n % 5_000},bench,bench,,${ipOf(n)},\n`;
    });
    writeSync(file, lines.join(''));
  }
  closeSync(file);
}
