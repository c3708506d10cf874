import { randomUUID } from 'node:crypto';
import { workflowIds } from '../../../workflows/contract.ts';
import { canonicalIp, familyOf } from '../../../workflows/domain/address.ts';
import {
  type AddAddressInput,
  addAddressInput,
  changePtrInput,
  resolveConflictInput,
} from '../../../workflows/inputs/inputs.ts';
import { accepted } from '../../accepted.ts';
import { addressDetail } from '../../views/address.ts';
import { webUiLink } from '../../views/service.ts';
import { allocationText } from '../render/service.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { knownAddress } from './address.ts';
import { follow } from './follow.ts';

export interface AddFlags {
  readonly service: string;
  readonly order?: string | undefined;
  readonly family?: string | undefined;
  readonly address?: string | undefined;
  readonly ptr?: string | undefined;
  readonly wait: boolean;
}

/** One more address for a service. The order id is the idempotency key: without one, each call is a new order. */
export async function addAddress(session: Session, flags: AddFlags): Promise<Outcome> {
  const { service, address, ptr } = flags;
  const order = flags.order ?? `cli-${randomUUID()}`;
  const asked = canonicalIp(address ?? '');
  const family = flags.family ?? (asked === undefined ? 'ipv4' : familyOf(asked));
  const wanted = {
    order,
    service,
    family,
    ...(ptr === undefined ? {} : { ptr }),
    ...(address === undefined ? {} : { address }),
  };
  const input: AddAddressInput = accepted(addAddressInput, wanted, 'addAddress');
  const client = await session.client();
  if (flags.order === undefined) session.warn(`order ${order}`);
  const workflowId = workflowIds.addAddress(order);
  const work = (signal: AbortSignal) => client.addAddress(input, { wait: flags.wait, signal });
  const answer = await follow(session, { client, workflowId, work });
  if ('early' in answer) throw new Error('adding ends with its answer');
  const link = webUiLink(session.config, workflowId);
  return { json: { ...answer.result, order }, text: allocationText(answer.result, link) };
}

export async function changePtr(
  session: Session,
  text: string,
  change: { readonly ptr: string; readonly actor: string },
): Promise<Outcome> {
  const input = accepted(changePtrInput, { address: text, ...change }, 'changePtr');
  const { ledger } = await session.parts();
  await knownAddress(ledger, input.address);
  const client = await session.client();
  const workflowId = workflowIds.changePtr(input.address);
  const answer = await follow(session, { client, workflowId, work: () => client.changePtr(input) });
  if ('early' in answer) throw new Error('a PTR change ends with its answer');
  const { address, ptr, before } = answer.result;
  const was = before === null ? 'it had none' : `it was ${before}`;
  return { json: answer.result, text: `${address} points to ${ptr} (${was})` };
}

export async function resolveConflict(session: Session, text: string): Promise<Outcome> {
  const input = accepted(resolveConflictInput, { address: text, actor: 'operator' }, 'resolveConflict');
  const { ledger } = await session.parts();
  await knownAddress(ledger, input.address);
  const client = await session.client();
  const workflowId = workflowIds.resolveConflict(input.address);
  const answer = await follow(session, { client, workflowId, work: () => client.resolveConflict(input) });
  if ('early' in answer) throw new Error('a conflict ends with its answer');
  const { address, service, ptr, returned = [] } = answer.result;
  const holder = service === null ? 'no service of ours' : service;
  const copies = returned.map((integration) => `; what ${integration} had offered went back there`);
  return { json: answer.result, text: `${address} is ${holder}'s again, PTR ${ptr ?? 'none'}${copies.join('')}` };
}

export async function protectAddress(session: Session, text: string, on: boolean): Promise<Outcome> {
  const { ledger } = await session.parts();
  const { ip } = await knownAddress(ledger, text);
  const row = await ledger.addresses.protect(ip, on);
  if (row === undefined) throw new Error('an address that was just there is gone');
  return {
    json: addressDetail(row),
    text: `${ip} is ${on ? 'protected: nothing releases it' : 'no longer protected'}`,
  };
}
