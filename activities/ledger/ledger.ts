import type { Family } from '../../workflows/domain/address.ts';
import type { Failure, Reason } from '../../workflows/domain/failure.ts';
import type { AddressState, ServiceKind, ServiceState } from '../../workflows/domain/states.ts';
import type {
  AddressRecord,
  ConflictRecord,
  HistoryRecord,
  IntegrationRecord,
  LockRecord,
  OrderRecord,
  RunRef,
  ServerRecord,
  ServiceRecord,
  StoredOutcome,
  TariffRecord,
} from './records.ts';
import type { ImportStore } from './import-store.ts';
import type { Settings } from './settings.ts';
import type { Repairs } from './sync/repairs.ts';
import type { SyncStore } from './sync/sync-store.ts';

/**
 * The port to the ledger: the billing side, in PostgreSQL. Each method is one transaction, idempotent, and throws only
 * when the ledger itself cannot answer (`LedgerUnavailable`, safe text, no driver error) or a caller broke its
 * contract. "Already taken" is an answer. Every change of an address writes its history in the same transaction.
 */
export interface Ledger {
  /** 12 hex digits that name this installation in tags. */
  installation(): Promise<string>;
  readonly services: Services;
  readonly orders: Orders;
  readonly addresses: Addresses;
  readonly releases: Releases;
  readonly locks: Locks;
  readonly settings: Settings;
  readonly syncs: SyncStore;
  readonly repairs: Repairs;
  readonly imports: ImportStore;
  close(): Promise<void>;
}

export interface Services {
  /**
   * Records a service before anything is asked for it. A removed one begins a new life. One that is `provisioning` or
   * `waiting` may come again with another domain or tariff, and with another server while it has no address: what an earlier
   * run left on the server would go on using them. A complete one only with equal parameters.
   */
  open(request: OpenService): Promise<OpenedService>;
  /** Takes a changed server, domain or tariff into a service that waits for set-up, and of which nothing stands on a server. */
  change(change: ServiceChange): Promise<OpenedService>;
  setState(change: ServiceStateChange): Promise<void>;
  /**
   * `active`, with all these addresses: one transaction (design.md 3, step 9). With `addressesOnly` the service keeps its
   * state: one more address does not finish a set-up that still runs.
   */
  activate(request: {
    readonly service: string;
    readonly ips: readonly string[];
    readonly run: RunRef;
    readonly addressesOnly?: boolean;
  }): Promise<void>;
  /** Sets the service `removing`; from then on orders and claims for it are refused. */
  beginRemoval(request: {
    readonly service: string;
    readonly reason: string;
    readonly generation?: number | undefined;
    readonly run: RunRef;
  }): Promise<RemovalStart>;
  /** `removed`, generation + 1; refused while an address is bound to it. */
  finishRemoval(request: { readonly service: string; readonly run: RunRef }): Promise<'removed' | 'holds-addresses'>;
  /** What stands behind a live service, read only: nothing is written, whoever runs it. */
  setting(id: string): Promise<OpenedService>;
  find(id: string): Promise<ServiceRecord | undefined>;
  list(filter?: { readonly state?: ServiceState; readonly server?: string }): Promise<readonly ServiceRecord[]>;
}

export interface OpenService {
  readonly service: {
    readonly id: string;
    readonly kind: ServiceKind;
    readonly domain: string;
    readonly customer: string | null;
    readonly server: string;
    readonly tariff: string;
  };
  readonly run: RunRef;
}

/** What stands behind a service: all that an order for it needs to know. */
export interface ServiceSetting {
  readonly service: ServiceRecord;
  readonly server: ServerRecord;
  readonly tariff: TariffRecord;
  readonly integration: IntegrationRecord | null;
}

export type OpenedService =
  | ({ readonly kind: 'opened' } & ServiceSetting)
  /** Live with other parameters: the fields that differ. */
  | { readonly kind: 'differs'; readonly fields: readonly string[] }
  | { readonly kind: 'removing' }
  | { readonly kind: 'no-such'; readonly what: 'server' | 'tariff' | 'service'; readonly name: string };

export interface ServiceChange {
  readonly service: string;
  readonly domain: string;
  readonly server: string;
  readonly tariff: string;
  readonly run: RunRef;
}

export interface ServiceStateChange {
  readonly service: string;
  readonly state: 'provisioning' | 'waiting' | 'removing';
  readonly reason: Reason | null;
  readonly run: RunRef;
}

