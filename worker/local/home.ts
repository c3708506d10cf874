import { createHash, randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IptallyError } from '../iptally-error.ts';
import { keptSecret, readJsonObject, writeJson } from './files.ts';
import { errorCode } from './values.ts';

/** The folder that holds package.json. */
export const PROJECT = resolve(import.meta.dirname, '../..');

/** A home: the folder with everything one embedded stack keeps. */
export interface Home {
  readonly path: string;
  /** Made with the home. Tells this home from an earlier one at the same place whose cluster lies elsewhere. */
  readonly id: string;
  readonly lock: string;
  readonly stack: string;
  readonly versions: string;
  readonly ports: string;
  readonly masterKey: string;
  readonly postgres: string;
  readonly temporal: string;
  readonly simulators: string;
  readonly workerLog: string;
}

/** Where the home is: `IPTALLY_HOME`, else `.iptally` beside package.json. Makes nothing. */
export function homePath(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const set = env['IPTALLY_HOME'];
  return set === undefined || set === '' ? join(PROJECT, '.iptally') : resolve(set);
}

/** Opens a home and makes what is missing of it. A folder that was there before keeps its rights. */
export function openHome(path: string = homePath()): Home {
  const id = makeHome(path);
  const home: Home = {
    path,
    id,
    lock: join(path, 'lock'),
    stack: join(path, 'stack.json'),
    versions: join(path, 'versions.json'),
    ports: join(path, 'ports.json'),
    masterKey: join(path, 'master.key'),
    postgres: join(path, 'postgres'),
    temporal: join(path, 'temporal'),
    simulators: join(path, 'simulators'),
    workerLog: join(path, 'worker.log'),
  };
  mkdirSync(home.temporal, { recursive: true, mode: 0o700 });
  mkdirSync(home.simulators, { recursive: true, mode: 0o700 });
  return home;
}

function makeHome(path: string): string {
  try {
    // As root PostgreSQL runs as another user, who must be able to walk through the home to the cluster, but not to
    // list it. That holds for a folder made here only: rights of others' folders are never widened.
    mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    const file = join(path, 'home.json');
    const known = readJsonObject(file)?.['id'];
    if (typeof known === 'string') return known;
    const id = randomBytes(8).toString('hex');
    writeJson(file, { id });
    return id;
  } catch (error) {
    const code = errorCode(error) ?? 'unknown';
    throw new IptallyError({
      code: 'home-not-usable',
      message: `The home ${path} cannot be used: ${code}.`,
      field: 'IPTALLY_HOME',
      value: path,
      accepted: 'a folder this user may write, or one that can be made',
      next: 'Set IPTALLY_HOME to such a folder, or give this user the right to write there, and start again.',
      exitStatus: 4,
    });
  }
}

/** A short name for a home, for what must lie outside it. */
export function homeHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}

/**
 * The file with the key that stored logins are sealed with: the one the environment names, else the home's own, 32 random
 * bytes, made once. It is never replaced: with another key nothing sealed before can be opened.
 */
export function masterKeyFile(home: Home, env: Readonly<Record<string, string | undefined>>): string {
  const named = env['IPTALLY_MASTER_KEY_FILE'];
  if (named !== undefined && named !== '') return named;
  if (!existsSync(home.masterKey)) keptSecret(home.masterKey, () => randomBytes(32).toString('base64'));
  return home.masterKey;
}
