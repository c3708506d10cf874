import type { Failure } from '../../workflows/domain/failure.ts';
import type { Family } from '../../workflows/domain/address.ts';
import type { Mark } from '../../workflows/domain/tag.ts';

/**
 * The port to a remote that holds addresses. It speaks of addresses, groups, tags and orders, never of a panel's
 * protocol. One object serves one integration and one login; it keeps its session and its connections.
 *
 * Reads throw {@link RemoteError}. Mutations never throw for what the remote or the network did: their outcome is a
 * union, because "unknown" is an outcome of its own and must never be read as "failed" (I12, design.md 3).
 */
export interface IpManager {
  /** What this remote can do, as far as it was read from its forms or set by hand. */
  readonly capabilities: Capabilities;
  /** Takes one address: exactly one request, never repeated at any layer (design.md 3, step 2). */
  allocate(request: AllocateRequest): Promise<AllocateOutcome>;
  /** One address as the remote holds it now; nothing when it is not held. */
  read(ip: string): Promise<RemoteAddress | undefined>;
  /** All addresses this login sees, complete and proven, or an error: never a part (I12). */
  list(options?: ListOptions): Promise<Listing>;
  /** The same, a page at a time, for lists too long to hold. Throws at the end when the list was not proven complete. */
  pages(options?: ListOptions): AsyncIterable<readonly ListedRow[]>;
  /**
   * One page, read by itself, in the order of addresses where the remote can sort so. What a list of such pages is worth
   * has to be proven over all of them (workflows/domain/listing-proof.ts): this proves only that it is the page asked for.
   */
  listPage(request: PageRequest): Promise<ListPage>;
  /** Writes PTR and, where given, note of an address that is held: the whole form goes back as it was read. One request. */
  write(change: RemoteChange): Promise<MutationOutcome>;
  /** Gives one address back. One request. */
  release(ip: string): Promise<MutationOutcome>;
  /** Forgets the session, so that the next request logs in anew. */
  forgetSession(): void;
  /**
   * Whether calls count as the integration's user: always by its own login; by an administrator's, when the remote says that
   * it acts as the user. Where it does not, what is taken would be the administrator's own.
   */
  actsAsUser(): Promise<boolean>;
  /** Reads version, rights and forms. Changes nothing (design.md 7, "The panel's dialect"). */
  readDialect(): Promise<Dialect>;
  close(): Promise<void>;
}

export interface Capabilities {
  /** Where the owner mark travels in the call that takes an address. `none`: this remote gets no orders (`tag-not-kept`). */
  readonly tagInAllocation: 'note' | 'domain' | 'none';
  /** The same order's key sent twice takes one address only. False for IPmanager, true for NetBox. */
  readonly idempotentAllocation: boolean;
  /** A release can name what it expects to delete, and is refused otherwise. */
  readonly conditionalRelease: boolean;
  /** The remote serves the PTR itself. */
  readonly servesPtr: boolean;
}

export interface AllocateRequest {
  readonly family: Family;
  readonly group: string;
  readonly mark: Mark;
  /** A particular address, or nothing for the remote's own choice. */
  readonly address?: string;
  /** Written in the same call where the mark leaves room for it; whoever gives one reads it back. */
  readonly ptr?: string;
}

/** An address held in the remote. */
export interface RemoteAddress {
  readonly ip: string;
  readonly group: string;
  /** Without a trailing dot, lower case; empty when there is none. */
  readonly ptr: string;
  readonly note: string;
  /** `pending`: given back and not free yet; `blocked`: the remote withholds it. Neither is held by anybody. */
  readonly state: 'held' | 'pending' | 'blocked';
  /** The login that holds it, where the remote tells. */
  readonly owner?: string;
}

/** A row of a list: an address, or what stood there instead of one (the sync reports those, the engine skips them). */
export type ListedRow = RemoteAddress | { readonly notAnAddress: string } | { readonly malformed: string };

export interface ListOptions {
  readonly signal?: AbortSignal;
  /** Called after each page with the rows read so far: activities heartbeat with it. */
  readonly onPage?: (rows: number, total: number) => void;
}

export interface Listing {
  readonly rows: readonly ListedRow[];
  readonly pages: number;
}

export interface PageRequest {
  /** From 1. */
  readonly page: number;
  /** Rows a page, as long as the listing goes on. */
  readonly size: number;
  readonly signal?: AbortSignal;
}

export interface ListPage {
  readonly page: number;
  /** Rows of a full page as the remote tells it: it may have a size of its own. */
  readonly size: number;
  readonly rows: readonly ListedRow[];
  readonly total: number;
  /** A fingerprint of the session the page was read in, never its id (I11). */
  readonly session: string;
}

export interface RemoteChange {
  readonly ip: string;
  /** Host name without a trailing dot; empty removes it. */
  readonly ptr?: string;
  readonly note?: string;
}

/** A clear answer, or what is not known. `panel` texts are the remote's own words, made safe to show (I11). */
export type AllocateOutcome = { readonly kind: 'allocated'; readonly ip: string } | NoAnswer;

export type MutationOutcome =
  | { readonly kind: 'done' }
  /** The remote says that there is no such object: for a release, it is gone already. */
  | { readonly kind: 'absent' }
  | NoAnswer;

export type NoAnswer =
  /** A clear refusal: nothing was done. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Nothing was done because the session or the login was refused; a fresh session may do. */
  | { readonly kind: 'not-logged-in'; readonly failure: Failure }
  /** Provably not sent: no connection, no name, no login answer. */
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  /** It may have been done, or may still be done until one fence has passed. */
  | { readonly kind: 'unknown'; readonly failure: Failure };

/** What was read from the remote's own forms, kept with the integration; each name can be set by hand. */
export interface Dialect {
  readonly product: string;
  readonly version: string | null;
  readonly login: string;
  /** The panel's own level of the login (16 user, 29 and more administrator), where it tells. */
  readonly level: number | null;
  readonly administrator: boolean;
  readonly groups: readonly string[];
  readonly families: readonly Family[];
  readonly tagInAllocation: 'note' | 'domain' | 'none';
  /** The function that gives an address back. */
  readonly releaseFunction: string;
  /** The login has no right to any address: the *dummy* integration of the vendor's documentation. */
  readonly dummy: boolean;
  readonly format: 'json' | 'xml';
  /** Whether this administrator's calls count as the user's (`su`). Missing: not asked yet, so it is before the first one. */
  readonly acting?: { readonly login: string; readonly asUser: boolean };
  /** ISO 8601 UTC. */
  readonly readAt: string;
}

/** A read that failed. `retryable` says whether the same read may succeed soon; the failure is safe to show (I11). */
export class RemoteError extends Error {
  readonly failure: Failure;
  readonly retryable: boolean;
  /** The session or the login was refused: log in anew before repeating. */
  readonly notLoggedIn: boolean;

  constructor(failure: Failure, options: { readonly retryable: boolean; readonly notLoggedIn?: boolean }) {
    super(failure.message);
    this.name = 'RemoteError';
    this.failure = failure;
    this.retryable = options.retryable;
    this.notLoggedIn = options.notLoggedIn ?? false;
  }
}
