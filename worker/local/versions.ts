import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IptallyError } from '../iptally-error.ts';
import { readJsonObject, writeJson } from './files.ts';
import type { Home } from './home.ts';

/** The embedded PostgreSQL; another major cannot read its cluster. */
export const POSTGRES_VERSION = '18.4';
/** The pinned version of Temporal's command line tool, whose development server is used. */
export const TEMPORAL_VERSION = '1.8.2';

/** What wrote the files of a home. */
export interface Versions {
  readonly postgres?: string;
  readonly temporal?: string;
}

/** Reads what wrote this home's files; empty for a new home. */
export function readVersions(home: Pick<Home, 'versions'>): Versions {
  const { postgres, temporal } = readJsonObject(home.versions) ?? {};
  return {
    ...(typeof postgres === 'string' ? { postgres } : {}),
    ...(typeof temporal === 'string' ? { temporal } : {}),
  };
}

/** Remembers what writes this home's files from now on. */
export function writeVersions(home: Pick<Home, 'versions'>, versions: Versions): void {
  // Written only when it changes: most starts leave the file alone.
  const known = readVersions(home);
  const next = { ...known, ...versions };
  if (known.postgres !== next.postgres || known.temporal !== next.temporal) writeJson(home.versions, next);
}

/** Refuses a cluster of another major: PostgreSQL would stop with words that do not say what to do. */
export function checkPostgres(home: Pick<Home, 'versions' | 'path'>, data: string): void {
  // The cluster's own word comes first: versions.json may be lost, or have been copied from another home.
  const wrote = clusterVersion(data) ?? readVersions(home).postgres;
  if (wrote === undefined || major(wrote) === major(POSTGRES_VERSION)) return;
  throw new IptallyError({
    code: 'postgres-other-major',
    message: `The cluster in ${data} was written by PostgreSQL ${wrote}, this is PostgreSQL ${POSTGRES_VERSION}.`,
    value: wrote,
    accepted: `PostgreSQL ${major(POSTGRES_VERSION)}`,
    next:
      `Start the iptally that made it and dump the database there, then start this one with another IPTALLY_HOME ` +
      `and load the dump; or delete ${home.path} if nothing in it is needed.`,
    exitStatus: 3,
  });
}

/** Refuses an older server on a newer one's file: a schema is moved forward only. */
export function checkTemporal(home: Pick<Home, 'versions' | 'path'>, version: string): void {
  const wrote = readVersions(home).temporal;
  if (wrote === undefined || compareVersions(version, wrote) >= 0) return;
  throw new IptallyError({
    code: 'temporal-older',
    message: `The workflows in ${join(home.path, 'temporal')} were written by Temporal ${wrote}, this is the older ${version}.`,
    value: version,
    accepted: `Temporal ${wrote} or newer`,
    next: `Start the iptally that brought Temporal ${wrote}, or use another IPTALLY_HOME.`,
    exitStatus: 3,
  });
}

function clusterVersion(data: string): string | undefined {
  const file = join(data, 'PG_VERSION');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

function major(version: string): string {
  return version.split('.')[0] ?? version;
}

/** Negative, zero or positive, as the first of two dotted versions is older, the same or newer. */
export function compareVersions(left: string, right: string): number {
  const a = left.split('.').map(Number);
  const b = right.split('.').map(Number);
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
