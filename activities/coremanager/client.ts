import type { Failure } from '../../workflows/domain/failure.ts';
import { mutationTime, sentTooLate } from '../http/mutation-time.ts';
import { PanelReadError } from '../http/panel-read-error.ts';
import { createTransport } from '../http/transport.ts';
import type { Resolve } from '../http/resolve.ts';
import type { Trust } from '../servers/server-module.ts';
import type { Format } from './body.ts';
import { createAuthinfoKeeper } from './authinfo.ts';
import { exchange, type Exchange, type ExchangeOptions, type Fields } from './exchange.ts';
import { judgePanelError, missing, type PanelError } from './panel-error.ts';
import { createSessionKeeper, type PanelSession, type SessionKeeper, type SessionOutcome } from './session.ts';
import type { PanelNode } from './tree.ts';

export interface PanelClientOptions {
  /** Taken as it stands: nothing is appended (reference 1.1). */
  readonly url: string;
  readonly login: string;
  readonly password: string;
  readonly trust: Trust;
  readonly requestTimeoutMs: number;
  /** How calls say who they are: by a session, unless login and password go with each (documented: reference 1.3). */
  readonly auth?: 'session' | 'authinfo';
  /** Acts as this user (`su`), for an administrator's login. */
  readonly actAs?: string;
  readonly connections?: number;
  readonly resolve?: Resolve;
  readonly now?: () => number;
}

/** What one mutation came to. Exactly one request was sent for it, or none. */
export type PanelMutation =
  | { readonly kind: 'ok'; readonly doc: PanelNode }
  /** The panel's clear word that nothing was done. */
  | { readonly kind: 'refused'; readonly error: PanelError; readonly failure: Failure }
  | { readonly kind: 'not-logged-in'; readonly failure: Failure }
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure };

export interface PanelClient {
  /** Reads one document; logs in anew once when the session was dead. Throws {@link PanelReadError}. */
  read(fields: Fields, signal?: AbortSignal): Promise<PanelNode>;
  /** The same, and the session it was read in: a listing goes on in that one. */
  open(fields: Fields, signal?: AbortSignal): Promise<{ readonly doc: PanelNode; readonly session: PanelSession }>;
  /** Reads within one session, which a listing needs: no login in between. Throws {@link PanelReadError}. */
  readIn(session: PanelSession, fields: Fields, signal?: AbortSignal): Promise<PanelNode>;
  /** One request, sent once, whatever happens (design.md 3, step 2; I7). Never throws for what panel or network did. */
  mutate(fields: Fields): Promise<PanelMutation>;
  /**
   * The same client for one call of a port that begins now. Its mutations leave within the first half of the request
   * timeout or not at all, and are over at its end: nothing is sent after the caller gave up, so a fence can hold.
   */
  begin(): PanelClient;
  /** The session at hand or a new one. Throws {@link PanelReadError}. */
  session(): Promise<PanelSession>;
  forgetSession(session?: PanelSession): void;
  setFormat(format: Format): void;
  close(): Promise<void>;
}

