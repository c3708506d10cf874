import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROJECT } from '../../worker/local/home.ts';
import { importHeader, importLines, openImportDesk, type ImportDesk } from './support/import-desk.ts';
import { onTerminal } from './support/preload.ts';

let desk: ImportDesk;
beforeAll(async () => {
  desk = await openImportDesk();
}, 120_000);
afterAll(() => desk.database.drop());

test('lines go to the ledger while the rest of the file is still to come, and a terminal is told how far it is', async () => {
  const env = { ...desk.env, ...onTerminal('stderr') };
  const child = spawn(process.execPath, [join(PROJECT, 'client/cli/iptally.mjs'), 'import', '-'], { env });
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (told.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (told.stderr += text.toString()));
  const ended = once(child, 'close');
  child.stdin.write(importHeader + importLines(0, 10_000));
  // The test's own time ends it where nothing comes.
  while ((await desk.staged()) === 0 || !/\d+ lines read/.test(told.stderr)) await sleep(100);
  expect(child.exitCode).toBeNull();
  child.stdin.end(importLines(10_000, 10_000));
  expect(await ended).toEqual([0, null]);
  expect(told.stdout).toMatch(/^20000 lines, 0 of them bad: imported\n/);
  const read = [...told.stderr.matchAll(/(\d+) lines read/g)].map(([, lines]) => Number(lines));
  expect(read.length).toBeGreaterThan(2);
  expect(read).toEqual(read.toSorted((one, other) => one - other));
  expect(told.stderr).toMatch(/20000 lines are checked[^]*20000 lines are written/);
});
