import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IptallyError } from '../iptally-error.ts';
import { keptSecret } from './files.ts';
import type { Home } from './home.ts';
import type { Place } from './postgres-place.ts';
import { credentials } from './postgres-user.ts';

/** Owns the database and runs its migrations. */
export const OWNER_ROLE = 'iptally';
/** What workers and commands log in as: reads and writes rows, changes no table. */
export const APPLICATION_ROLE = 'iptally_app';
export const DATABASE = 'iptally';

export interface Passwords {
  readonly owner: string;
  readonly application: string;
}

/** The passwords of a home's cluster, made on first use. They stay in the home, also when the cluster lies elsewhere. */
export function passwordsOf(home: Home): Passwords {
  const make = (): string => randomBytes(24).toString('base64url');
  return {
    owner: keptSecret(join(home.path, 'postgres-owner.password'), make),
    application: keptSecret(join(home.path, 'postgres-application.password'), make),
  };
}

/**
 * Makes the cluster with its roles and its database, unless it is there. All of it happens in a folder beside it, which
 * is renamed at the end: whatever moment this is killed at, there is a whole cluster or none. The folder's name is new
 * each time, since an initdb whose parent was killed may still be writing to the last one.
 */
export async function makeCluster(
  place: Place,
  options: { readonly passwords: Passwords; readonly volatile: boolean },
): Promise<void> {
  const { passwords, volatile } = options;
  if (existsSync(join(place.data, 'PG_VERSION'))) return;
  for (const name of readdirSync(place.base)) {
    if (name.startsWith('data.new')) rmSync(join(place.base, name), { recursive: true, force: true });
  }
  const fresh = `${place.data}.new-${randomBytes(4).toString('hex')}`;
  const passwordFile = join(place.base, 'initdb.password');
  rmSync(passwordFile, { force: true });
  try {
    writeFileSync(passwordFile, `${passwords.owner}\n`, { mode: 0o600, flag: 'wx' });
    if (place.user !== undefined) chownSync(passwordFile, place.user.uid, place.user.gid);
    await initdb(place, { data: fresh, passwordFile, volatile });
    await addRoleAndDatabase(place, fresh, passwords);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(fresh, place.data);
}

function initdb(
  place: Place,
  options: { readonly data: string; readonly passwordFile: string; readonly volatile: boolean },
): Promise<string> {
  const { data, passwordFile, volatile } = options;
  return run(place, {
    program: place.initdb,
    args: [
      `--pgdata=${data}`,
      `--username=${OWNER_ROLE}`,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      // The builtin provider sorts alike on every machine: no index breaks when the system's library changes.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--data-checksums',
      ...(volatile ? ['--no-sync'] : []),
    ],
  });
}

/** In single-user mode: no server, no port, no driver, and nothing to do again when it was killed half way. */
async function addRoleAndDatabase(place: Place, data: string, passwords: Passwords): Promise<void> {
  // Generated above from the URL-safe alphabet: nothing in it needs quoting.
  const statements = [
    `CREATE ROLE ${APPLICATION_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '${passwords.application}'`,
    `CREATE DATABASE ${DATABASE} OWNER ${OWNER_ROLE}`,
    `REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${DATABASE} TO ${APPLICATION_ROLE}`,
  ];
  const output = await run(place, {
    program: place.postgres,
    args: ['--single', '-D', data, '-c', 'exit_on_error=on', '-c', 'log_min_error_statement=panic', 'postgres'],
    input: `${statements.join('\n')}\n`,
  });
  if (/\b(ERROR|FATAL|PANIC):/.test(output)) throw clusterNotMade(place.postgres, output);
}

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
}

/** Runs one of the cluster's programs as its user and answers what it wrote on standard error. */
function run(place: Place, command: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, command.args, {
      ...credentials(place.user),
      cwd: '/',
      // The user's own PG* variables must not steer our cluster.
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      // In a group of its own: Ctrl-C at the terminal must not end it half way; we decide.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(clusterNotMade(command.program, error.code ?? 'cannot be started'));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(clusterNotMade(command.program, output.trim() || `ended with ${code ?? signal}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(command.input ?? '');
  });
}

function clusterNotMade(program: string, words: string): IptallyError {
  return new IptallyError({
    code: 'cluster-not-made',
    message: `PostgreSQL's cluster could not be made, ${program} said: ${words.split('\n').slice(-3).join(' ')}`,
    value: program,
    next: 'Mend what it names (often a full disk or a folder that may not be written), then start again; nothing half made is left.',
    exitStatus: 4,
  });
}
