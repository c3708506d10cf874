import { createHash } from 'node:crypto';
import type { ServiceOnServer } from './server-module.ts';

/**
 * The name of a service on a panel: at most 32 characters, lower-case letters, digits and hyphens, a letter first, so it
 * is a host label, a login and a machine's name alike. It comes from the service id alone, so a second creation of the
 * same service meets the first one's name. Its start is the id in words; 64 bits of a hash over the whole id prove that a
 * thing of that name is ours, where a panel has no field for words of ours.
 */
export function serviceLabel({ id }: Pick<ServiceOnServer, 'id'>): string {
  const readable = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 15)
    .replace(/-+$/, '');
  const hash = createHash('sha256').update(`iptally ${id}`).digest('hex').slice(0, 16);
  return `${readable === '' ? 's' : readable}-${hash}`;
}
