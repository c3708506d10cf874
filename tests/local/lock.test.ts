import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** A process of its own that takes the lock, says so, holds it until it is told to end, and ends without releasing it. */
async function contender(lock: string): Promise<{ readonly answer: string; readonly end: () => Promise<unknown> }> {
  const script = `
    import { takeLock } from ${JSON.stringify(lockModule)};
    console.log((await takeLock(${JSON.stringify(lock)})).kind);
    process.stdin.resume().once('end', () => process.exit(0));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const end = (): Promise<unknown> => {
    child.stdin.end();
    return ended;
  };
  return { answer: said.toString().trim(), end };
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
    const { answer, end } = await contender(home.lock);
    await end();
    expect(answer).toBe('taken');
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
    const five = await Promise.all(Array.from({ length: 5 }, () => contender(home.lock)));
    await Promise.all(five.map(({ end }) => end()));
    expect(five.map(({ answer }) => answer).toSorted()).toEqual(['held', 'held', 'held', 'held', 'taken']);
  });
});

describe('a process', () => {
  test('is told from others by its start', () => {
    expect(recordOf(process.pid)).toEqual({ pid: process.pid, started: startToken(process.pid) });
    expect(startToken(1)).not.toBe(startToken(process.pid));
  });

  test.each([0, -1, 1.5, Number.NaN, 4_194_305])('with pid %p does not run', (pid) => {
    expect(isAlive(pid)).toBe(false);
  });

  test('that is dead but not reaped does not run', async () => {
    // The shell turns into "sleep", which never asks after the child it inherited.
    const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => {
        resolve(Number(text.toString()));
      });
    });
    for (let looks = 0; looks < 100 && isAlive(pid); looks += 1) await sleep(100);
    expect(isAlive(pid)).toBe(false);
    parent.kill('SIGKILL');
  });
});
