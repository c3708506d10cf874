import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { deliver, type PreparedAnswer } from './answers.ts';
import type { CallRecord } from './call-record.ts';
import type { Fault, Faults, SimulatedRequest } from './faults.ts';

/** One request, understood: what a fault may aim at, and what the panel needs to do its work. */
export interface UnderstoodCall<T> {
  readonly about: Pick<SimulatedRequest, 'func' | 'purpose' | 'user' | 'parameters'>;
  readonly call: T;
}

/** What makes a panel out of an HTTP server. */
export interface SimulatedPanel<T> {
  /** An answer instead of a call: a path that is none of the API. */
  understand(incoming: IncomingMessage): Promise<UnderstoodCall<T> | PreparedAnswer>;
  /** Does what was asked and says it in the panel's words; sets `worked`, `error` and `ip` of the record. */
  work(call: T, record: CallRecord, fault: Fault | undefined): Promise<PreparedAnswer>;
  /** Forgets every session, as a restart does. */
  loseSessions(): void;
  /** Awaited at the end: what was answered survives a kill. */
  saved(): Promise<void>;
}

export interface SimulatorServerOptions<T> {
  readonly panel: SimulatedPanel<T>;
  readonly faults: Faults;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface SimulatorServer {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly port: number;
  /** Every request, oldest first; the oldest go when there are too many. */
  readonly log: readonly CallRecord[];
  /** Waits until all work that was to happen late has happened. */
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

interface Running<T> {
  readonly options: SimulatorServerOptions<T>;
  readonly log: CallRecord[];
  readonly late: Set<Promise<void>>;
  readonly stopping: AbortController;
  calls: number;
}

interface Job<T> {
  readonly call: T;
  readonly record: CallRecord;
  readonly fault: Fault | undefined;
}

const mostRecords = 20_000;

/** A real HTTP server on loopback with faults on demand; the panel says what its requests mean. */
export async function startSimulatorServer<T>(options: SimulatorServerOptions<T>): Promise<SimulatorServer> {
  const running: Running<T> = { options, log: [], late: new Set(), stopping: new AbortController(), calls: 0 };
  const listener: RequestListener = (incoming, response) => {
    serve(running, incoming, response).catch(() => response.destroy());
  };
  const server = options.tls === undefined ? createPlain(listener) : createSecure(options.tls, listener);
  const port = await listen(server, options.port ?? 0);
  return {
    origin: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    log: running.log,
    lateWorkDone: async () => void (await Promise.all(running.late)),
    close: () => stop(running, server),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((settle, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      settle(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function stop<T>(running: Running<T>, server: Server): Promise<void> {
  running.stopping.abort();
  const closed = new Promise<void>((settle) => server.close(() => settle()));
  server.closeAllConnections();
  await closed;
  await Promise.all(running.late);
  await running.options.panel.saved();
}

async function serve<T>(running: Running<T>, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { panel } = running.options;
  const understood = await panel.understand(incoming);
  if (!('call' in understood)) return deliver(response, understood, undefined);
  const job = jobOf(running, understood);
  if (job.fault !== undefined && spoiledBefore(running, response, job.fault)) return;
  if (job.fault?.kind === 'delay') await sleep(job.fault.ms ?? 50);
  if (job.fault?.kind === 'late') {
    response.socket?.resetAndDestroy();
    return workLate(running, job);
  }
  deliver(response, await panel.work(job.call, job.record, job.fault), job.fault);
}

function jobOf<T>(running: Running<T>, { about, call }: UnderstoodCall<T>): Job<T> {
  running.calls += 1;
  const request = { number: running.calls, ...about };
  const fault = running.options.faults.next(request);
  const rest = { at: Date.now(), fault: fault?.kind ?? null, worked: false, error: null, ip: null };
  const record: CallRecord = { ...request, ...rest };
  running.log.push(record);
  if (running.log.length > mostRecords) running.log.splice(0, mostRecords / 2);
  return { call, record, fault };
}

/** Faults that happen instead of the work: true when the request is over. */
function spoiledBefore<T>(running: Running<T>, response: ServerResponse, fault: Fault): boolean {
  const { kind } = fault;
  if (kind === 'reset-before') response.socket?.resetAndDestroy();
  else if (kind === 'status-before')
    response.writeHead(fault.status ?? 502).end('<html><body>Bad Gateway</body></html>');
  else if (kind === 'redirect') response.writeHead(302, { location: 'https://elsewhere.invalid/ipmgr' }).end();
  else {
    if (kind === 'session-lost') running.options.panel.loseSessions();
    return false;
  }
  return true;
}

function workLate<T>(running: Running<T>, job: Job<T>): void {
  const done = sleep(job.fault?.ms ?? 100, undefined, { signal: running.stopping.signal, ref: false })
    .then(() => running.options.panel.work(job.call, job.record, job.fault))
    .then(
      () => undefined,
      () => undefined, // the simulator was closed first
    )
    .finally(() => running.late.delete(done));
  running.late.add(done);
}
