import type { Failure } from '../../workflows/domain/failure.ts';
import type { NoLogin } from '../http/login-keeper.ts';

/** Headers that prove who we are. `key` tells one login from the next; a token that never changes has one key for ever. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  /** Made for this very call: a refusal of it is a missing right, not a dead session. */
  readonly fresh: boolean;
  /** Never shown (I11). */
  readonly secrets: readonly string[];
}

export type Proving = { readonly kind: 'proof'; readonly proof: Proof } | NoLogin;

/** How calls prove themselves at one panel. */
export interface Authority {
  /** At hand, being made, or new; concurrent calls share one login. */
  prove(): Promise<Proving>;
  /** The panel did not know this proof any more. */
  forget(key: string): void;
}

/** A panel's own no, in its own form. */
export interface RestRefusal {
  readonly failure: Failure;
  /** What kinds of refusal are told apart by: the panel's code, or the status. */
  readonly said: string;
  readonly retryable: boolean;
  /** The proof was refused: nothing was done. */
  readonly notLoggedIn: boolean;
}

/** What differs between REST panels. */
export interface RestPanel {
  readonly authority: Authority;
  /**
   * The panel's clear no, made of safe words only; nothing when this is an answer to take as it is (2xx), or one that is
   * no word of the panel: what a mutation with such an answer did is unknown.
   */
  refusalOf(status: number, body: unknown, secrets: readonly string[]): RestRefusal | undefined;
}
