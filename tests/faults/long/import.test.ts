import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { iptally } from '../../cli/support/cli.ts';
import { importHeader, importLines, openImportDesk } from '../../cli/support/import-desk.ts';
import { leavingStatus } from '../../cli/support/preload.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { report } from '../../support/seed.ts';

const desk = await openImportDesk();
afterAll(() => desk.database.drop());

/** Imports so many new services; answers the most memory the command ever had, in MB. */
async function peakOf(from: number, rows: number): Promise<number> {
  const folder = temporaryFolder('import');
  const [file, status] = [join(folder, 'services.csv'), join(folder, 'status')];
  writeFileSync(file, importHeader);
  for (let at = 0; at < rows; at += 10_000) writeFileSync(file, importLines(from + at, 10_000), { flag: 'a' });
  const begun = performance.now();
  const ran = await iptally(['import', file, '--json'], { env: { ...desk.env, ...leavingStatus(status) } });
  expect(ran.json).toMatchObject({ outcome: 'imported', counts: { lines: rows, bad: 0, services: { added: rows } } });
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1]) / 1_024;
  const rate = Math.round((rows / (performance.now() - begun)) * 1_000);
  report(`an import of ${rows} services`, { megabytes: Math.round(peak), 'rows a second': rate });
  return peak;
}

const onLinux = existsSync('/proc/self/status') ? describe : describe.skip;

onLinux('an import', () => {
  test('of 15 times as many lines takes no more than half as much memory again', async () => {
    const few = await peakOf(0, 10_000);
    expect(await peakOf(1_000_000, 150_000)).toBeLessThan(1.5 * few);
  }, 900_000);
});
