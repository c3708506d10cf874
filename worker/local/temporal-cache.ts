import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { IptallyError } from '../iptally-error.ts';
import { errorCode } from './values.ts';

/** A usable Temporal binary and how it came here. */
export interface TemporalBinary {
  readonly path: string;
  readonly version: string;
  /** Words for a person: `PATH`, `cache (Python wheel)`, … */
  readonly source: string;
}

/** Where copies are kept, for all clones of one user. */
export function cacheFolder(version: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const set = env['XDG_CACHE_HOME'];
  const root = set === undefined || !set.startsWith('/') ? join(env['HOME'] || homedir(), '.cache') : set;
  return join(root, 'iptally', `temporal-${version}`);
}

/** The kept copy, if it is the one that was put there: half a copy, or a changed one, is no copy. */
export async function fromCache(folder: string, version: string): Promise<TemporalBinary | string> {
  const path = join(folder, 'temporal');
  if (!existsSync(path)) return 'nothing there yet';
  const [hash, ...source] = existsSync(join(folder, 'sha256'))
    ? readFileSync(join(folder, 'sha256'), 'utf8').trim().split(' ')
    : [];
  if (hash === undefined) return 'a copy without its hash';
  if ((await sha256(path)) !== hash) return 'a copy that differs from what was put there';
  return { path, version, source: `cache (${source.join(' ')})` };
}

/** Makes the folder the cache lies in; a place where that is not possible is an answer with its next step. */
export function makeCache(folder: string): void {
  try {
    mkdirSync(join(folder, '..'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new IptallyError({
      code: 'cache-not-usable',
      message: `The folder for downloaded programs cannot be made: ${join(folder, '..')} (${errorCode(error)}).`,
      field: 'XDG_CACHE_HOME',
      value: folder,
      accepted: 'a folder this user may write',
      next: 'Set XDG_CACHE_HOME to such a folder and start again.',
      exitStatus: 4,
    });
  }
}

/**
 * Puts a binary into the cache: it must say the pinned version, its hash is kept beside it, and the folder appears
 * with both in one rename, so no process ever runs half a file.
 */
export async function intoCache(
  binary: string,
  target: { readonly folder: string; readonly version: string; readonly source: string },
): Promise<TemporalBinary> {
  chmodSync(binary, 0o755);
  const says = await versionOf(binary);
  if (says !== target.version) throw new Error(`it is version ${says ?? 'unknown'}, not ${target.version}`);
  const fresh = scratch(target.folder);
  renameSync(binary, join(fresh, 'temporal'));
  writeFileSync(join(fresh, 'sha256'), `${await sha256(join(fresh, 'temporal'))} ${target.source}\n`);
  if (existsSync(target.folder)) {
    // Renamed first: a server that still runs from it keeps its file, and deleting takes a moment.
    const old = `${target.folder}.old-${randomBytes(4).toString('hex')}`;
    renameSync(target.folder, old);
    rmSync(old, { recursive: true, force: true });
  }
  renameSync(fresh, target.folder);
  return { path: join(target.folder, 'temporal'), version: target.version, source: target.source };
}

/** A folder of our own beside the cache, on the same file system so that a rename moves things there. */
export function scratch(folder: string): string {
  const path = `${folder}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  mkdirSync(path, { mode: 0o755 });
  return path;
}

/** The version a binary says it has; `undefined` when it is none or does not run here. */
export async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000 });
    return /^temporal version (\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