export function createPanelClient(options: PanelClientOptions): PanelClient {
  const transport = createTransport({
    url: options.url,
    trust: options.trust,
    timeoutMs: options.requestTimeoutMs,
    ...(options.connections === undefined ? {} : { connections: options.connections }),
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  const now = options.now ?? Date.now;
  const { login, password } = options;
  const sessions =
    options.auth === 'authinfo'
      ? createAuthinfoKeeper(login, password)
      : createSessionKeeper({ transport, login, password, now });
  let format: Format = 'json';
  const call: Call = async (session, fields, how) => {
    const common = {
      out: format,
      lang: 'en',
      [options.auth === 'authinfo' ? 'authinfo' : 'auth']: session.id,
      ...(options.actAs === undefined ? {} : { su: options.actAs }),
    };
    const secrets = [...sessions.secrets(), session.id, ...secretFields(fields)];
    const answer = await exchange({ transport, fields: { ...fields, ...common }, secrets, ...how });
    if (answer.kind === 'doc' || answer.kind === 'error') session.usedAt = now();
    return answer;
  };
  const caller: Caller = { sessions, call, timeoutMs: options.requestTimeoutMs };
  const client: PanelClient = {
    read: async (fields, signal) => (await read(caller, fields, signal)).doc,
    open: (fields, signal) => read(caller, fields, signal),
    readIn: async (session, fields, signal) => docOf(await call(session, fields, until(signal)), fields),
    mutate: (fields) => mutate(caller, fields, performance.now()),
    begin() {
      const began = performance.now();
      return { ...client, mutate: (fields) => mutate(caller, fields, began) };
    },
    session: async () => (await need(sessions)).session,
    forgetSession: (session) => sessions.forget(session),
    setFormat: (wanted) => {
      format = wanted;
    },
    close: () => transport.close(),
  };
  return client;
}

type Call = (
  session: PanelSession,
  fields: Fields,
  how: Pick<ExchangeOptions, 'signal' | 'mutation'>,
) => Promise<Exchange>;

function until(signal: AbortSignal | undefined): Pick<ExchangeOptions, 'signal'> {
  return signal === undefined ? {} : { signal };
}

interface Caller {
  readonly sessions: SessionKeeper;
  readonly call: Call;
  readonly timeoutMs: number;
}

async function read(caller: Caller, fields: Fields, signal?: AbortSignal): ReturnType<PanelClient['open']> {
  const first = await need(caller.sessions);
  const answer = await caller.call(first.session, fields, until(signal));
  if (!refusesSession(answer)) return { doc: docOf(answer, fields), session: first.session };
  caller.sessions.forget(first.session);
  // `access` on a session made a moment ago is a missing right; a second login would say the same.
  if (first.fresh) return { doc: docOf(answer, fields), session: first.session };
  const { session } = await need(caller.sessions);
  return { doc: docOf(await caller.call(session, fields, until(signal)), fields), session };
}

async function mutate(caller: Caller, fields: Fields, began: number): Promise<PanelMutation> {
  const made = await caller.sessions.current();
  if (made.kind === 'login-refused') return { kind: 'not-logged-in', failure: made.failure };
  if (made.kind === 'no-login') return { kind: 'not-sent', failure: made.failure };
  const mutation = mutationTime(caller.timeoutMs, began);
  if (mutation === undefined) return { kind: 'not-sent', failure: sentTooLate };
  const answer = await caller.call(made.session, fields, { mutation });
  if (answer.kind === 'doc') return { kind: 'ok', doc: answer.doc };
  if (answer.kind === 'not-sent') return { kind: 'not-sent', failure: answer.failure };
  if (answer.kind === 'no-answer') return { kind: 'unknown', failure: answer.failure };
  const judged = judgePanelError(answer.error, funcOf(fields));
  if (!judged.notLoggedIn) return { kind: 'refused', error: answer.error, failure: judged.failure };
  caller.sessions.forget(made.session);
  return { kind: 'not-logged-in', failure: judged.failure };
}

/** A password we send for somebody else is as secret as our own. */
function secretFields(fields: Fields): readonly string[] {
  return ['passwd', 'password'].map((name) => fields[name]).filter((value) => typeof value === 'string');
}

function refusesSession(answer: Exchange): boolean {
  return answer.kind === 'error' && judgePanelError(answer.error, '').notLoggedIn;
}

async function need(sessions: SessionKeeper): Promise<Extract<SessionOutcome, { kind: 'session' }>> {
  const made = await sessions.current();
  if (made.kind === 'session') return made;
  if (made.kind === 'login-refused') throw new PanelReadError(made.failure, { retryable: false, notLoggedIn: true });
  throw new PanelReadError(made.failure, { retryable: made.retryable });
}

function docOf(answer: Exchange, fields: Fields): PanelNode {
  if (answer.kind === 'doc') return answer.doc;
  if (answer.kind !== 'error') throw new PanelReadError(answer.failure, { retryable: answer.retryable });
  const judged = judgePanelError(answer.error, funcOf(fields));
  const { retryable, notLoggedIn } = judged;
  // `missed` is said of things only: a panel without the function says nothing about what it holds.
  const said = missing(answer.error) === 'func' ? 'func' : answer.error.type;
  throw new PanelReadError(judged.failure, { retryable, notLoggedIn, said });
}

function funcOf(fields: Fields): string {
  const func = fields['func'];
  return typeof func === 'string' ? func : '';
}
