import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isRecord } from './values.ts';

/**
 * Writes a file so that a reader sees the old content or the new one, never half of it, also when this process is
 * killed in between. 0600: what lies in a home names databases and passwords (I11).
 */
export function writeAtomically(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.${randomBytes(3).toString('hex')}`;
  try {
    writeFileSync(temporary, content, { mode, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same for a value kept as JSON. */
export function writeJson(path: string, value: unknown): void {
  writeAtomically(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** The JSON object in a file; `undefined` when there is none or it is not one. */
export function readJsonObject(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The secret kept in a file; made, 0600, on first use and never changed afterwards. */
export function keptSecret(path: string, make: () => string): string {
  if (!existsSync(path)) writeAtomically(path, `${make()}\n`);
  return readFileSync(path, 'utf8').trim();
}

/** The last lines a process wrote to its log since `offset`: what an earlier run wrote explains nothing. */
export function linesSince(path: string, offset: number, count = 5): string {
  try {
    const text = readFileSync(path).subarray(offset).toString('utf8');
    return text.trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

/** Moves a log aside once it is large, so that it grows to twice the limit at most. */
export function rotate(path: string, limitBytes = 10 * 1024 * 1024): void {
  try {
    if (statSync(path).size > limitBytes) renameSync(path, `${path}.1`);
  } catch {
    // No log yet: nothing to move.
  }
}
