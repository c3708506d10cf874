import type { Failure } from '../../workflows/domain/failure.ts';
import type { ServiceKind } from '../../workflows/domain/states.ts';

/**
 * The port to what services are set up on. One object serves one server. Creating a thing there is as non-idempotent as
 * taking an address, so every mutation looks before it acts, sends one request, and says `unknown` when it cannot know;
 * the workflow waits one fence and calls again (design.md 3, step 8).
 */
export interface ServerModule {
  readonly capabilities: ModuleCapabilities;
  /** Sets the service up with exactly these addresses, or finds it set up already. */
  setUp(request: SetUpRequest): Promise<ServerOutcome>;
  /** Puts one more address on a service, or finds it there already. */
  addAddress(request: AddressRequest): Promise<ServerOutcome>;
  /** Takes an address off a service, or finds it gone. `done` means that the server's own list no longer has it. */
  removeAddress(request: AddressRequest): Promise<ServerOutcome>;
  /** The addresses the service uses; nothing when the server has no such service. Throws {@link ServerError}. */
  addressesOf(service: ServiceOnServer): Promise<readonly string[] | undefined>;
  /** Removes the service, or finds it gone. */
  remove(service: ServiceOnServer): Promise<ServerOutcome>;
  /**
   * How a started task stands. Never waits: the workflow does. `done`: it ended well; the call that started it is then
   * made again, looks, and goes on with what is still to be done.
   */
  progressOf(task: string): Promise<ServerOutcome>;
  /** Version, rights, and what is missing. Changes nothing. Throws {@link ServerError}. */
  test(): Promise<ServerReport>;
  close(): Promise<void>;
}

export interface ModuleCapabilities {
  /** Services here may have dedicated addresses. False: orders for this module answer `not-allocated`. */
  readonly addresses: boolean;
  /** The server can be asked which addresses a service uses. */
  readonly lists: boolean;
  /** The provisioning system sets up and reports with `setupFinished`; removal and further addresses need no report. */
  readonly reported: boolean;
  /**
   * The last or main address of a service cannot go while the service is there, or is in use as long as it runs. Of a
   * service that is being removed, the service itself is then taken down first, with all its addresses.
   */
  readonly mainAddressStays?: boolean;
}

/** Whose a thing on a server is: all that names and proofs there are made of. */
export interface ServiceName {
  /** 12 hex digits, as in the tags of addresses: two installations may share a panel, and have the same service ids. */
  readonly installation: string;
  readonly id: string;
}

export interface ServiceOnServer extends ServiceName {
  readonly kind: ServiceKind;
  readonly domain: string;
  readonly customer: string | null;
}

export interface SetUpRequest {
  readonly service: ServiceOnServer;
  readonly addresses: readonly string[];
}

export interface AddressRequest {
  readonly service: ServiceOnServer;
  readonly ip: string;
  readonly ptr: string | null;
}

export type ServerOutcome =
  | { readonly kind: 'done' }
  /** The server works on it: ask `progressOf(task)` after `pollMs`. */
  | { readonly kind: 'started'; readonly task: string; readonly pollMs: number }
  /** The provisioning system will report. */
  | { readonly kind: 'awaiting-report' }
  /**
   * A clear refusal: nothing of it is there, in the panel's words; or `unseen`, the look itself was refused, and what is
   * there stays as it was.
   */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly unseen?: boolean }
  /** A task ended badly, in the panel's words: something of it may be left there. The next call looks first. */
  | { readonly kind: 'task-failed'; readonly failure: Failure }
  /** Provably not sent. */
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  /** It may have been done, or may still be: wait one fence, then call again, which looks first. */
  | { readonly kind: 'unknown'; readonly failure: Failure };

export interface ServerReport {
  readonly product: string;
  readonly version: string | null;
  readonly rights: string;
  /** What a hoster should mend, in words; empty when all is there. */
  readonly missing: readonly string[];
}

/** A read that failed. */
export class ServerError extends Error {
  readonly failure: Failure;
  readonly retryable: boolean;

  constructor(failure: Failure, retryable: boolean) {
    super(failure.message);
    this.name = 'ServerError';
    this.failure = failure;
    this.retryable = retryable;
  }
}

/** What a module is made with. Secrets are opened when the object is made and live nowhere else (I11). */
export interface ServerConnection {
  readonly name: string;
  readonly url: string | null;
  readonly login: string | null;
  readonly secret: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly requestTimeoutMs: number;
  readonly trust: Trust;
}

/** How a panel's certificate is trusted. There is no "ignore". */
export interface Trust {
  /** PEM to trust beside the system's, or instead of it for a self-signed panel. */
  readonly ca: string | null;
  /** SHA-256 fingerprint of the certificate itself, `AA:BB:…`. */
  readonly pin: string | null;
  readonly allowPlainHttp: boolean;
  /** Loopback and private ranges may be reached (from the CLI they may, design.md 7). */
  readonly allowPrivate: boolean;
}
