import { z } from 'zod';
import { acceptedAddress, isAddress, parseAddress } from '../domain/address.ts';
import { acceptedHostname, parseHostname } from '../domain/hostname.ts';
import { serviceKinds } from '../domain/states.ts';

/**
 * The fields every surface shares: one schema each, so that the CLI, the workflows and the HTTP API refuse the same
 * texts with the same words. A schema's `description` is what is accepted, as people read it.
 */
function text(accepted: string) {
  return z.string({ error: `must be a text: ${accepted}` }).describe(accepted);
}

/** Just these fields; what is no object at all is refused with their names. */
export function object<Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  const names = Object.entries(shape).map(([field, value]) => (value.isOptional() ? `${field}?` : field));
  return z.strictObject(shape, { error: `must be an object; accepted: an object with ${names.join(', ')}` });
}

const acceptedId = 'letters, digits and . _ : @ -, starting with a letter or digit, at most 100 characters';
const acceptedName = 'lower-case letters, digits and hyphens, starting with a letter or digit, at most 63 characters';
const acceptedGroup = 'the name of an address group in IPmanager: letters, digits and . _ -, at most 63 characters';

/** Ids of callers: services, orders, customers. */
export const id = text(acceptedId).regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/, `accepted: ${acceptedId}`);
/** Names of integrations, servers and tariffs. */
export const name = text(acceptedName).regex(/^[a-z0-9][a-z0-9-]{0,62}$/, `accepted: ${acceptedName}`);
export const group = text(acceptedGroup).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, `accepted: ${acceptedGroup}`);

export const ip = text(acceptedAddress).transform((value, context) => {
  const parsed = parseAddress(value);
  if (isAddress(parsed)) return parsed.ip;
  context.addIssue({ code: 'custom', message: `${parsed.problem}; accepted: ${acceptedAddress}` });
  return z.NEVER;
});

export const hostname = text(acceptedHostname).transform((value, context) => {
  const parsed = parseHostname(value);
  if ('name' in parsed) return parsed.name;
  context.addIssue({ code: 'custom', message: `${parsed.problem}; accepted: ${acceptedHostname}` });
  return z.NEVER;
});

export const family = z.enum(['ipv4', 'ipv6'], { error: 'accepted: ipv4 or ipv6' }).describe('ipv4 or ipv6');
export const kind = z
  .enum(serviceKinds, { error: `accepted: ${serviceKinds.join(', ')}` })
  .describe(serviceKinds.join(', '));

/** Free words of a person, kept in histories and shown; one line. */
export const words = text('one line of at most 500 characters').regex(
  /^[^\p{Cc}]{1,500}$/u,
  'accepted: one line of 1 to 500 characters without control characters',
);

const acceptedActor = 'operator, provisioning, or customer:<id>';
export const actor = text(acceptedActor).regex(
  /^(operator|provisioning|customer:[A-Za-z0-9][A-Za-z0-9._:@-]{0,99})$/,
  `accepted: ${acceptedActor}`,
);
