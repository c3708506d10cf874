import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IptallyError } from '../iptally-error.ts';
import { linesSince, rotate } from './files.ts';
import type { Home } from './home.ts';
import type { PortBook } from './ports.ts';
import {
  APPLICATION_ROLE,
  DATABASE,
  makeCluster,
  OWNER_ROLE,
  passwordsOf,
  type Passwords,
} from './postgres-cluster.ts';
import { type Place, postmasterPid, preparePlace } from './postgres-place.ts';
import { credentials } from './postgres-user.ts';
import { commandLine, endProcess, isAlive } from './processes.ts';
import { checkPostgres, POSTGRES_VERSION, writeVersions } from './versions.ts';

/** A running embedded PostgreSQL. */
export interface Postgres {
  readonly pid: number;
  readonly port: number;
  /** As the owner of the database: for migrations alone. */
  readonly migrationUrl: string;
  /** As the application role: for everything else. */
  readonly applicationUrl: string;
  readonly applicationRole: string;
  /** Where the cluster lies; outside the home when the user PostgreSQL runs as cannot reach that. */
  readonly base: string;
}

export interface PostgresOptions {
  readonly home: Home;
  readonly ports: PortBook;
  readonly note: (text: string) => void;
  /** For tests: faster, and a crash of the machine may lose the cluster. */
  readonly volatile?: boolean;
  /** Calls the start off; what was started by then is ended. */
  readonly signal?: AbortSignal;
}

/** How long a start may wait for a killed server's remains to go, and for crash recovery. */
const LOCK_REMAINS_MS = 10_000;
const READY_MS = 60_000;

/** Starts the home's PostgreSQL, or adopts the one that still runs on its cluster (after a `kill -9` of ours). */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { home, ports, note, volatile = false, signal = new AbortController().signal } = options;
  const place = await preparePlace(home, note);
  checkPostgres(home, place.data);
  const passwords = passwordsOf(home);
  await makeCluster(place, { passwords, volatile });
  writeVersions(home, { postgres: POSTGRES_VERSION });

  const live = await adoptable(place, signal);
  if (live !== undefined) return described(live, place, passwords);
  const giveUp = Date.now() + LOCK_REMAINS_MS;
  let port = await ports.port('postgres');
  for (;;) {
    signal.throwIfAborted();
    const outcome = await launch(place, { port, log: join(home.path, 'postgres.log'), volatile, signal });
    if (outcome.kind === 'ready') return described(outcome, place, passwords);
    signal.throwIfAborted();
    if (Date.now() > giveUp || outcome.kind === 'failed') throw notStarted(place, outcome.words);
    // A killed server's last processes may hold the cluster a moment longer; its lock file is never deleted by us,
    // since PostgreSQL alone can tell remains from a server that lives.
    if (outcome.kind === 'port-taken') port = await ports.another('postgres');
    else await sleep(250);
  }
}

/** Stops it. SIGINT ends open sessions; SIGTERM would wait for every client to leave. */
export async function stopPostgres(postgres: Pick<Postgres, 'pid'>, graceMs = 10_000): Promise<void> {
  await endProcess(postgres.pid, { signal: 'SIGINT', graceMs });
}

/** A server that answers, whoever started it. */
interface Running {
  readonly pid: number;
  readonly port: number;
}

/** How one try to start ended; what follows depends on the kind alone. */
type Launched =
  | ({ readonly kind: 'ready' } & Running)
  | { readonly kind: 'port-taken' | 'remains' | 'failed'; readonly words: string };

function described({ pid, port }: Running, place: Place, passwords: Passwords): Postgres {
  const url = (role: string, password: string): string =>
    `postgresql://${role}:${password}@127.0.0.1:${port}/${DATABASE}`;
  return {
    pid,
    port,
    migrationUrl: url(OWNER_ROLE, passwords.owner),
    applicationUrl: url(APPLICATION_ROLE, passwords.application),
    applicationRole: APPLICATION_ROLE,
    base: place.base,
  };
}

/** What postmaster.pid says: line 1 the pid, line 4 the port, line 8 the state. */
function postmaster(data: string): (Running & { readonly ready: boolean }) | undefined {
  const pid = postmasterPid(data);
  if (pid === undefined) return undefined;
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/** A server that runs on this very cluster. The file alone proves nothing: a killed server's says "ready" for ever. */
async function adoptable(place: Place, signal: AbortSignal): Promise<Running | undefined> {
  const giveUp = Date.now() + READY_MS;
  for (;;) {
    const found = postmaster(place.data);
    if (found === undefined || !isAlive(found.pid) || !commandLine(found.pid).includes(place.data)) return undefined;
    if (found.ready) return { pid: found.pid, port: found.port };
    if (Date.now() > giveUp) return undefined;
    signal.throwIfAborted();
    await sleep(50);
  }
}

async function launch(
  place: Place,
  options: Required<Pick<PostgresOptions, 'volatile' | 'signal'>> & { readonly port: number; readonly log: string },
): Promise<Launched> {
  rotate(options.log);
  const log = openSync(options.log, 'a', 0o600);
  const logStart = fstatSync(log).size;
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'log_timezone=UTC', 'timezone=UTC'];
  // A failed statement and the row it failed on stay out of the log (I11).
  settings.push('log_min_error_statement=panic', 'log_error_verbosity=terse');
  if (options.volatile) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  const child = spawn(
    place.postgres,
    ['-D', place.data, '-p', String(options.port), ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...credentials(place.user),
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      // In a session of its own: Ctrl-C must reach us alone, the worker still needs its ledger while it drains.
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  const exit: { words?: string } = {};
  child.once('error', (error: NodeJS.ErrnoException) => {
    exit.words = error.code ?? 'cannot be started';
  });
  child.once('exit', (code, signal) => {
    exit.words = `ended with ${code ?? signal}`;
  });
  child.unref();

  const giveUp = Date.now() + READY_MS;
  while (exit.words === undefined && !options.signal.aborted && Date.now() < giveUp) {
    const found = postmaster(place.data);
    if (found !== undefined && found.pid === child.pid && found.ready)
      return { kind: 'ready', pid: found.pid, port: options.port };
    await sleep(10);
  }
  if (exit.words === undefined && child.pid !== undefined)
    await endProcess(child.pid, { signal: 'SIGINT', graceMs: 2_000 });
  const words = linesSince(options.log, logStart) || (exit.words ?? 'not ready in time');
  if (/lock file .* already exists|pre-existing shared memory block/.test(words)) return { kind: 'remains', words };
  if (/could not bind|Address already in use|could not create any TCP/.test(words))
    return { kind: 'port-taken', words };
  return { kind: 'failed', words };
}

function notStarted(place: Place, words: string): IptallyError {
  return new IptallyError({
    code: 'postgres-not-started',
    message: `PostgreSQL did not start on ${place.data}: ${words.split('\n').slice(-3).join(' ')}`,
    value: place.data,
    next: 'Read postgres.log in the home; mend what it names, then start again.',
    exitStatus: 4,
  });
}
