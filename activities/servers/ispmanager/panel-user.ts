import type { ServiceName } from '../server-module.ts';
import { digestOf, proofLine } from '../service-label.ts';

/**
 * The user of a service. The name comes from installation and service id alone, so a second creation of the same service
 * meets the first one's name, whatever became of its answer: the panel itself then refuses the duplicate. The full name
 * carries both in words, and proves that a user of that name is ours.
 */
export function userNameOf(service: ServiceName): string {
  const readable = service.id
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/^[0-9]+/, '')
    .slice(0, 6);
  return `${readable === '' ? 'u' : readable}_${digestOf(service).slice(0, 8)}`; // at most 15 characters, letters, digits, underscore
}

export function fullNameOf(service: ServiceName): string {
  return proofLine(service);
}
