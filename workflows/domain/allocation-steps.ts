import type { Failure } from './failure.ts';

/** What an allocation does, and what it then sees; `allocation.ts` says what follows from what. */

export type Step =
  | { readonly do: 'request'; readonly attempt: number; readonly freshSession: boolean }
  /** Wait before the next request: the panel was not reached, `round` times in a row. */
  | { readonly do: 'back-off'; readonly round: number }
  /** Wait until no effect of what was sent can land any more. */
  | { readonly do: 'fence' }
  | { readonly do: 'find' }
  | { readonly do: 'claim'; readonly ip: string }
  | { readonly do: 'mark'; readonly ip: string }
  | { readonly do: 'write-ptr'; readonly ip: string }
  /** By the release steps. */
  | { readonly do: 'give-back'; readonly ips: readonly string[] }
  /** Held since an earlier run, so it may be on its server: the story takes it off there before it goes back (I4). */
  | { readonly do: 'hand-back'; readonly ip: string; readonly failure: Failure | undefined }
  | { readonly do: 'close'; readonly failure: Failure }
  | { readonly do: 'done'; readonly ip: string }
  /** Cancelled, abandoned, or refused beside another order: this order holds nothing any more. */
  | { readonly do: 'stopped' };

export type Event =
  | { readonly kind: 'allocated'; readonly ip: string }
  | { readonly kind: 'refused' | 'not-logged-in' | 'not-sent' | 'unknown'; readonly failure: Failure }
  | { readonly kind: 'backed-off' | 'fence-over' | 'marked' }
  | { readonly kind: 'ptr-written' }
  /** Proven by complete listings begun after the fence (I12); none means not found. */
  | { readonly kind: 'found'; readonly ips: readonly string[] }
  | ClaimEvent
  | { readonly kind: 'ptr-refused'; readonly failure: Failure }
  /** `strays` turned out not to be ours and were left alone. */
  | { readonly kind: 'given-back'; readonly strays: readonly string[] };

export type ClaimEvent =
  | { readonly kind: 'claimed' | 'not-ours' | 'tag-cut' | 'withheld' | 'wrong-family' }
  | { readonly kind: 'removing'; readonly failure: Failure }
  | { readonly kind: 'in-use'; readonly mark: boolean }
  /** The order has this address already (I7). */
  | { readonly kind: 'extra'; readonly has: string };
