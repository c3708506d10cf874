import { nobodysPassword } from '../nobodys-password.ts';
import type { ServiceName } from '../server-module.ts';
import { proofLine, serviceLabel } from '../service-label.ts';

/**
 * The machine of a service. Its name comes from installation and service id alone, so whatever became of an answer, the next
 * look asks for the same name. Names there are for people, who may change them or use one twice: the comment carries both
 * in words, and is the proof.
 */
export function vmNameOf(service: ServiceName): string {
  return serviceLabel(service);
}

export function commentOf(service: ServiceName): string {
  return proofLine(service);
}

/** The first line is ours; people may write below it. */
export function isCommentOf(service: ServiceName, comment: string): boolean {
  return (comment.split('\n')[0] ?? '').trim() === commentOf(service);
}

/** Marks the passwords we make, so that none is shown even by a call that never knew it (I11). */
const mark = 'Vm6-';

/** One that nobody knows, with upper and lower case, a digit and a sign, as panels ask for. */
export function newPassword(): string {
  return mark + nobodysPassword();
}

/** Words that repeat a password of ours, whichever call made it. */
export function holdsPassword(text: string): boolean {
  return /Vm6-[\w-]{8}/.test(text);
}
