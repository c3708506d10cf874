import type { PanelSession, SessionKeeper, SessionOutcome } from './session.ts';

/**
 * Login and password in every call (documented: reference 1.3), which is how clients of version 4 do it (seen: 5.1).
 * There is no session to lose, so a refused access is a missing right at once.
 */
export function createAuthinfoKeeper(login: string, password: string): SessionKeeper {
  const session: PanelSession = { id: `${login}:${password}`, level: null, format: 'xml', doc: {}, usedAt: 0 };
  const outcome: SessionOutcome = login.includes(':') ? colonInLogin : { kind: 'session', session, fresh: true };
  return {
    current: async () => outcome,
    forget: () => undefined,
    secrets: () => [password, session.id],
  };
}

/** The panel splits at the first colon (inferred: 1.2): the rest of the login would be read as password. */
const colonInLogin: SessionOutcome = {
  kind: 'login-refused',
  failure: {
    code: 'login-refused',
    message: 'A login with a colon cannot be told to this panel',
    next: 'Use a login without a colon.',
  },
};
