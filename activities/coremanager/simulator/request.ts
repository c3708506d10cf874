import type { IncomingMessage } from 'node:http';

export interface ParsedRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const maxBody = 1024 * 1024;

/** GET and POST alike; a field of the body wins over one of the query. */
export async function parseRequest(incoming: IncomingMessage): Promise<ParsedRequest> {
  const url = new URL(incoming.url ?? '/', 'http://panel');
  const parameters = new Map(url.searchParams);
  if (incoming.method === 'POST') {
    for (const [name, value] of new URLSearchParams(await bodyOf(incoming))) parameters.set(name, value);
  }
  return { method: incoming.method ?? 'GET', path: url.pathname.replace(/(.)\/$/, '$1'), parameters };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of incoming) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > maxBody) throw new Error('body too large');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

const secret = new Set(['password', 'passwd', 'confirm', 'authinfo', 'auth', 'key']);

/** Never echoed, never logged (reference 6, point 8; I11). */
export function withoutSecrets(parameters: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...parameters].filter(([name]) => !secret.has(name)));
}
