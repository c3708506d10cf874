import type { AddressState } from './states.ts';

/** What would mend a discrepancy (design.md 2). */
export const actions = ['release', 'occupy', 'adopt-ptr', 'write-ptr', 'tag', 'report'] as const;
export type Action = (typeof actions)[number];

export const discrepancies = [
  'malformed',
  'duplicate-row',
  'not-an-address',
  'ignored',
  'none',
  'in-flight',
  'conflict-marked',
  'foreign-owner',
  'stranded',
  'ptr-drift',
  'untagged',
  'release-unfinished',
  'orphan',
  'unknown-holder',
  'missing',
] as const;
export type Discrepancy = (typeof discrepancies)[number];

/** One address as the remote's list shows it. Pending and blocked rows are held by nobody: `free`. */
export type RemoteSide =
  | { readonly kind: 'free' }
  | { readonly kind: 'not-an-address'; readonly text: string }
  | {
      readonly kind: 'used';
      readonly group: string;
      readonly ptr: string;
      /** The tag the note begins with, whoever's. */
      readonly tag: string | null;
      /** The host label in the PTR, where a panel takes no note with an allocation. */
      readonly label: string | null;
    };

/** The row that counts for the address in the whole ledger, or none (`unknown`: no row, or only `released`). */
export type LedgerSide =
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'row';
      readonly state: AddressState;
      readonly integration: string;
      readonly service: string | null;
      readonly group: string;
      readonly order: string | null;
      readonly tag: string | null;
      readonly label: string | null;
      readonly untagged: boolean;
      readonly protected: boolean;
      readonly ptr: string | null;
      readonly ptrSeen: string | null;
      /** ISO 8601 UTC. */
      readonly quarantineUntil: string | null;
      readonly version: number;
    };

/** Looked up only for rows that are not plainly in step: it costs a query, or a question to Temporal. */
export interface Facts {
  /** A run for this address, or for the order its tag names, is open now. */
  readonly inFlight: boolean;
  readonly openConflict: boolean;
  /** `ended`: parked, and the quarantine it waited for is over. */
  readonly parked: 'no' | 'running' | 'ended';
  /** The workflow that reserved it is closed. */
  readonly ownerClosed: boolean;
  /**
   * What the tag (or label) on the remote row is, seen from here. An order this ledger does not know is `nobody`, also
   * under our installation: after a restored backup such orders are somebody's (I12). Never guess `closed-order`.
   */
  readonly tagOf: 'this-order' | 'open-order' | 'closed-order' | 'other-installation' | 'nobody';
}

/** What a list may show beside addresses. Both mean that the list cannot be trusted: the run is refused. */
export type ListedSide = RemoteSide | { readonly kind: 'malformed' | 'duplicate-row'; readonly text: string };

export interface Sides {
  readonly remote: ListedSide;
  readonly ledger: LedgerSide;
}

/** What is the same for all addresses of a run. */
export interface Context {
  readonly integration: string;
  /** The 12 hex digits in our tags. */
  readonly installation: string;
  readonly ignoredGroups: ReadonlySet<string>;
  /** Addresses that were imported get their tag from the sync. */
  readonly tagImported: boolean;
  /** ISO 8601 UTC; ends of quarantines are compared with it as text. */
  readonly now: string;
}

/** What the table says of one address. */
export interface Judgement {
  readonly discrepancy: Discrepancy;
  readonly action: Action | null;
  readonly reason: string;
  /** What policy `all` would do instead (policy.ts); `null`: the same. */
  readonly policyAction: Action | null;
  /** The list cannot be trusted: nothing is planned at all. */
  readonly refusesRun: boolean;
}

/** Facts of an address of which nothing is known beside its two sides. */
export const noFacts: Facts = {
  inFlight: false,
  openConflict: false,
  parked: 'no',
  ownerClosed: false,
  tagOf: 'nobody',
};
