import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineUpdate } from '@temporalio/workflow';
import type { Reason } from './domain/failure.ts';
import type { AddressState, ServiceState } from './domain/states.ts';
import type { ProvisionServiceInput, SetupFinishedInput } from './inputs/inputs.ts';

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
