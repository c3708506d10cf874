import type { Failure } from '../../workflows/domain/failure.ts';
import { mutationTime, sentTooLate } from '../http/mutation-time.ts';
import { PanelReadError } from '../http/panel-read-error.ts';
import type { Transport } from '../http/transport.ts';
import { restExchange, type RestExchange, type RestExchangeOptions, type RestRequest } from './exchange.ts';
import type { Proof, Proving, RestPanel, RestRefusal } from './panel.ts';

/** What one mutation came to. Exactly one request was sent for it, or none. */
export type RestMutation =
  | { readonly kind: 'ok'; readonly value: unknown }
  /** The panel's clear word that nothing was done. */
  | { readonly kind: 'refused'; readonly refusal: RestRefusal; readonly failure: Failure }
  | { readonly kind: 'not-logged-in'; readonly failure: Failure }
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure };

export interface RestClient {
  /** Reads one JSON value; proves itself anew once when the proof was dead. Throws {@link PanelReadError}. */
  read(path: string): Promise<unknown>;
  /**
   * One request, sent once. Refused for its proof it had no effect, and is attempted once more with a new one; whatever
   * else happens, it is not repeated (I7). Never throws for what panel or network did.
   */
  mutate(request: RestRequest): Promise<RestMutation>;
  /**
   * The same client for one call of a port that begins now. Its mutations leave within the first half of the request
   * timeout or not at all, and are over at its end: nothing is sent after the caller gave up, so a fence can hold.
   */
  begin(): RestClient;
  close(): Promise<void>;
}

export interface RestClientOptions {
  readonly transport: Transport;
  readonly panel: RestPanel;
  readonly requestTimeoutMs: number;
}

export function createRestClient(options: RestClientOptions): RestClient {
  const client: RestClient = {
    read: (path) => read(options, path),
    mutate: (request) => mutate(options, request, performance.now()),
    begin() {
      const began = performance.now();
      return { ...client, mutate: (request) => mutate(options, request, began) };
    },
    close: () => options.transport.close(),
  };
  return client;
}

type Mutating = Pick<RestExchangeOptions, 'mutation'>;

function send(options: RestClientOptions, request: RestRequest, how: Mutating & { readonly proof: Proof }) {
  const { transport, panel } = options;
  return restExchange({ transport, refusalOf: (...said) => panel.refusalOf(...said), request, ...how });
}

async function read(options: RestClientOptions, path: string): Promise<unknown> {
  const { authority } = options.panel;
  const request: RestRequest = { method: 'GET', path };
  const first = needed(await authority.prove());
  const answer = await send(options, request, { proof: first });
  if (!refusesProof(answer)) return valueOf(answer);
  authority.forget(first.key);
  if (first.fresh) return valueOf(answer);
  return valueOf(await send(options, request, { proof: needed(await authority.prove()) }));
}

async function mutate(options: RestClientOptions, request: RestRequest, began: number): Promise<RestMutation> {
  const { authority } = options.panel;
  const first = await authority.prove();
  if (first.kind !== 'proof') return unproved(first);
  const answer = await once(options, { request, proof: first.proof, began });
  if (answer.kind !== 'not-logged-in') return answer;
  authority.forget(first.proof.key);
  if (first.proof.fresh) return answer;
  const second = await authority.prove();
  if (second.kind !== 'proof') return unproved(second);
  return once(options, { request, proof: second.proof, began });
}

interface Attempted {
  readonly request: RestRequest;
  readonly proof: Proof;
  readonly began: number;
}

async function once(options: RestClientOptions, { request, proof, began }: Attempted): Promise<RestMutation> {
  const mutation = mutationTime(options.requestTimeoutMs, began);
  if (mutation === undefined) return { kind: 'not-sent', failure: sentTooLate };
  const answer = await send(options, request, { proof, mutation });
  switch (answer.kind) {
    case 'value':
      return { kind: 'ok', value: answer.value };
    case 'not-sent':
      return { kind: 'not-sent', failure: answer.failure };
    case 'no-answer':
      return { kind: 'unknown', failure: answer.failure };
    case 'refused': {
      const { refusal } = answer;
      const { failure } = refusal;
      return refusal.notLoggedIn ? { kind: 'not-logged-in', failure } : { kind: 'refused', refusal, failure };
    }
  }
}

function unproved(proving: Exclude<Proving, { kind: 'proof' }>): RestMutation {
  return { kind: proving.kind === 'login-refused' ? 'not-logged-in' : 'not-sent', failure: proving.failure };
}

function refusesProof(answer: RestExchange): boolean {
  return answer.kind === 'refused' && answer.refusal.notLoggedIn;
}

function needed(proving: Proving): Proof {
  if (proving.kind === 'proof') return proving.proof;
  const refused = proving.kind === 'login-refused';
  throw new PanelReadError(proving.failure, { retryable: !refused && proving.retryable, notLoggedIn: refused });
}

function valueOf(answer: RestExchange): unknown {
  if (answer.kind === 'value') return answer.value;
  if (answer.kind !== 'refused') throw new PanelReadError(answer.failure, { retryable: answer.retryable });
  const { failure, retryable, notLoggedIn, said } = answer.refusal;
  throw new PanelReadError(failure, { retryable, notLoggedIn, said });
}
