import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Fault, FaultKind } from './faults.ts';

export interface PreparedAnswer {
  /** 200 when it does not say. */
  readonly status?: number;
  /** The words of the status line, where a panel puts its own there. */
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly contentType: string;
}

type Spoiler = (response: ServerResponse, answer: PreparedAnswer, fault: Fault) => void;

const html = { 'content-type': 'text/html; charset=UTF-8' };

/** Faults that happen once the work is done. */
const spoilers: Partial<Record<FaultKind, Spoiler>> = {
  'reset-after': (response) => void response.socket?.resetAndDestroy(),
  'no-answer-after': () => undefined, // the client gives up, or close() ends it
  'status-after': (response, _answer, fault) => {
    response.writeHead(fault.status ?? 500, html).end('<html><body>Internal Server Error</body></html>');
  },
  'truncated-after': truncate,
  'html-after': (response) => void response.writeHead(200, html).end(loginPage),
  'foreign-json-after': (response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"status":"success","data":{"ip":"192.0.2.1"}}');
  },
  'wrong-content-type': (response, answer) => void response.writeHead(200, html).end(answer.body),
  'packed-after': (response, answer) => {
    const headers = { 'content-type': answer.contentType, 'content-encoding': 'gzip' };
    response.writeHead(200, headers).end(gzipSync(answer.body));
  },
  'deep-json': (response, answer) => {
    const deep = `{"doc":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    response.writeHead(200, { 'content-type': answer.contentType }).end(deep);
  },
  drip,
  'endless-body': endless,
};

/** Sends the answer, or spoils it. The work is done by now. */
export function deliver(response: ServerResponse, answer: PreparedAnswer, fault: Fault | undefined): void {
  const spoil = fault === undefined ? undefined : spoilers[fault.kind];
  if (fault === undefined || spoil === undefined) {
    const headers = { 'content-type': answer.contentType, ...answer.headers };
    if (answer.reason !== undefined) response.statusMessage = answer.reason;
    response.writeHead(answer.status ?? 200, headers).end(answer.body);
  } else spoil(response, answer, fault);
}

/** Whole headers, half a body, then the end: a length that does not come true. */
function truncate(response: ServerResponse, answer: PreparedAnswer): void {
  const bytes = Buffer.from(answer.body);
  response.writeHead(200, { 'content-type': answer.contentType, 'content-length': String(bytes.length) });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
}

function drip(response: ServerResponse, answer: PreparedAnswer, fault: Fault): void {
  const bytes = Buffer.from(answer.body);
  response.writeHead(200, { 'content-type': answer.contentType });
  let at = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(at, at + 1));
    at += 1;
    if (at < bytes.length) return;
    clearInterval(timer);
    response.end();
  }, fault.ms ?? 20);
  response.once('close', () => clearInterval(timer));
}

function endless(response: ServerResponse, answer: PreparedAnswer): void {
  response.writeHead(200, { 'content-type': answer.contentType });
  const block = Buffer.alloc(256 * 1024, 0x20);
  const more = (): void => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', more);
  response.write('{"doc":{');
  more();
}

/** What a panel shows a browser: the default without `out` (inferred: reference 6, point 1). */
export const loginPage =
  '<!DOCTYPE html><html><head><title>Login</title></head><body><form method="post"><input name="username"><input name="password" type="password"></form></body></html>';
