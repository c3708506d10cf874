import type { Failure } from '../../../workflows/domain/failure.ts';
import { createLoginKeeper, type LoggedIn } from '../../http/login-keeper.ts';
import type { Transport } from '../../http/transport.ts';
import { restExchange } from '../../rest/exchange.ts';
import type { Authority, Proof } from '../../rest/panel.ts';
import { refusalOf } from './refusal.ts';
import { arrayOrRecord, textIn, type Fields } from './values.ts';

export interface Credentials {
  readonly transport: Transport;
  readonly login: string;
  readonly secret: string;
}

export interface PveAuthority extends Authority {
  /** What the answer to the login said of rights (`cap`); nothing for a token. */
  rights(): Fields | undefined;
}

/** A login with `!` is an API token, whose secret is its UUID; any other logs in with its password (reference 5.4). */
export function createAuthority(credentials: Credentials): PveAuthority {
  return credentials.login.includes('!') ? tokenAuthority(credentials) : ticketAuthority(credentials);
}

/** A token is its own proof: nothing to log in to, no CSRF header (documented: 5.4). */
function tokenAuthority({ login, secret }: Credentials): PveAuthority {
  const wellFormed = /^[^:/!]+@[A-Za-z][\w.-]*![A-Za-z][\w.-]*$/.test(login) && /^[\x21-\x7e]+$/.test(login + secret);
  const proof: Proof = {
    headers: { authorization: `PVEAPIToken=${login}=${secret}` },
    key: login,
    fresh: true,
    secrets: [secret],
  };
  return {
    prove: async () => (wellFormed ? { kind: 'proof', proof } : { kind: 'login-refused', failure: noToken }),
    forget: () => undefined,
    rights: () => undefined,
  };
}

/** A ticket lives two hours (documented: pveum); past this it is not tried. */
const reuseMs = 100 * 60_000;

interface Ticket {
  readonly ticket: string;
  readonly csrf: string;
  readonly rights: Fields | undefined;
  readonly madeAt: number;
}

function ticketAuthority(credentials: Credentials): PveAuthority {
  const keeper = createLoginKeeper({
    logIn: () => logIn(credentials),
    usable: ({ madeAt }) => performance.now() - madeAt < reuseMs,
    shown: (ticket: Ticket, fresh) => ({ kind: 'proof' as const, proof: proofOf(ticket, credentials.secret, fresh) }),
  });
  return {
    prove: () => keeper.current(),
    forget: (key) => keeper.forget(({ ticket }) => ticket === key),
    rights: () => keeper.held()?.rights,
  };
}

function proofOf({ ticket, csrf }: Ticket, secret: string, fresh: boolean): Proof {
  return {
    // The header is for every method but GET (documented: 5.4), and does no harm there.
    headers: { cookie: `PVEAuthCookie=${encodeURIComponent(ticket)}`, csrfpreventiontoken: csrf },
    key: ticket,
    fresh,
    secrets: [secret, ticket, csrf],
  };
}

async function logIn({ transport, login, secret }: Credentials): Promise<LoggedIn<Ticket>> {
  const answer = await restExchange({
    transport,
    refusalOf,
    request: { method: 'POST', path: '/access/ticket', form: { username: login, password: secret } },
    proof: { headers: {}, secrets: [secret] },
  });
  if (answer.kind === 'refused') {
    const { failure, retryable } = answer.refusal;
    if (retryable) return { kind: 'no-login', failure, retryable };
    return { kind: 'login-refused', failure: { ...failure, code: 'login-refused' } };
  }
  if (answer.kind !== 'value') return { kind: 'no-login', failure: answer.failure, retryable: answer.retryable };
  return ticketFrom(arrayOrRecord(arrayOrRecord(answer.value)?.['data']) ?? {});
}

function ticketFrom(data: Fields): LoggedIn<Ticket> {
  const ticket = textIn(data, 'ticket');
  const csrf = textIn(data, 'CSRFPreventionToken');
  const half = data['NeedTFA'] === 1 || data['NeedTFA'] === true; // a ticket that only goes on to the second factor (seen)
  if (half) return { kind: 'login-refused', failure: secondFactor };
  if (ticket === undefined || csrf === undefined) return { kind: 'no-login', failure: noTicket, retryable: false };
  const rights = arrayOrRecord(data['cap']);
  return { kind: 'login', login: { ticket, csrf, rights, madeAt: performance.now() } };
}

const noToken: Failure = {
  code: 'login-refused',
  message: 'A login with "!" is an API token: USER@REALM!TOKEN, and its secret is the UUID shown when it was made',
  next: 'Give both as the panel shows them, or a login without "!" and its password.',
};

const secondFactor: Failure = {
  code: 'login-refused',
  message: 'The panel wants a second factor for this login',
  next: 'Use an API token, which needs none.',
};

const noTicket: Failure = {
  code: 'panel-answer-foreign',
  message: 'The answer to the login has no ticket',
  next: 'Check that the URL is that of a Proxmox VE.',
};
