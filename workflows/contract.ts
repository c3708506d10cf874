import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Reason } from './domain/failure.ts';
import type { Discrepancy, Action } from './domain/discrepancy.ts';
import type { Counts, Outcome } from './domain/plan.ts';
import type { AddressState, ServiceState } from './domain/states.ts';
import type { ProvisionServiceInput, SetupFinishedInput } from './inputs/inputs.ts';
import type { ApproveInput, SyncIntegrationInput } from './inputs/sync.ts';

/** The contract other programs are written against (design.md 7): names here are fixed. */

export const taskQueue = 'iptally';

export const workflowIds = {
  provisionService: (service: string) => `provision/${service}`,
  addAddress: (order: string) => `order/${order}`,
  releaseAddress: (ip: string) => `release/${ip}`,
  removeService: (service: string) => `remove/${service}`,
  changePtr: (ip: string) => `ptr/${ip}`,
  resolveConflict: (ip: string) => `resolve/${ip}`,
  syncIntegration: (integration: string) => `sync/${integration}`,
} as const;

export const searchAttributes = {
  integration: defineSearchAttributeKey('IptallyIntegration', SearchAttributeType.KEYWORD),
  service: defineSearchAttributeKey('IptallyService', SearchAttributeType.KEYWORD),
  address: defineSearchAttributeKey('IptallyAddress', SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey('IptallyState', SearchAttributeType.KEYWORD),
  reason: defineSearchAttributeKey('IptallyReason', SearchAttributeType.KEYWORD),
} as const;

/** An address as every surface shows it. Times are ISO 8601 UTC; what is absent is `null`. */
export interface AddressView {
  readonly ip: string;
  readonly state: AddressState;
  readonly service: string | null;
  readonly customer: string | null;
  readonly integration: string;
  readonly group: string;
  readonly ptr: string | null;
  readonly order: string | null;
  readonly tag: string | null;
  readonly since: string;
}

/** Answer of `addresses`, and result of `provisionService` and `addAddress`. `not-allocated` is an answer, not a failure. */
export interface AllocationResult {
  readonly service: string;
  readonly outcome: 'allocated' | 'not-allocated';
  readonly reason?: Reason;
  readonly addresses: readonly AddressView[];
}

/** Answer of `retrySetup`, `abandon` and `setupFinished`: how the service stands after it. */
export interface ServiceStanding {
  readonly service: string;
  readonly state: ServiceState;
  readonly reason?: Reason;
  readonly addresses: readonly AddressView[];
}

export interface ReleaseResult {
  readonly address: string;
  readonly state: AddressState;
}

/** Answer of `keep`: whether the address stays, and why not. */
export interface KeepResult {
  readonly address: string;
  readonly kept: boolean;
  readonly state: AddressState;
  readonly reason?: Reason;
}

export interface RemovalResult {
  readonly service: string;
  readonly released: readonly string[];
  readonly kept: readonly { readonly ip: string; readonly reason: string }[];
}

export interface PtrResult {
  readonly address: string;
  readonly ptr: string;
  readonly before: string | null;
}

export interface ResolveResult {
  readonly address: string;
  readonly service: string | null;
  readonly ptr: string | null;
  /** Integrations that had offered it although it is on a service under another one: it went back there. */
  readonly returned?: readonly string[];
}

/**
 * `addresses` answers as soon as all are reserved with PTRs written. Re-attaching carries the input: the one of the
 * running order, or a changed server, domain or tariff while it waits for set-up; a client that sends none attaches.
 */
export const addressesUpdate = defineUpdate<AllocationResult, [ProvisionServiceInput?]>('addresses');
export const addedUpdate = defineUpdate<AllocationResult, [unknown?]>('addresses');
export const retrySetupUpdate = defineUpdate<ServiceStanding>('retrySetup');
export const abandonUpdate = defineUpdate<ServiceStanding>('abandon');
export const setupFinishedUpdate = defineUpdate<ServiceStanding, [SetupFinishedInput]>('setupFinished');
export const keepUpdate = defineUpdate<KeepResult>('keep');
export const ptrChangedUpdate = defineUpdate<PtrResult, [unknown?]>('ptrChanged');

/** One planned action as every surface shows it. */
export interface SyncItemView {
  readonly address: string;
  readonly discrepancy: Discrepancy;
  readonly action: Action;
  /** `null`: not tried (yet), left for the next run. */
  readonly outcome: Outcome | null;
  /** Why it is planned; once tried, why it came to what it did. */
  readonly reason: string;
}

/** `sync show`, the result of `syncIntegration`, and what its query and updates answer. `items` is capped. */
export interface SyncView {
  readonly run: string;
  readonly integration: string;
  readonly workflowId: string;
  readonly state:
    | 'running'
    | 'needs-approval'
    | 'applied'
    | 'planned'
    | 'refused'
    | 'rejected'
    | 'expired'
    | 'superseded'
    | 'failed';
  readonly verdict: 'apply' | 'needs-approval' | 'refuse' | null;
  readonly reason: Reason | null;
  readonly checksum: string | null;
  readonly policy: 'observe' | 'owned' | 'all';
  readonly dryRun: boolean;
  readonly counts: Counts;
  /** Always all four. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Rows of the remote's list read so far, of how many. */
  readonly progress: { readonly rows: number; readonly total: number | null };
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly items: readonly SyncItemView[];
}

/**
 * Update-with-Start of a sync asked for by hand: answers as soon as the run is known. A run that works is joined; one
 * that waits for approval ends `superseded`, which is its answer, and the caller starts anew once it is closed.
 */
export const syncBegunUpdate = defineUpdate<SyncView, [SyncIntegrationInput?]>('begun');
export const approveUpdate = defineUpdate<SyncView, [ApproveInput]>('approve');
export const rejectUpdate = defineUpdate<SyncView>('reject');
/** `null`: nothing is known yet. */
export const planQuery = defineQuery<SyncView | null>('plan');
/** Another run of the same integration is asked for while this one waits for approval. */
export const supersedeSignal = defineSignal<[{ readonly scheduled: boolean }]>('supersede');
