import type { z } from 'zod';
import { workflowIds } from '../workflows/contract.ts';
import {
  type AddAddressInput,
  addAddressInput,
  type ChangePtrInput,
  changePtrInput,
  type ProvisionServiceInput,
  provisionServiceInput,
  type ReleaseAddressInput,
  releaseAddressInput,
  type RemoveServiceInput,
  removeServiceInput,
  type ResolveConflictInput,
  resolveConflictInput,
  type SetupFinishedInput,
  setupFinishedInput,
} from '../workflows/inputs/inputs.ts';
import { type SyncIntegrationInput, syncIntegrationInput } from '../workflows/inputs/sync.ts';
import { accepted } from './accepted.ts';
import type { Start } from './calls.ts';

/**
 * Each workflow as it is started: name, id, canonical input, and the one line the Web UI shows for it. The input is
 * checked first, as the id is made from it.
 */
export function provisionService(input: ProvisionServiceInput): Start {
  const value = accepted(provisionServiceInput, input, 'provisionService');
  const { id, kind, domain, server, tariff, customer } = value.service;
  return {
    workflow: 'provisionService',
    workflowId: workflowIds.provisionService(id),
    input: value,
    summary: `Provision ${kind} ${id} (${domain}) on ${server}`,
    details:
      `Service **${id}** (${kind}) for \`${domain}\`, server \`${server}\`, tariff \`${tariff}\`, ` +
      `${customer ? `customer \`${customer}\`` : 'no customer'}.`,
  };
}

export function addAddress(input: AddAddressInput): Start {
  const value = accepted(addAddressInput, input, 'addAddress');
  return {
    workflow: 'addAddress',
    workflowId: workflowIds.addAddress(value.order),
    input: value,
    summary: `Add ${value.address ?? `one ${value.family} address`} to ${value.service}`,
  };
}

export function releaseAddress(input: ReleaseAddressInput): Start {
  const value = accepted(releaseAddressInput, input, 'releaseAddress');
  return {
    workflow: 'releaseAddress',
    workflowId: workflowIds.releaseAddress(value.address),
    input: value,
    summary: `Release ${value.address}`,
    details: `Why: ${plain(value.reason)}`,
  };
}

export function removeService(input: RemoveServiceInput): Start {
  const value = accepted(removeServiceInput, input, 'removeService');
  return {
    workflow: 'removeService',
    workflowId: workflowIds.removeService(value.service),
    input: value,
    summary: `Remove ${value.service} and give its addresses back`,
    details: `Why: ${plain(value.reason)}`,
  };
}

export function changePtr(input: ChangePtrInput): Start {
  const value = accepted(changePtrInput, input, 'changePtr');
  return {
    workflow: 'changePtr',
    workflowId: workflowIds.changePtr(value.address),
    input: value,
    summary: `Point ${value.address} to ${value.ptr}`,
    details: `Asked by ${plain(value.actor)}.`,
  };
}

export function resolveConflict(input: ResolveConflictInput): Start {
  const value = accepted(resolveConflictInput, input, 'resolveConflict');
  return {
    workflow: 'resolveConflict',
    workflowId: workflowIds.resolveConflict(value.address),
    input: value,
    summary: `Resolve the conflict of ${value.address}`,
    details: `Asked by ${plain(value.actor)}.`,
  };
}

export function syncIntegration(input: SyncIntegrationInput): Start {
  const value = accepted(syncIntegrationInput, input, 'syncIntegration');
  const { integration, dryRun, policy } = value;
  return {
    workflow: 'syncIntegration',
    workflowId: workflowIds.syncIntegration(integration),
    input: value,
    summary: `Sync ${integration}${dryRun === true ? ' (dry run)' : ''}`,
    details: `Asked by hand${policy ? `, under the policy \`${policy}\`` : ''}.`,
  };
}

export function report(input: SetupFinishedInput): z.output<typeof setupFinishedInput> {
  return accepted(setupFinishedInput, input, 'setupFinished');
}

/** A person's words in Markdown: nothing in them is markup. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~-]/g, '\\$&');
}
