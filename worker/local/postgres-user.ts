import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** Who PostgreSQL's processes run as; it refuses to run as root. */
export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The user PostgreSQL is started as when we are root: `postgres`, else `nobody`. `undefined` = ourselves. */
export function postgresUser(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return lookUp('postgres') ?? lookUp('nobody') ?? { name: 'nobody', uid: 65_534, gid: 65_534 };
}

/** The owner of a cluster that is there already: PostgreSQL insists on running as the owner of its folder. */
export function ownerOf(path: string): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = statSync(path);
  return uid === 0 ? undefined : { name: ask('-un', String(uid)) ?? `uid ${uid}`, uid, gid };
}

function lookUp(name: string): RunAs | undefined {
  const uid = Number(ask('-u', name) ?? Number.NaN);
  const gid = Number(ask('-g', name) ?? Number.NaN);
  return Number.isInteger(uid) && Number.isInteger(gid) && uid !== 0 ? { name, uid, gid } : undefined;
}

/** By `id`, not by /etc/passwd: users may come from a directory service. */
function ask(flag: '-u' | '-g' | '-un', user: string): string | undefined {
  const { status, stdout } = spawnSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
}

/** What `spawn` needs to start a process as that user. */
export function credentials(user: RunAs | undefined): { readonly uid?: number; readonly gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

/**
 * Whether the user can use what lies at these paths. The user itself is asked, by a shell: rights come from every
 * folder on the way, from groups, access lists and mounts, and only the system adds them up rightly.
 */
export function canReach(user: RunAs | undefined, paths: readonly string[]): boolean {
  const tests = paths.map((_, index) => `[ -r "$${index + 1}" ] && [ -x "$${index + 1}" ]`).join(' && ');
  const { status } = spawnSync('/bin/sh', ['-c', tests, 'sh', ...paths], {
    ...credentials(user),
    cwd: '/',
    stdio: 'ignore',
    env: {},
  });
  return status === 0;
}

/** Whether the user can walk through a folder to something of its own inside, without listing the folder. */
export function canPass(user: RunAs | undefined, folder: string): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', '[ -x "$1" ] && cd "$1"', 'sh', folder], {
    ...credentials(user),
    cwd: '/',
    stdio: 'ignore',
    env: {},
  });
  return status === 0;
}
