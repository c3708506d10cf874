import type { Failure } from '../../workflows/domain/failure.ts';
import { foreignBody, foreignStatus } from '../http/foreign-answer.ts';
import { readJson } from '../http/json.ts';
import type { MutationTime } from '../http/mutation-time.ts';
import type { HttpAnswer, Transport } from '../http/transport.ts';
import type { Proof, RestPanel, RestRefusal } from './panel.ts';

/** One call. `path` is appended to the panel's URL; whoever builds it encodes what goes into it. */
export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** JSON panels. */
  readonly json?: unknown;
  /** Form-encoded panels. */
  readonly form?: Readonly<Record<string, string>>;
  /** Sent in it, and never shown, whatever the panel repeats (I11). */
  readonly secrets?: readonly string[];
}

/** What one request came to. */
export type RestExchange =
  | { readonly kind: 'value'; readonly value: unknown; readonly status: number }
  | { readonly kind: 'refused'; readonly refusal: RestRefusal }
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly retryable: boolean }
  /** Sent, and nothing came back that is the panel's own word. */
  | { readonly kind: 'no-answer'; readonly failure: Failure; readonly retryable: boolean };

export interface RestExchangeOptions {
  readonly transport: Transport;
  readonly refusalOf: RestPanel['refusalOf'];
  readonly request: RestRequest;
  readonly proof: Pick<Proof, 'headers' | 'secrets'>;
  /** A mutation: on a connection of its own, sent by a certain time or not at all. */
  readonly mutation?: MutationTime;
}

export async function restExchange(options: RestExchangeOptions): Promise<RestExchange> {
  const { transport, request, proof } = options;
  const result = await transport.send({
    method: request.method,
    path: request.path,
    headers: { accept: 'application/json', ...typeOf(request), ...proof.headers },
    ...bodyOf(request),
    ...(options.mutation === undefined ? {} : { fresh: true, ...options.mutation }),
  });
  if (result.kind === 'not-sent') return result;
  if (result.kind === 'lost') return { kind: 'no-answer', failure: result.failure, retryable: result.retryable };
  return judge(result, options);
}

function typeOf(request: RestRequest): Record<string, string> {
  if (request.json !== undefined) return { 'content-type': 'application/json' };
  return request.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
}

function bodyOf(request: RestRequest): { readonly body?: string } {
  if (request.json !== undefined) return { body: JSON.stringify(request.json) };
  return request.form === undefined ? {} : { body: new URLSearchParams(request.form).toString() };
}

/** The panel's own no comes first, whatever the status: REST panels say it with one of their own. */
function judge(answer: HttpAnswer, { refusalOf, proof, request }: RestExchangeOptions): RestExchange {
  const { status } = answer;
  const body = answer.encoding === '' && answer.contentType.includes('json') ? readJson(answer.text) : undefined;
  const value = body?.kind === 'json' ? body.value : undefined;
  const refusal = refusalOf(status, value, [...proof.secrets, ...(request.secrets ?? [])]);
  if (refusal !== undefined) return { kind: 'refused', refusal };
  const byStatus = foreignStatus(status);
  if (byStatus !== undefined) return { kind: 'no-answer', ...byStatus };
  if (body?.kind === 'json') return { kind: 'value', value, status };
  const what = answer.contentType.includes('html') ? 'a web page' : (body?.why ?? 'no JSON, or packed');
  return { kind: 'no-answer', failure: foreignBody(what), retryable: body !== undefined };
}
