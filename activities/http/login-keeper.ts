import type { Failure } from '../../workflows/domain/failure.ts';

/** Why nobody is logged in. What was to follow was not sent. */
export type NoLogin =
  | { readonly kind: 'login-refused'; readonly failure: Failure }
  /** No clear answer to the login. */
  | { readonly kind: 'no-login'; readonly failure: Failure; readonly retryable: boolean };

export type LoggedIn<Login> = { readonly kind: 'login'; readonly login: Login } | NoLogin;

interface KeptLogin<Login, Shown> {
  readonly logIn: () => Promise<LoggedIn<Login>>;
  /** Young enough to be tried: past this the panel may have forgotten it. */
  readonly usable: (login: Login) => boolean;
  /** As callers get it. Fresh: made for this very call, so that a refusal of it is a missing right. */
  readonly shown: (login: Login, fresh: boolean) => Shown;
}

/** One login for all calls to a panel: the one at hand, the one being made, or a new one. Concurrent calls share one. */
export function createLoginKeeper<Login, Shown>({ logIn, usable, shown }: KeptLogin<Login, Shown>) {
  let held: Login | undefined;
  let making: Promise<Shown | NoLogin> | undefined;
  const make = async (): Promise<Shown | NoLogin> => {
    try {
      const made = await logIn();
      if (made.kind !== 'login') return made;
      held = made.login;
      return shown(held, true);
    } finally {
      making = undefined;
    }
  };
  return {
    async current(): Promise<Shown | NoLogin> {
      if (held !== undefined && usable(held)) return shown(held, false);
      making ??= make();
      return making;
    },
    held: (): Login | undefined => held,
    /** Only the one that is meant: another may have been made since, and stays. */
    forget(isMeant: (login: Login) => boolean): void {
      if (held !== undefined && isMeant(held)) held = undefined;
    },
  };
}