export type RemovalStart =
  | ({
      readonly kind: 'removing';
      readonly addresses: readonly AddressRecord[];
      readonly openOrders: readonly OrderRecord[];
    } & ServiceSetting)
  | { readonly kind: 'removed-already' }
  | { readonly kind: 'no-such' };

export interface Orders {
  /**
   * Writes the order before anything is asked (design.md 3, step 1). `takeOverFrom` names an owner whose run the caller
   * found closed: the order, or the reserved address of that owner's order, then moves to this run.
   */
  open(request: OpenOrder): Promise<OpenedOrder>;
  /** Writes `sentAt` of an attempt (1, 2 …). `taken`: a copy of it was here before (zombie), or a later attempt was. */
  beginAttempt(request: AttemptRef): Promise<{ readonly kind: 'begun' | 'taken' | 'removing' | 'not-owner' }>;
  endAttempt(request: AttemptRef & { readonly result: string; readonly ip?: string }): Promise<void>;
  /**
   * Binds an address to the order's service under the address's lock (step 4), or says why not. In use: the conflict is
   * recorded in the same transaction. Withheld by quarantine or release: it is recorded as parked in the same transaction.
   */
  claim(request: {
    readonly order: string;
    readonly ip: string;
    readonly group: string;
    readonly run: RunRef;
  }): Promise<Claim>;
  /** Stores the end of an order that has no address. Again with the same outcome is harmless. */
  close(request: { readonly order: string; readonly failure: Failure; readonly run: RunRef }): Promise<StoredOutcome>;
  find(id: string): Promise<OrderRecord | undefined>;
  /** All of the service's present life as they were written, ended ones too; not those whose address went to another. */
  ofLife(service: string): Promise<readonly OrderRecord[]>;
  /** Orders without an address and without an outcome. */
  listOpen(filter?: { readonly integration?: string; readonly service?: string }): Promise<readonly OrderRecord[]>;
}

export interface OpenOrder {
  readonly order: string;
  readonly service: string;
  readonly integration: string;
  readonly family: Family;
  readonly group: string;
  readonly ptr: string | null;
  readonly wanted: string | null;
  readonly run: RunRef;
  readonly takeOverFrom?: RunRef;
  /** Owners the caller found running: addresses their orders reserved for this service are left to them. */
  readonly running?: readonly RunRef[];
  /** Orders the same request opens beside this one: each takes over its own address, never another's. */
  readonly siblings?: readonly string[];
}

export type OpenedOrder =
  /** Nothing held yet. `attempts` > 0: an earlier run sent something, so its outcome is unknown: find by tag first. */
  | { readonly kind: 'open'; readonly order: OrderRecord }
  /** The order has its address, reserved or active (also one just moved here from a closed order of this service). */
  | { readonly kind: 'holds'; readonly order: OrderRecord; readonly address: AddressRecord }
  /** Owned by another run, or the service holds a fitting reserved address of one: ask Temporal, then open again. */
  | { readonly kind: 'owned'; readonly owner: RunRef }
  | { readonly kind: 'closed'; readonly outcome: StoredOutcome }
  | { readonly kind: 'differs'; readonly fields: readonly string[] }
  | { readonly kind: 'removing' }
  | { readonly kind: 'too-many'; readonly most: number };

export interface AttemptRef {
  readonly order: string;
  readonly attempt: number;
  readonly run: RunRef;
}

export type Claim =
  | { readonly kind: 'claimed'; readonly address: AddressRecord }
  | { readonly kind: 'in-use'; readonly conflict: ConflictRecord; readonly mark: boolean }
  | { readonly kind: 'withheld'; readonly until: string | null; readonly state: AddressState }
  | { readonly kind: 'removing' | 'wrong-family' | 'lock-lost' }
  /** The order has another address already (I7): this one is an extra. */
  | { readonly kind: 'extra'; readonly has: string };

