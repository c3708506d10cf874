import { createHash } from 'node:crypto';
import type { ServiceOnServer } from '../server-module.ts';

/**
 * The user of a service. The name comes from the service id alone, so a second creation of the same service meets the
 * first one's name, whatever became of its answer: the panel itself then refuses the duplicate. The full name carries
 * the service id in words, and proves that a user of that name is ours.
 */
export function userNameOf(service: ServiceOnServer): string {
  const readable = service.id
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^[0-9]+/, '')
    .slice(0, 6);
  const hash = createHash('sha256').update(service.id).digest('hex').slice(0, 8);
  return `${readable === '' ? 'u' : readable}_${hash}`; // at most 15 characters, letters, digits, underscore
}

export function fullNameOf(service: ServiceOnServer): string {
  return `iptally ${service.id}`;
}
