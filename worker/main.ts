import { closeSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import { readConfig } from './config.ts';
import { IptallyError } from './iptally-error.ts';
import { isFailure } from './is-failure.ts';
import { openLog } from './log.ts';
import { runWorker } from './run-worker.ts';
import { installRuntime } from './telemetry.ts';

/** A worker as a process of its own: `iptally worker`, and the child of `iptally up`. */
const stop = new AbortController();
let log: Logger | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    log?.info(`${signal}: what is under way may end, nothing new begins`);
    stop.abort();
  });
}

try {
  log = openLog();
  installRuntime(log);
  const config = readConfig();
  await runWorker({ config, log, stop: stop.signal, ready: () => sayReady(log) });
  log.info('the worker has stopped');
  // What was left to its fence may keep a connection open for as long as a panel takes.
  process.exit(0);
} catch (error) {
  tellEnd(log ?? openLog('info'), error);
  // Temporal's runtime keeps threads: without this a worker that cannot run would stand there as if it did.
  process.exit(error instanceof IptallyError ? error.exitStatus : 1);
}

/** The process that started this one reads descriptor 3, where it gave one. */
function sayReady(to: Logger | undefined): void {
  const line = { ready: true, pid: process.pid };
  to?.info('the worker is ready');
  if (process.env['IPTALLY_READY_FD'] !== '3') return;
  try {
    writeSync(3, `${JSON.stringify(line)}\n`);
    closeSync(3);
  } catch {
    // Nobody listens any more: the worker works all the same.
  }
}

/** Only our own words: what a driver or a connection says may carry a URL with its password (I11). */
function tellEnd(to: Logger, error: unknown): void {
  const failure = error instanceof Error && 'failure' in error ? error.failure : undefined;
  if (!isFailure(failure)) {
    to.fatal({ error: error instanceof Error ? error.name : 'unknown' }, safeWords(error));
    return;
  }
  const { message, ...rest } = failure;
  to.fatal(rest, message);
}

function safeWords(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const known = typeof code === 'string' ? ` (${code})` : '';
  return `the worker cannot run${known}: see that the database and Temporal answer (iptally doctor)`;
}
