import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, isRecord } from './values.ts';

/** A process as it is remembered in a file: the pid alone would mean another process once the number is used again. */
export interface ProcessRecord {
  readonly pid: number;
  /** What tells this process from an earlier or later one with the same pid (see {@link startToken}). */
  readonly started: string;
}

/** The fields of `/proc/PID/stat` behind the command name, which itself may contain blanks and brackets. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'boot';
  }
}

/** Whether a process with this pid runs. A zombie does not: where nobody reaps, a killed process would live for ever. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (process.platform === 'linux') {
    const state = statFields(pid)?.[0];
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, but belongs to somebody else.
    return errorCode(error) === 'EPERM';
  }
}

/**
 * A text that differs between two processes that had the same pid: the boot of the machine and the ticks since then,
 * on macOS the wall clock of the start. `undefined` when no such process runs.
 */
export function startToken(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  if (process.platform === 'linux') {
    const ticks = statFields(pid)?.[19];
    return ticks === undefined ? undefined : `${bootId()}/${ticks}`;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a running process; `undefined` when it ended already. */
export function recordOf(pid: number): ProcessRecord | undefined {
  const started = startToken(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether the very process that was recorded still runs. */
export function stillRuns(record: ProcessRecord): boolean {
  return startToken(record.pid) === record.started;
}

/** Reads a record written as JSON; anything that is not one counts as absent. */
export function readRecord(path: string): ProcessRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isRecord(value)) return undefined;
    const { pid, started } = value;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

/** The whole command line of a process, its arguments separated by blanks; empty when it cannot be read. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    }
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** All processes whose command line contains a text. Only Linux can tell; elsewhere there is none. */
export function runningWith(text: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isAlive(pid) && commandLine(pid).includes(text));
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** Waits until a process is gone; answers whether it is. */
export async function gone(pid: number, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (isAlive(pid)) {
    if (Date.now() >= end) return false;
    await sleep(20);
  }
  return true;
}

/** Asks a process to end, and ends it when it has not done so in time. */
export async function endProcess(
  pid: number,
  options: { readonly signal: NodeJS.Signals; readonly graceMs: number },
): Promise<void> {
  if (!isAlive(pid)) return;
  signal(pid, options.signal);
  if (await gone(pid, options.graceMs)) return;
  signal(pid, 'SIGKILL');
  await gone(pid, 2_000);
}
