import { randomBytes } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessRecord, readRecord, recordOf, stillRuns } from './processes.ts';
import { errorCode } from './values.ts';

/** A lock that is held until it is released or the process that took it is gone. */
export interface Lock {
  readonly release: () => void;
}

export type LockAnswer =
  | { readonly kind: 'taken'; readonly lock: Lock }
  | { readonly kind: 'held'; readonly by: ProcessRecord };

/**
 * Takes the lock in a file, or tells which living process has it. The holder is named by pid and start of the
 * process: a number that is used again does not keep the lock of the dead.
 */
export async function takeLock(path: string): Promise<LockAnswer> {
  const mine = recordOf(process.pid);
  if (mine === undefined) throw new Error('this process does not find itself');
  const content = `${JSON.stringify({ ...mine, nonce: randomBytes(8).toString('hex') })}\n`;
  for (;;) {
    const created = createWhole(path, content);
    if (created) {
      // Whoever removes the remains of a dead holder may, in the same instant, have moved this lock away instead.
      // It is put back at once; wait for that moment to pass and look.
      await sleep(30);
      const now = readRecord(path);
      if (now?.pid === mine.pid && now.started === mine.started) return { kind: 'taken', lock: held(path, mine) };
      continue;
    }
    const holder = readRecord(path);
    if (holder !== undefined && stillRuns(holder)) return { kind: 'held', by: holder };
    moveRemainsAway(path);
  }
}

/** Waits for the lock as long as its holder lives; `waiting` is called once, with who has it. */
export async function waitForLock(path: string, waiting: (by: ProcessRecord) => void): Promise<Lock> {
  let told = false;
  for (;;) {
    const answer = await takeLock(path);
    if (answer.kind === 'taken') return answer.lock;
    if (!told) waiting(answer.by);
    told = true;
    await sleep(200);
  }
}

/** Creates the file with its content in one step: a link to a finished file, so nobody ever reads half a lock. */
function createWhole(path: string, content: string): boolean {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Moves the lock file of a dead holder away. When it turns out to be a living one's after all, it is put back. */
function moveRemainsAway(path: string): void {
  const aside = `${path}.stale-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    // Somebody else was faster.
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    const moved = readRecord(aside);
    if (moved !== undefined && stillRuns(moved)) linkSync(aside, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function held(path: string, mine: ProcessRecord): Lock {
  return {
    release: () => {
      const now = readRecord(path);
      if (now?.pid === mine.pid && now.started === mine.started) rmSync(path, { force: true });
    },
  };
}
