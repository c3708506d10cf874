import { z } from 'zod';
import { familyOf } from '../domain/address.ts';
import { mostAddresses } from '../domain/states.ts';
import { actor, family, hostname, id, ip, kind, name, object, words } from './fields.ts';

/** Inputs of the workflows and of their messages: the contract of design.md 7. Unknown fields are refused by name. */

export const wantedAddress = object({ order: id, family, ptr: hostname.nullish() });

export const serviceInput = object({
  id,
  kind,
  domain: hostname,
  customer: id.nullish(),
  server: name,
  tariff: name,
});

export const provisionServiceInput = object({
  service: serviceInput,
  addresses: z
    .array(wantedAddress, { error: `must be a list; accepted: at most ${mostAddresses} addresses` })
    .max(mostAddresses, `accepted: at most ${mostAddresses} addresses`)
    .refine((orders) => new Set(orders.map(({ order }) => order)).size === orders.length, {
      error: 'accepted: each order id once',
    })
    .nullish(),
});

/** As it was checked before the family was compared with the address: what runs begun by then may still carry. */
export const addAddressFields = object({
  order: id,
  service: id,
  family,
  ptr: hostname.nullish(),
  address: ip.nullish(),
});

export const addAddressInput = addAddressFields.superRefine(({ family: asked, address }, context) => {
  if (address == null || familyOf(address) === asked) return;
  const message = `${address} is of the other family; accepted: ${familyOf(address)}`;
  context.addIssue({ code: 'custom', path: ['family'], message });
});

export const releaseAddressInput = object({ address: ip, reason: words });
export const removeServiceInput = object({ service: id, reason: words });
export const changePtrInput = object({ address: ip, ptr: hostname, actor });
export const resolveConflictInput = object({ address: ip, actor });

export const setupFinishedInput = object({ ok: z.boolean('accepted: true or false'), reason: words.nullish() });

/** What callers send. */
export type ProvisionServiceInput = z.input<typeof provisionServiceInput>;
export type AddAddressInput = z.input<typeof addAddressInput>;
export type ReleaseAddressInput = z.input<typeof releaseAddressInput>;
export type RemoveServiceInput = z.input<typeof removeServiceInput>;
export type ChangePtrInput = z.input<typeof changePtrInput>;
export type ResolveConflictInput = z.input<typeof resolveConflictInput>;
export type SetupFinishedInput = z.input<typeof setupFinishedInput>;

/** What is worked with: canonical texts. */
export type ProvisionService = z.output<typeof provisionServiceInput>;
export type AddAddress = z.output<typeof addAddressInput>;
export type ChangePtr = z.output<typeof changePtrInput>;
