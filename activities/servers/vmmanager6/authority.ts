import type { Failure } from '../../../workflows/domain/failure.ts';
import { createLoginKeeper, type LoggedIn, type NoLogin } from '../../http/login-keeper.ts';
import type { Transport } from '../../http/transport.ts';
import { restExchange } from '../../rest/exchange.ts';
import type { Authority, RestRefusal } from '../../rest/panel.ts';
import { fieldOf, wordOf } from './refusals.ts';

export interface TokenAuthority extends Authority {
  /** What must never be shown: the password, and the token at hand (I11). */
  secrets(): readonly string[];
}

interface TokenOptions {
  readonly transport: Transport;
  readonly email: string;
  readonly password: string;
  readonly now: () => number;
}

/** A token lives one hour from its last use; clients keep one for 45 minutes (seen: reference 5.3). */
const reuseMs = 45 * 60_000;

interface Token {
  readonly token: string;
  readonly key: string;
  readonly madeAt: number;
}

/** Email and password for a token, which goes into the header `x-xsrf-token` (seen: reference 5.3). */
export function createTokenAuthority(options: TokenOptions): TokenAuthority {
  const { password, now } = options;
  let logins = 0;
  const keeper = createLoginKeeper({
    async logIn(): Promise<LoggedIn<Token>> {
      const token = await login(options);
      if (typeof token !== 'string') return token;
      logins += 1;
      return { kind: 'login', login: { token, key: String(logins), madeAt: now() } };
    },
    usable: ({ madeAt }) => now() - madeAt < reuseMs,
    shown: ({ token, key }: Token, fresh) => ({
      kind: 'proof' as const,
      proof: { headers: { 'x-xsrf-token': token }, key, fresh, secrets: [password, token] },
    }),
  });
  return {
    prove: () => keeper.current(),
    forget: (key) => keeper.forget((held) => held.key === key),
    secrets: () => [password, keeper.held()?.token].filter((one) => one !== undefined),
  };
}

async function login({ transport, email, password }: TokenOptions): Promise<string | NoLogin> {
  const answer = await restExchange({
    transport,
    refusalOf: loginRefusal,
    request: { method: 'POST', path: 'auth/v4/public/token', json: { email, password }, secrets: [password] },
    proof: { headers: {}, secrets: [] },
  });
  if (answer.kind === 'refused') return { kind: 'login-refused', failure: answer.refusal.failure };
  if (answer.kind !== 'value') return { kind: 'no-login', failure: answer.failure, retryable: answer.retryable };
  const token = fieldOf(answer.value, 'token');
  return typeof token === 'string' && token !== '' ? token : noToken();
}

/** Any clear no to a login means the login. 5xx does not: it fails now and then, and is tried again (seen, documented). */
function loginRefusal(status: number, body: unknown, secrets: readonly string[]): RestRefusal | undefined {
  const word = wordOf(body, secrets);
  const clear = status < 500 && status !== 408 && status !== 429;
  if (!clear || (word === undefined && status !== 401 && status !== 403)) return undefined;
  const failure: Failure = {
    code: 'login-refused',
    message: `VMmanager refused the login: ${word === undefined ? `HTTP ${status}` : `error ${word.code ?? status} ${word.words}`}`,
    next: 'Check login (the email address of the account) and password of the connection.',
  };
  return { failure, said: String(word?.code ?? status), retryable: false, notLoggedIn: true };
}

function noToken(): NoLogin {
  return {
    kind: 'no-login',
    retryable: false,
    failure: {
      code: 'panel-answer-foreign',
      message: 'The answer to the login names no token',
      next: 'Check that the URL is that of VMmanager 6 itself, like https://vm.example.com.',
    },
  };
}
