import { Agent, type Dispatcher } from 'undici';
import type { Failure } from '../../workflows/domain/failure.ts';
import type { Trust } from '../servers/server-module.ts';
import { Attempt, AttemptOver } from './attempt.ts';
import { codeOf, ConnectError, createConnector } from './connector.ts';
import { parsePanelUrl } from './place.ts';
import { systemResolve, type Resolve } from './resolve.ts';

export interface TransportOptions {
  readonly url: string;
  readonly trust: Trust;
  /** From the first byte of the connection to the last byte of the answer. A drip does not stretch it. */
  readonly timeoutMs: number;
  readonly connections?: number;
  readonly maxBytes?: number;
  readonly resolve?: Resolve;
}

interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Appended to the URL's own path, query included; REST panels only. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /**
   * On a connection of its own. A kept one may have died unseen, and a request written to it is neither sent nor not
   * sent: for a mutation that costs a whole fence, a new connection costs milliseconds.
   */
  readonly fresh?: boolean;
  /** Less than the transport's own, where a part of it was used already. */
  readonly timeoutMs?: number;
  /** Given up as not sent when no connection took it by then: what waits in a queue must not be sent late. */
  readonly sendWithinMs?: number;
}

type HttpResult =
  | HttpAnswer
  /** Provably not sent: no connection, no name, certificate or place refused, no free connection in time. */
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly retryable: boolean }
  /** Sent, at least in part, and no whole answer came back. */
  | { readonly kind: 'lost'; readonly failure: Failure; readonly retryable: boolean };

export interface HttpAnswer {
  readonly kind: 'answered';
  readonly status: number;
  /** The words of the status line: some panels say there, and only there, why they refuse. */
  readonly reason: string;
  readonly contentType: string;
  /** Empty when the body is as it was written. We ask for nothing else, so anything else is foreign. */
  readonly encoding: string;
  readonly text: string;
  header(name: string): string | undefined;
}

export interface Transport {
  /** One request, sent once. Redirects are answers, not followed; nothing is repeated, unpacked or cached. */
  send(request: HttpRequest): Promise<HttpResult>;
  close(): Promise<void>;
}

/** A page of 1000 rows is about 300 KB; more than this is no page of ours (reference/reliability.md 5.5). */
const defaultMaxBytes = 16 * 1024 * 1024;
const connectTimeoutMs = 10_000;

export function createTransport(options: TransportOptions): Transport {
  const parsed = parsePanelUrl(options.url, options.trust);
  if ('failure' in parsed) return refusedTransport(parsed.failure);
  const { url } = parsed;
  const connector = createConnector({
    url,
    trust: options.trust,
    resolve: options.resolve ?? systemResolve,
    timeoutMs: Math.min(connectTimeoutMs, options.timeoutMs),
  });
  // No interceptors: a repeater there turned one allocation into three (reference/reliability.md 1.6, ran).
  const agentWith = (pipelining: 0 | 1): Agent =>
    new Agent({
      connect: connector,
      connections: options.connections ?? 8,
      pipelining, // 0: no connection is used twice
      allowH2: false,
      maxResponseSize: options.maxBytes ?? defaultMaxBytes,
      headersTimeout: 0, // one deadline of ours stands for all of them
      bodyTimeout: 0,
    });
  const kept = agentWith(1);
  const fresh = agentWith(0);
  return {
    send: (request) =>
      send({ agent: request.fresh === true ? fresh : kept, url, timeoutMs: options.timeoutMs }, request),
    close: async () => void (await Promise.all([kept.destroy(), fresh.destroy()])),
  };
}

interface Wire {
  readonly agent: Agent;
  readonly url: URL;
  readonly timeoutMs: number;
}

async function send(wire: Wire, request: HttpRequest): Promise<HttpResult> {
  const timeoutMs = request.timeoutMs ?? wire.timeoutMs;
  const attempt = new Attempt(request, timeoutMs);
  const answering = ask(wire, request, attempt);
  answering.catch(() => undefined); // when the attempt is over before it, its end is known already
  try {
    return await Promise.race([answering, attempt.over]);
  } catch (error) {
    const sent = error instanceof AttemptOver ? error.sent : attempt.sent;
    return failed(error, sent, { ...wire, timeoutMs });
  } finally {
    attempt.settle();
  }
}

async function ask(wire: Wire, request: HttpRequest, attempt: Attempt): Promise<HttpAnswer> {
  const answer = await wire.agent.request({
    origin: wire.url.origin,
    path: wire.url.pathname + (request.path ?? ''),
    method: request.method,
    headers: headersOf(request),
    ...(request.method === 'GET' ? {} : { body: attempt.body }),
    signal: attempt.signal,
  });
  return answered(answer, await answer.body.text());
}

function headersOf(request: HttpRequest): Record<string, string> {
  const length = Buffer.byteLength(request.body ?? '');
  return {
    'accept-encoding': 'identity',
    'user-agent': 'iptally',
    ...(request.method === 'GET' ? {} : { 'content-length': String(length) }),
    ...request.headers,
  };
}

function answered(answer: Dispatcher.ResponseData, text: string): HttpAnswer {
  const header = (name: string): string | undefined => {
    const value = answer.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return {
    kind: 'answered',
    status: answer.statusCode,
    reason: answer.statusText,
    contentType: (header('content-type') ?? '').toLowerCase(),
    encoding: (header('content-encoding') ?? '').toLowerCase().replace('identity', ''),
    text,
    header,
  };
}

function failed(error: unknown, sent: boolean, wire: Wire): HttpResult {
  if (error instanceof ConnectError) return { kind: 'not-sent', failure: error.failure, retryable: error.retryable };
  const kind = sent ? 'lost' : 'not-sent';
  const what = sent ? 'The request was sent' : 'Nothing was sent';
  const { host } = wire.url;
  if (error instanceof AttemptOver && error.why === 'deadline') {
    const how = sent
      ? `no whole answer came within ${Math.round(wire.timeoutMs)} ms`
      : 'no connection was free in time';
    const code = sent ? 'panel-no-answer' : 'panel-unreachable';
    return { kind, failure: { code, message: `${what} to ${host}, and ${how}`, next: slowNext }, retryable: true };
  }
  if (error instanceof AttemptOver) {
    const message = `${what} to ${host}, and the wait for the answer was cancelled`;
    return { kind, failure: { code: 'cancelled', message, next: 'Ask again.' }, retryable: false };
  }
  if (codeOf(error) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    const message = `The answer of ${host} is larger than any answer of a panel`;
    return { kind: 'lost', failure: { code: 'panel-answer-too-large', message, next: foreignNext }, retryable: false };
  }
  const message = `${what} to ${host}, and the connection broke before the whole answer was here`;
  return {
    kind,
    failure: { code: sent ? 'panel-answer-cut' : 'panel-unreachable', message, next: slowNext },
    retryable: true,
  };
}

const slowNext = 'Check the panel and its load; --request-timeout gives it more time.';
const foreignNext = 'Check that the URL is that of the panel and that nothing stands between.';

/** A panel whose URL is refused: every call says so, nothing is ever sent. */
function refusedTransport(failure: Failure): Transport {
  return {
    send: async () => ({ kind: 'not-sent', failure, retryable: false }),
    close: async () => undefined,
  };
}
