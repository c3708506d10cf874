import { readJson } from '../../http/json.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { createTransport, type HttpAnswer, type Transport } from '../../http/transport.ts';
import { createRestClient, type RestClient } from '../../rest/client.ts';
import type { RestRequest } from '../../rest/exchange.ts';
import type { ServerConnection, ServerOutcome } from '../server-module.ts';
import { mutationOutcome } from '../outcome.ts';
import { createAuthority, type PveAuthority } from './authority.ts';
import { refusalOf, type Said } from './refusal.ts';
import { arrayOrRecord } from './values.ts';

/** What one change came to: its value, a no to look again after, or an outcome for the caller. */
export type Changed =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'look-again'; readonly outcome: ServerOutcome }
  | { readonly kind: 'ended'; readonly outcome: ServerOutcome };

/** A Proxmox VE as the module's parts talk to it, for one call of the port. */
export interface Panel {
  /** `data` of the answer. Throws {@link PanelReadError}; `said` there is a {@link Said}. */
  read(path: string): Promise<unknown>;
  change(request: RestRequest): Promise<Changed>;
  /** When the call began, as {@link performance.now} tells it. */
  readonly began: number;
  readonly requestTimeoutMs: number;
  /** Never shown (I11). */
  readonly secrets: readonly string[];
}

export interface PanelDesk {
  begin(): Panel;
  readonly authority: PveAuthority;
  close(): Promise<void>;
}

export function createPanelDesk(connection: ServerConnection): PanelDesk {
  const { requestTimeoutMs, trust } = connection;
  const url = apiUrl(connection.url ?? '');
  const transport = withStatusWords(createTransport({ url, trust, timeoutMs: requestTimeoutMs }));
  const authority = createAuthority({
    transport,
    login: connection.login ?? '',
    secret: connection.secret ?? '',
  });
  const client = createRestClient({ transport, panel: { authority, refusalOf }, requestTimeoutMs });
  return { authority, close: () => client.close(), begin: () => panelFor(client.begin(), connection) };
}

/** `https://HOST:8006` is what people give; the API is below it (documented: 5.4). */
function apiUrl(given: string): string {
  const url = URL.parse(given.trim());
  if (url === null) return given;
  const path = url.pathname.replace(/\/+$/, '');
  if (path !== '' && path !== '/api2/json') return given;
  url.pathname = '/api2/json';
  return url.href;
}

function panelFor(client: RestClient, { requestTimeoutMs, secret }: ServerConnection): Panel {
  return {
    began: performance.now(),
    requestTimeoutMs,
    secrets: [secret ?? ''],
    read: (path) => read(client, path),
    change: (request) => change(client, request),
  };
}

async function read(client: RestClient, path: string): Promise<unknown> {
  try {
    return dataOf(await client.read(path));
  } catch (error) {
    if (!(error instanceof PanelReadError) || !['unclear', 'busy'].includes(error.said ?? '')) throw error;
    throw new PanelReadError(error.failure, { retryable: true }); // trouble, and no clear no
  }
}

function dataOf(value: unknown): unknown {
  const body = arrayOrRecord(value);
  if (body !== undefined && 'data' in body) return body['data'];
  const failure = {
    code: 'panel-answer-foreign',
    message: 'The answer is none of a Proxmox VE: it has no "data"',
    next: 'Check that the URL is that of the panel and that nothing stands between.',
  };
  throw new PanelReadError(failure, { retryable: false });
}

const lookAgain: ReadonlySet<Said> = new Set(['exists', 'changed', 'state']);

async function change(client: RestClient, request: RestRequest): Promise<Changed> {
  const answer = await client.mutate(request);
  if (answer.kind === 'ok') return { kind: 'ok', value: arrayOrRecord(answer.value)?.['data'] };
  if (answer.kind !== 'refused') return { kind: 'ended', outcome: mutationOutcome(answer) };
  const said = answer.refusal.said as Said;
  if (said === 'unclear') return { kind: 'ended', outcome: { kind: 'unknown', failure: answer.failure } };
  const outcome = mutationOutcome(answer);
  return { kind: lookAgain.has(said) ? 'look-again' : 'ended', outcome };
}

/**
 * Until 2025 the words of a refusal stood in the status line alone, and the body said `{"data":null}` (seen:
 * pve-http-server, fix #6503). They are put where newer servers have them.
 */
function withStatusWords(transport: Transport): Transport {
  return {
    ...transport,
    async send(request) {
      const result = await transport.send(request);
      return result.kind === 'answered' && result.status >= 400 ? worded(result) : result;
    },
  };
}

function worded(answer: HttpAnswer): HttpAnswer {
  const body = readJson(answer.text);
  const said = body.kind === 'json' ? arrayOrRecord(body.value) : undefined;
  if (said === undefined || !('data' in said) || 'message' in said) return answer;
  return { ...answer, text: JSON.stringify({ ...said, message: answer.reason }) };
}
