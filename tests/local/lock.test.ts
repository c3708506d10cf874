import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openHome } from '../../worker/local/home.ts';
import { homeHolder, takeHome } from '../../worker/local/home-lock.ts';
import { isAlive, recordOf, startToken } from '../../worker/local/processes.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let path: string;
beforeEach(() => {
  path = temporaryHome();
});
afterEach(() => removeHome(path));

const lockModule = join(import.meta.dirname, '../../worker/local/lock.ts');

/** A process of its own that takes the lock, says so, holds it for a while and ends without releasing it. */
function contender(lock: string, holdMs: number): Promise<string> {
  const script = `
    import { takeLock } from ${JSON.stringify(lockModule)};
    const answer = await takeLock(${JSON.stringify(lock)});
    console.log(answer.kind);
    if (answer.kind === 'taken') await new Promise((done) => setTimeout(done, ${holdMs}));
    process.exit(0);`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.once('close', () => {
      resolve(output.trim());
    });
  });
}

describe('the lock of a home', () => {
  test('is taken once: a second taker learns who holds it', async () => {
    const home = openHome(path);
    const first = await takeHome(home);
    expect(first.kind).toBe('taken');
    expect(await takeHome(home)).toMatchObject({ kind: 'held', by: { pid: process.pid } });
    expect(homeHolder(home)?.pid).toBe(process.pid);
    if (first.kind === 'taken') first.lock.release();
    expect(homeHolder(home)).toBeUndefined();
    expect((await takeHome(home)).kind).toBe('taken');
  });

  test('of a process that is gone is free, also when it never released it', async () => {
    const home = openHome(path);
    expect(await contender(home.lock, 0)).toBe('taken');
    expect(homeHolder(home)).toBeUndefined();
    expect((await takeHome(home)).kind).toBe('taken');
  });

  test('is not kept by another process that got the same pid (I6)', async () => {
    const home = openHome(path);
    writeFileSync(home.lock, JSON.stringify({ pid: process.pid, started: 'another boot/1' }));
    expect((await takeHome(home)).kind).toBe('taken');
  });

  test.each(['', '{"pid":', 'null', '[]'])('of which only %p is left is free', async (content) => {
    const home = openHome(path);
    writeFileSync(home.lock, content);
    expect((await takeHome(home)).kind).toBe('taken');
  });

  test('goes to one of many that find the remains of a dead holder at the same moment', async () => {
    const home = openHome(path);
    writeFileSync(home.lock, JSON.stringify({ pid: process.pid, started: 'another boot/1' }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => contender(home.lock, 3_000)));
    expect(answers.toSorted()).toEqual(['held', 'held', 'held', 'held', 'taken']);
  });
});

describe('a process', () => {
  test('is told from others by its start', () => {
    expect(recordOf(process.pid)).toEqual({ pid: process.pid, started: startToken(process.pid) });
    expect(startToken(process.ppid)).not.toBe(startToken(process.pid));
  });

  test.each([0, -1, 1.5, Number.NaN, 4_194_305])('with pid %p does not run', (pid) => {
    expect(isAlive(pid)).toBe(false);
  });

  test('that is dead but not reaped does not run', async () => {
    // The shell turns into "sleep", which never asks after the child it inherited.
    const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 5'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => {
        resolve(Number(text.toString()));
      });
    });
    await new Promise((done) => setTimeout(done, 100));
    expect(isAlive(pid)).toBe(false);
    parent.kill('SIGKILL');
  });
});
