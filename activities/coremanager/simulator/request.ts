import type { IncomingMessage } from 'node:http';
import { bodyText } from '../../http/simulator/request-body.ts';

export interface ParsedRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** GET and POST alike; a field of the body wins over one of the query. */
export async function parseRequest(incoming: IncomingMessage): Promise<ParsedRequest> {
  const url = new URL(incoming.url ?? '/', 'http://panel');
  const parameters = new Map(url.searchParams);
  if (incoming.method === 'POST') {
    for (const [name, value] of new URLSearchParams(await bodyText(incoming))) parameters.set(name, value);
  }
  return { method: incoming.method ?? 'GET', path: url.pathname.replace(/(.)\/$/, '$1'), parameters };
}

const secret = new Set(['password', 'passwd', 'confirm', 'authinfo', 'auth', 'key']);

/** Never echoed, never logged (reference 6, point 8; I11). */
export function withoutSecrets(parameters: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...parameters].filter(([name]) => !secret.has(name)));
}