export interface Addresses {
  /** PTR as read back, `ptr` as wanted where given; with `unlock` the lock goes in the same transaction (step 7). */
  savePtr(request: {
    readonly ip: string;
    readonly ptr?: string;
    readonly ptrSeen: string | null;
    readonly unlock: boolean;
    readonly run: RunRef;
  }): Promise<AddressRecord | 'lock-lost'>;
  /** Checks holder and actor under the lock and records the wanted PTR (I5). */
  beginPtrChange(request: {
    readonly ip: string;
    readonly ptr: string;
    readonly actor: string;
    readonly run: RunRef;
  }): Promise<PtrChangeStart>;
  /** Puts `ptr` back after a clear refusal, and unlocks. */
  revertPtr(request: { readonly ip: string; readonly ptr: string | null; readonly run: RunRef }): Promise<void>;
  /** The conflict was written into IPmanager as the PTR mark; unlocks. */
  conflictMarked(request: { readonly ip: string; readonly order: string; readonly run: RunRef }): Promise<void>;
  /** The open conflict of an address; what must come back. */
  openConflict(ip: string): Promise<ConflictRecord | undefined>;
  /** Holder's PTR and tag are back; unlocks. */
  conflictResolved(request: {
    readonly ip: string;
    readonly ptrSeen: string | null;
    readonly run: RunRef;
  }): Promise<void>;
  protect(ip: string, on: boolean): Promise<AddressRecord | undefined>;
  /** The row that counts now: the one in the unique index, else the last released one. */
  find(ip: string): Promise<AddressRecord | undefined>;
  /** Any listing keeps address order. `order` finds what this order holds. */
  list(filter?: AddressFilter): Promise<readonly AddressRecord[]>;
  history(ip: string): Promise<readonly HistoryRecord[]>;
  conflicts(filter?: { readonly open?: boolean; readonly order?: string }): Promise<readonly ConflictRecord[]>;
  parked(): Promise<
    readonly { readonly ip: string; readonly order: string; readonly integration: string; readonly since: string }[]
  >;
}

export interface AddressFilter {
  readonly service?: string;
  readonly integration?: string;
  readonly state?: AddressState;
  readonly order?: string;
}

export type PtrChangeStart =
  | { readonly kind: 'begun'; readonly address: AddressRecord; readonly before: string | null }
  | { readonly kind: 'not-held' | 'not-yours' | 'lock-lost' | 'in-conflict' };

/** The release steps' transactions; all but `extra` need the address's lock. */
export interface Releases {
  /** Unbinds and sets `releasing`. Again by the same or a later run is harmless. */
  begin(request: { readonly ip: string; readonly reason: string; readonly run: RunRef }): Promise<ReleaseStart>;
  /** Takes an address found by our tag, that no row knows, into the ledger as `releasing`, so that it goes back by the release steps (I3). */
  extra(request: {
    readonly ip: string;
    readonly order: string;
    readonly group: string;
    readonly reason: string;
    readonly run: RunRef;
  }): Promise<'releasing' | 'known'>;
  /**
   * Still `releasing` and on no service, read by address under the lock just before the delete (I4). From here on the row
   * says that its delete has begun, whatever becomes of the run: nothing keeps the address any more.
   */
  stillUnused(request: { readonly ip: string; readonly run: RunRef }): Promise<AddressRecord | 'in-use' | 'lock-lost'>;
  /** The row this run (for this order) took to its end, when that was its last word on the address: nothing is left to do. */
  finished(request: Pick<AttemptRef, 'run'> & { ip: string; order?: string }): Promise<AddressRecord | undefined>;
  /** Confirmed absent or pending: `quarantined` until now + quarantine; closes an open conflict of ours; unlocks. */
  finish(request: { readonly ip: string; readonly quarantineMs: number; readonly run: RunRef }): Promise<AddressRecord>;
  /** `keep` before the second lock, while no delete has begun: bound again as it was. */
  rebind(request: Parameters<Releases['begin']>[0]): Promise<AddressRecord | 'not-releasing' | 'service-gone'>;
}

export type ReleaseStart =
  | { readonly kind: 'releasing'; readonly address: AddressRecord }
  | { readonly kind: 'protected' }
  | { readonly kind: 'not-held'; readonly state: AddressState | null }
  | { readonly kind: 'lock-lost' };

export interface Locks {
  /** Takes the lock or says who has it. Taking one's own again is harmless. */
  acquire(request: {
    readonly key: string;
    readonly reason: string;
    readonly run: RunRef;
  }): Promise<{ readonly kind: 'acquired' } | { readonly kind: 'held'; readonly by: LockRecord }>;
  /** Moves a lock from an owner whose run is closed and whose fence has passed; nothing when it moved meanwhile. */
  takeOver(request: {
    readonly key: string;
    readonly from: RunRef;
    readonly reason: string;
    readonly run: RunRef;
  }): Promise<boolean>;
  release(request: { readonly key: string; readonly run: RunRef }): Promise<void>;
  list(): Promise<readonly LockRecord[]>;
}

export { LedgerUnavailable } from './ledger-unavailable.ts';
