import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IptallyError } from '../iptally-error.ts';
import { linesSince, rotate, writeJson } from './files.ts';
import type { Home } from './home.ts';
import type { PortBook } from './ports.ts';
import { commandLine, endProcess, readRecord, recordOf, runningWith, stillRuns } from './processes.ts';
import type { TemporalBinary } from './temporal-cache.ts';
import { withoutTemporal } from './temporal-external.ts';
import { checkTemporal, writeVersions } from './versions.ts';

/** A running Temporal development server. */
export interface Temporal {
  readonly pid: number;
  readonly address: string;
  readonly namespace: string;
  /** `undefined` when it runs without its Web UI. */
  readonly webUi: string | undefined;
}

export interface TemporalOptions {
  readonly home: Home;
  readonly ports: PortBook;
  readonly binary: TemporalBinary;
  /** For tests: no Web UI, nothing on disk. */
  readonly inMemory?: boolean;
  /** For tests: namespaces beside ours, made with the server. */
  readonly alsoNamespaces?: readonly string[];
  /** For tests: settings of the server beside ours, `name=value`. */
  readonly alsoDynamic?: readonly string[];
  /** Calls the start off; what was started by then is ended. */
  readonly signal?: AbortSignal;
}

export const NAMESPACE = 'iptally';
const SEARCH_ATTRIBUTES = ['IptallyIntegration', 'IptallyService', 'IptallyAddress', 'IptallyState', 'IptallyReason'];
/** A first start writes its schema, and a busy machine takes its time over that. */
const READY_MS = 60_000;

/** Starts the home's server. A leftover of ours on the same file is ended first: two on one file would corrupt it. */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const files = filesOf(options.home);
  if (options.inMemory !== true) checkTemporal(options.home, options.binary.version);
  await endLeftover(files);
  let port = await options.ports.port('temporal');
  let uiPort = await options.ports.port('temporal-ui');
  let words = '';
  // Between the look for a free port and its use somebody else may take it.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const outcome = await launch(options, { port, uiPort, ...files });
    if (outcome.kind === 'ready') {
      if (options.inMemory !== true) writeVersions(options.home, { temporal: options.binary.version });
      return outcome.temporal;
    }
    options.signal?.throwIfAborted();
    words = outcome.words;
    if (outcome.kind === 'failed') break;
    port = await options.ports.another('temporal');
    uiPort = await options.ports.another('temporal-ui');
  }
  throw new IptallyError({
    code: 'temporal-not-started',
    message: `Temporal's server did not start: ${words.split('\n').slice(-3).join(' ').slice(0, 600)}`,
    value: options.binary.path,
    next: `Read ${files.log}; mend what it names, then start again.`,
    exitStatus: 4,
  });
}

/** Stops it; it needs about a second to close its database. */
export async function stopTemporal(temporal: Pick<Temporal, 'pid'>, graceMs = 10_000): Promise<void> {
  await endProcess(temporal.pid, { signal: 'SIGTERM', graceMs });
}

interface Files {
  readonly database: string;
  readonly record: string;
  readonly log: string;
}

function filesOf(home: Home): Files {
  return {
    database: join(home.temporal, 'temporal.db'),
    record: join(home.temporal, 'pid.json'),
    log: join(home.temporal, 'temporal.log'),
  };
}

async function endLeftover(files: Files): Promise<void> {
  const record = readRecord(files.record);
  // By the file it has open, not by the record alone: that may be lost, or have been copied here with its home.
  const running = runningWith(`--db-filename ${files.database} `);
  const recorded =
    record !== undefined && stillRuns(record) && commandLine(record.pid).includes(files.database) ? [record.pid] : [];
  for (const pid of new Set([...running, ...recorded])) await endProcess(pid, { signal: 'SIGTERM', graceMs: 5_000 });
  rmSync(files.record, { force: true });
}

interface Listening extends Files {
  readonly port: number;
  readonly uiPort: number;
}

type Launched =
  | { readonly kind: 'ready'; readonly temporal: Temporal }
  | { readonly kind: 'port-taken' | 'failed'; readonly words: string };

async function launch(options: TemporalOptions, listening: Listening): Promise<Launched> {
  rotate(listening.log);
  const log = openSync(listening.log, 'a', 0o600);
  const logStart = fstatSync(log).size;
  const child = spawn(options.binary.path, serverArguments(listening, options), {
    cwd: '/',
    env: withoutTemporal(process.env),
    // In a session of its own: Ctrl-C would end it under the worker, which still has answers to send.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error: NodeJS.ErrnoException) => {
    ended = error.code ?? 'cannot be started';
  });
  child.once('exit', (code, signal) => {
    ended = `ended with ${code ?? signal}`;
  });
  child.unref();
  // Remembered before it answers: we may be killed while we wait, and it would live on unknown.
  const { pid } = child;
  const record = pid === undefined ? undefined : recordOf(pid);
  if (record !== undefined) writeJson(listening.record, record);

  const address = `127.0.0.1:${listening.port}`;
  if (pid !== undefined && (await answers(address, () => ended !== undefined || options.signal?.aborted === true))) {
    const webUi = options.inMemory === true ? undefined : `http://127.0.0.1:${listening.uiPort}`;
    return { kind: 'ready', temporal: { pid, address, namespace: NAMESPACE, webUi } };
  }
  if (pid !== undefined) await endProcess(pid, { signal: 'SIGTERM', graceMs: 2_000 });
  const words = linesSince(listening.log, logStart) || (ended ?? 'it did not answer in time');
  return {
    kind: /address already in use|can't bind|port .* (taken|in use)/i.test(words) ? 'port-taken' : 'failed',
    words,
  };
}

function serverArguments(listening: Listening, options: TemporalOptions): readonly string[] {
  const dynamic = [
    // The default polls a shard 20 times a second: every step of a workflow would wait for that tick.
    'history.transferProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxPollRPS=2000',
    // The default rounds every durable timer and every retry up to a second.
    'history.timerProcessorMaxTimeShift="10ms"',
    ...(options.alsoDynamic ?? []),
  ];
  const storage =
    options.inMemory === true
      ? ['--headless']
      : ['--ui-port', String(listening.uiPort), '--ui-disable-news-fetch', '--db-filename', listening.database];
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(listening.port)],
    ...[NAMESPACE, ...(options.alsoNamespaces ?? [])].flatMap((name) => ['--namespace', name]),
    ...['--log-level', 'error', ...storage],
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...dynamic.flatMap((value) => ['--dynamic-config-value', value]),
  ];
}

/** Waits until the namespace is there: the port opens earlier, and a client would be told that it is unknown. */
async function answers(address: string, ended: () => boolean): Promise<boolean> {
  // Loaded here, while the server starts: it takes longer than that.
  const { Connection } = await import('@temporalio/client');
  const giveUp = Date.now() + READY_MS;
  while (!ended() && Date.now() < giveUp) {
    // A new one for each try: a channel that failed to connect waits longer and longer before it tries again.
    const connection = Connection.lazy({ address, connectTimeout: '2s' });
    try {
      await connection.withDeadline(Date.now() + 2_000, () =>
        connection.workflowService.describeNamespace({ namespace: NAMESPACE }),
      );
      return true;
    } catch {
      await sleep(50);
    } finally {
      await connection.close();
    }
  }
  return false;
}
