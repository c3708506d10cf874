import { createHash } from 'node:crypto';
import type { ServiceName } from './server-module.ts';

/** The line that says whose a thing is, in words, where a panel has a field for words of ours. */
export function proofLine({ installation, id }: ServiceName): string {
  return `iptally ${installation} ${id}`;
}

/** What the hashes in names are taken of. */
export function digestOf(service: ServiceName, more = ''): string {
  return createHash('sha256')
    .update(`${proofLine(service)}${more}`)
    .digest('hex');
}

/**
 * The name of a service on a panel: at most 32 characters, lower-case letters, digits and hyphens, a letter first, so it
 * is a host label, a login and a machine's name alike. It comes from installation and service id alone, so a second creation
 * of the same service meets the first one's name. Its start is the id in words; 64 bits of a hash over both prove that a
 * thing of that name is ours, where a panel has no field for words of ours.
 */
export function serviceLabel(service: ServiceName): string {
  const readable = service.id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 15)
    .replace(/-+$/, '');
  return `${readable === '' ? 's' : readable}-${digestOf(service).slice(0, 16)}`;
}
