import type { Family } from '../../workflows/domain/address.ts';
import type { Failure, Reason } from '../../workflows/domain/failure.ts';
import type { Thresholds } from '../../workflows/domain/guard.ts';
import type { AddressState, ServiceKind, ServiceState } from '../../workflows/domain/states.ts';
import type { Mark } from '../../workflows/domain/tag.ts';
import type { Dialect } from '../ipmanager/ip-manager.ts';

/** Plain rows of the ledger as ports hand them out: never an entity, times ISO 8601 UTC, durations in milliseconds. */

/** The chain of runs that owns a lock or an order; `runId` is the first of the chain, so that continue-as-new keeps it. */
export interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

export const policies = ['observe', 'owned', 'all'] as const;
export type Policy = (typeof policies)[number];

/** What decides over the syncs of an integration (design.md 5). */
export interface SyncSettings {
  /** A release waits until the address was seen so on this many dates. */
  readonly confirmSightings: number;
  /** The most releases one run makes; the rest waits for the next. */
  readonly releaseLimit: number;
  readonly thresholds: Thresholds;
  /** Addresses that were imported get their tag from the sync (default no: thousands of calls). */
  readonly tagImported: boolean;
}

/** Everything of an integration but its secrets. */
export interface IntegrationRecord extends SyncSettings {
  readonly name: string;
  readonly url: string;
  readonly login: string;
  readonly adminLogin: string | null;
  readonly ignoredGroups: readonly string[];
  readonly policy: Policy;
  /** IANA name: where 03:15 is. */
  readonly timeZone: string;
  readonly coolDownMs: number;
  readonly quarantineMs: number;
  readonly requestTimeoutMs: number;
  readonly fenceMs: number;
  readonly maxAttempts: number;
  readonly maxConflicts: number;
  readonly onConflict: 'mark' | 'heal';
  readonly ca: string | null;
  readonly pin: string | null;
  readonly allowPlainHttp: boolean;
  /** What was read from the panel's forms; nothing until it was read. */
  readonly dialect: Dialect | null;
  /** Names set by hand; they win over what was read. */
  readonly dialectOverrides: Readonly<Partial<Dialect>>;
  /** The panel did not keep our tag (seen in an order): it gets no more orders until it is tested again. */
  readonly tagNotKept: boolean;
  readonly createdAt: string;
}

export interface ServerRecord {
  readonly name: string;
  readonly module: string;
  readonly url: string | null;
  readonly login: string | null;
  readonly integration: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly requestTimeoutMs: number;
  readonly ca: string | null;
  readonly pin: string | null;
  readonly allowPlainHttp: boolean;
  readonly createdAt: string;
}

export interface TariffRecord {
  readonly name: string;
  readonly dedicated: boolean;
  readonly ipv4: number;
  readonly ipv6: number;
  /** Overrides the group of the service's kind. */
  readonly group: string | null;
  readonly createdAt: string;
}

export interface ServiceRecord {
  readonly id: string;
  readonly kind: ServiceKind;
  readonly domain: string;
  readonly customer: string | null;
  readonly server: string;
  readonly tariff: string;
  readonly state: ServiceState;
  /** Rises each time the service is removed, so that orders of a new life have new ids. */
  readonly generation: number;
  readonly reason: Reason | null;
  readonly workflowId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface OrderRecord {
  readonly id: string;
  readonly service: string;
  readonly integration: string;
  readonly family: Family;
  readonly group: string;
  /** The name asked for; nothing means the domain of the service. */
  readonly ptr: string | null;
  /** The particular address asked for. */
  readonly wanted: string | null;
  readonly mark: Mark;
  readonly owner: RunRef;
  /** The highest attempt begun so far, of any run. */
  readonly attempts: number;
  readonly createdAt: string;
}

/** The stored end of an order without an address. */
export interface StoredOutcome {
  readonly failure: Failure;
  /** What each attempt came to, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** Addresses marked as conflicts on the way. */
  readonly marked: readonly string[];
}

export interface AttemptRecord {
  readonly attempt: number;
  readonly sentAt: string;
  readonly result: string | null;
}

/** A row of the address table. `ptr` is wanted, `ptrSeen` was last read back. */
export interface AddressRecord {
  readonly ip: string;
  readonly family: Family;
  readonly state: AddressState;
  readonly service: string | null;
  /** The service it was taken off, while it is releasing or quarantined. */
  readonly formerService: string | null;
  readonly customer: string | null;
  readonly integration: string;
  readonly group: string;
  readonly order: string | null;
  readonly mark: Mark | null;
  readonly untagged: boolean;
  readonly protected: boolean;
  /** Its delete may have been sent: nothing keeps it any more. */
  readonly deleteBegun: boolean;
  readonly ptr: string | null;
  readonly ptrSeen: string | null;
  readonly quarantineUntil: string | null;
  readonly version: number;
  readonly since: string;
}

export interface ConflictRecord {
  readonly ip: string;
  readonly integration: string;
  readonly holder: string | null;
  readonly holderPtr: string | null;
  readonly holderTag: string | null;
  readonly order: string;
  readonly since: string;
  /** Whether the mark goes into IPmanager: an address of another integration is only recorded, and nothing has to come back. */
  readonly mark: boolean;
  /** Written into IPmanager. */
  readonly markedAt: string | null;
  readonly resolvedAt: string | null;
}

export interface LockRecord {
  readonly key: string;
  readonly owner: RunRef;
  readonly reason: string;
  readonly since: string;
}

export interface HistoryRecord {
  readonly ip: string;
  readonly at: string;
  readonly event: string;
  readonly service: string | null;
  readonly customer: string | null;
  readonly order: string | null;
  readonly workflowId: string | null;
  readonly reason: string | null;
}
