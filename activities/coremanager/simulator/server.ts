import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { deliver, loginPage } from './answers.ts';
import { commonFunction, identify, login, type Identified } from './common-functions.ts';
import type { Fault, Faults } from './faults.ts';
import type { SimNode } from './node.ts';
import type { CallRecord, PanelDefinition } from './panel.ts';
import { render, type OutFormat } from './render.ts';
import { parseRequest, withoutSecrets, type ParsedRequest } from './request.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { errorDocument, SimError } from './sim-error.ts';

export interface PanelServerOptions {
  readonly panel: PanelDefinition;
  readonly faults: Faults;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface PanelServer {
  readonly url: string;
  readonly port: number;
  /** Every request, oldest first; the oldest go when there are too many. */
  readonly log: readonly CallRecord[];
  readonly sessions: Sessions;
  /** Waits until all work that was to happen late has happened. */
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  readonly options: PanelServerOptions;
  readonly sessions: Sessions;
  readonly log: CallRecord[];
  readonly late: Set<Promise<void>>;
  readonly stopping: AbortController;
  calls: number;
}

const mostRecords = 20_000;

/** A real HTTP server that speaks a panel's protocol; what the panel is stands in its definition. */
export async function startPanelServer(options: PanelServerOptions): Promise<PanelServer> {
  const { panel } = options;
  const running: Running = {
    options,
    sessions: createSessions(() => panel.knobs.sessionIdleMs),
    log: [],
    late: new Set(),
    stopping: new AbortController(),
    calls: 0,
  };
  const listener: RequestListener = (incoming, response) => {
    serve(running, incoming, response).catch(() => response.destroy());
  };
  const server = options.tls === undefined ? createPlain(listener) : createSecure(options.tls, listener);
  const port = await listen(server, options.port ?? 0);
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/${panel.binary}`,
    port,
    log: running.log,
    sessions: running.sessions,
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

async function stop(running: Running, server: Server): Promise<void> {
  running.stopping.abort();
  const closed = new Promise<void>((settle) => server.close(() => settle()));
  server.closeAllConnections();
  await closed;
  await Promise.all(running.late);
  await running.options.panel.saved();
}

async function serve(running: Running, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { panel, faults } = running.options;
  const request = await parseRequest(incoming);
  if (panel.knobs.clientBlocked) return void response.writeHead(403).end();
  if (!['/', `/${panel.binary}`, `/manager/${panel.binary}`].includes(request.path))
    return void response.writeHead(404).end();
  const record = recordOf(running, request);
  const fault = faults.next(record);
  const seen: CallRecord = { ...record, fault: fault?.kind ?? null };
  running.log.push(seen);
  if (running.log.length > mostRecords) running.log.splice(0, mostRecords / 2);
  if (fault !== undefined && spoiledBefore(running, response, fault)) return;
  if (fault?.kind === 'delay') await sleep(fault.ms ?? 50);
  if (fault?.kind === 'late') {
    response.socket?.resetAndDestroy();
    return workLate(running, { request, record: seen, fault });
  }
  const answer = await work(running, { request, record: seen, fault });
  deliver(response, answer, fault);
}

/** Faults that happen instead of the work: true when the request is over. */
function spoiledBefore(running: Running, response: ServerResponse, fault: Fault): boolean {
  const { kind } = fault;
  if (kind === 'reset-before') response.socket?.resetAndDestroy();
  else if (kind === 'status-before')
    response.writeHead(fault.status ?? 502).end('<html><body>Bad Gateway</body></html>');
  else if (kind === 'redirect') response.writeHead(302, { location: 'https://elsewhere.invalid/ipmgr' }).end();
  else {
    if (kind === 'session-lost') running.sessions.loseAll();
    return false;
  }
  return true;
}

interface Job {
  readonly request: ParsedRequest;
  readonly record: CallRecord;
  readonly fault: Fault | undefined;
}

function workLate(running: Running, job: Job): void {
  const done = sleep(job.fault?.ms ?? 100, undefined, { signal: running.stopping.signal, ref: false })
    .then(() => work(running, job))
    .then(
      () => undefined,
      () => undefined, // the simulator was closed first
    )
    .finally(() => running.late.delete(done));
  running.late.add(done);
}

/** Does what was asked and says it in the panel's words. */
async function work(running: Running, job: Job): Promise<{ readonly body: string; readonly contentType: string }> {
  const { panel } = running.options;
  const { parameters } = job.request;
  const asked = parameters.get('out');
  const lang = panel.knobs.language ?? (parameters.get('lang') === 'ru' ? 'ru' : 'en');
  const format: OutFormat = panel.knobs.only ?? (asked === 'json' || asked === 'sjson' ? 'json' : 'xml');
  const contentType = format === 'json' ? 'application/json; charset=UTF-8' : 'text/xml; charset=UTF-8';
  try {
    const nodes = await perform(running, job);
    job.record.worked = true;
    await panel.saved();
    if (asked === undefined) return { body: loginPage, contentType: 'text/html; charset=UTF-8' };
    const root = {
      lang,
      func: job.record.func,
      binary: `/${panel.binary}`,
      host: 'https://127.0.0.1',
      themename: 'orion',
    };
    return { body: render([...shown(job, nodes), tparams(parameters)], root, format), contentType };
  } catch (error) {
    if (!(error instanceof SimError)) throw error;
    job.record.error = `${error.type} ${error.object}`.trim();
    if (asked === undefined) return { body: loginPage, contentType: 'text/html; charset=UTF-8' };
    return { body: render(errorDocument(error, lang, panel.knobs.version4Errors ? 4 : 5), {}, format), contentType };
  }
}

async function perform(running: Running, job: Job): Promise<readonly SimNode[]> {
  const { panel } = running.options;
  const { parameters } = job.request;
  if (job.record.func === 'auth') return login(panel, running.sessions, parameters);
  const who: Identified = identify(panel, running.sessions, parameters);
  if (who.user.level < 29 && panel.knobs.withheld.includes(job.record.func))
    throw new SimError('access', job.record.func);
  const common = commonFunction(panel, running.sessions, { who, parameters });
  if (common !== undefined) return common;
  const run = Object.hasOwn(panel.functions, job.record.func) ? panel.functions[job.record.func] : undefined;
  if (run === undefined) throw new SimError('missed', 'func', job.record.func);
  const nodes = await run({ func: job.record.func, parameters, user: who.effective, fault: job.fault });
  if (job.record.purpose === 'create') job.record.ip = nodes.find((node) => node.name === 'id')?.text ?? null;
  return nodes;
}

function shown(job: Job, nodes: readonly SimNode[]): readonly SimNode[] {
  if (job.fault?.kind !== 'no-address-after') return nodes;
  return nodes.filter((node) => !['ip', 'id', 'elid'].includes(node.name));
}

function tparams(parameters: ReadonlyMap<string, string>): SimNode {
  const echoed = Object.entries(withoutSecrets(parameters)).filter(([name]) => /^[A-Za-z_][\w.-]*$/.test(name));
  return { name: 'tparams', children: echoed.map(([name, text]) => ({ name, text })) };
}

function recordOf(running: Running, request: ParsedRequest): CallRecord {
  running.calls += 1;
  const { panel } = running.options;
  const func = request.parameters.get('func') ?? '';
  const session = running.sessions.userOf(request.parameters.get('auth') ?? '');
  return {
    number: running.calls,
    at: Date.now(),
    func,
    purpose: func === 'auth' ? 'login' : panel.purposeOf(func, request.parameters),
    user: request.parameters.get('su') ?? session ?? request.parameters.get('username') ?? '',
    parameters: withoutSecrets(request.parameters),
    fault: null,
    worked: false,
    error: null,
    ip: null,
  };
}
