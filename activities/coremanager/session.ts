import { exchange, type Exchange, type Fields } from './exchange.ts';
import type { Format } from './body.ts';
import { judgePanelError } from './panel-error.ts';
import { attribute, child, textOf, type PanelNode } from './tree.ts';
import { createLoginKeeper, type LoggedIn, type NoLogin } from '../http/login-keeper.ts';
import type { Transport } from '../http/transport.ts';

export interface PanelSession {
  readonly id: string;
  /** 16 user, 29 and more administrator (reference 1.3); nothing where the panel does not tell. */
  readonly level: number | null;
  readonly format: Format;
  /** The answer to the login: its root attributes name the panel. */
  readonly doc: PanelNode;
  usedAt: number;
}

export type SessionOutcome =
  | { readonly kind: 'session'; readonly session: PanelSession; readonly fresh: boolean }
  | NoLogin;

export interface SessionOptions {
  readonly transport: Transport;
  readonly login: string;
  readonly password: string;
  readonly now: () => number;
}

/** A session lives one hour from its last call (documented: 1.3); past this it is not tried. */
const reuseMs = 50 * 60_000;

export interface SessionKeeper {
  /** A session to call with: the one at hand, the one being made, or a new one. Concurrent calls share one login. */
  current(): Promise<SessionOutcome>;
  /** Forgets this session, or whichever is at hand. A session made since then stays. */
  forget(session?: PanelSession): void;
  /** What must never be shown: the password and every session id in use. */
  secrets(): readonly string[];
}

export function createSessionKeeper(options: SessionOptions): SessionKeeper {
  const keeper = createLoginKeeper({
    logIn: () => login(options),
    usable: ({ usedAt }) => options.now() - usedAt < reuseMs,
    shown: (session: PanelSession, fresh) => ({ kind: 'session' as const, session, fresh }),
  });
  return {
    current: () => keeper.current(),
    forget: (session) => keeper.forget((held) => session === undefined || session === held),
    secrets: () => [options.password, keeper.held()?.id].filter((one) => one !== undefined),
  };
}

async function login(options: SessionOptions): Promise<LoggedIn<PanelSession>> {
  const fields: Fields = { func: 'auth', username: options.login, password: options.password, out: 'json', lang: 'en' };
  const answer = await exchange({ transport: options.transport, fields, secrets: [options.password] });
  if (answer.kind === 'doc') return sessionOf(answer, options);
  if (answer.kind === 'error') return loginRefused(answer);
  return { kind: 'no-login', failure: answer.failure, retryable: answer.retryable };
}

/** Whatever a panel answers to a login with an error, the login was refused: bad password, locked, expired. */
function loginRefused(answer: Extract<Exchange, { kind: 'error' }>): NoLogin {
  const judged = judgePanelError(answer.error, 'auth');
  if (judged.retryable) return { kind: 'no-login', failure: judged.failure, retryable: true };
  return { kind: 'login-refused', failure: { ...judged.failure, code: 'login-refused' } };
}

function sessionOf(answer: Extract<Exchange, { kind: 'doc' }>, options: SessionOptions): LoggedIn<PanelSession> {
  const auth = child(answer.doc, 'auth');
  const ok = child(answer.doc, 'ok');
  if (ok !== undefined && textOf(ok).trim() !== '') return unfinished();
  // Attribute first, element text as the fall-back (documented: 1.3).
  const id = auth === undefined ? '' : attribute(auth, 'id') || textOf(auth);
  if (auth === undefined || id === '') return noSession();
  const level = Number(attribute(auth, 'level') ?? Number.NaN);
  const session: PanelSession = {
    id,
    level: Number.isFinite(level) ? level : null,
    format: answer.format,
    doc: answer.doc,
    usedAt: options.now(),
  };
  return { kind: 'login', login: session };
}

/** A non-empty `ok` means "go on with that function", as for two factors (seen: 1.3): not logged in yet. */
function unfinished(): NoLogin {
  return {
    kind: 'login-refused',
    failure: {
      code: 'login-refused',
      message: 'The panel wants a second step for this login (two factors, or a new password)',
      next: 'Use a login without a second factor, kept for iptally alone.',
    },
  };
}

function noSession(): NoLogin {
  return {
    kind: 'no-login',
    failure: {
      code: 'panel-answer-foreign',
      message: 'The answer to the login names no session',
      next: 'Check that the URL is that of the panel.',
    },
    retryable: false,
  };
}
