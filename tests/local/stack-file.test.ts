import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeAtomically } from '../../worker/local/files.ts';
import { openHome } from '../../worker/local/home.ts';
import { takeHome } from '../../worker/local/home-lock.ts';
import { readStack, removeStack, type StackFile, writeStack } from '../../worker/local/stack-file.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let home: string;
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => removeHome(home));

const stack: StackFile = {
  pid: process.pid,
  pids: { postgres: 2, temporal: 3, worker: 4 },
  temporalAddress: '127.0.0.1:1',
  namespace: 'iptally',
  webUi: 'http://127.0.0.1:2',
  databaseUrl: 'postgresql://iptally_app:secret@127.0.0.1:3/iptally',
  simulators: { ipmanager: 'http://127.0.0.1:4' },
};

/** The pid of a process that has ended. */
const deadPid = (): number => spawnSync('true').pid;

test('what was written is read, by its owner alone (I11)', () => {
  expect(readStack(home)).toBeUndefined();
  writeStack(home, stack);
  expect(readStack(home)).toEqual(stack);
  expect(statSync(join(home, 'stack.json')).mode & 0o777).toBe(0o600);
  removeStack(home);
  removeStack(home);
  expect(readStack(home)).toBeUndefined();
});

test('a file whose process is gone counts as absent', () => {
  writeStack(home, { ...stack, pid: deadPid() });
  expect(readStack(home)).toBeUndefined();
});

test('a file whose pid was given to another process counts as absent, when the lock tells so', async () => {
  writeStack(home, stack);
  const lock = openHome(home).lock;
  writeFileSync(lock, JSON.stringify({ pid: process.pid, started: 'another boot/1' }));
  expect(readStack(home)).toBeUndefined();
  await takeHome(openHome(home));
  expect(readStack(home)).toEqual(stack);
});

test.each(['', '{', '[]', '{"pid": 1}', 'null'])('a file with %p in it counts as absent', (content) => {
  writeFileSync(join(home, 'stack.json'), content);
  expect(readStack(home)).toBeUndefined();
});

test('a write that fails leaves the old content and nothing beside it', () => {
  const path = join(home, 'x');
  writeAtomically(path, 'old');
  expect(() => {
    writeAtomically(join(home, 'missing', 'x'), 'new');
  }).toThrow(/ENOENT/);
  expect(readFileSync(path, 'utf8')).toBe('old');
  writeAtomically(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(home)).toEqual(['x']);
});
