import type { ServiceName } from '../server-module.ts';
import { digestOf, proofLine } from '../service-label.ts';
import type { VmidRange } from './settings.ts';

/** A host name of installation and service id, for people and for finding a guest that was restored under another VMID. */
export function guestNameOf(service: ServiceName): string {
  const readable = service.id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return `${readable === '' ? 's' : readable}-${digestOf(service).slice(0, 8)}`;
}

/** Old versions append a search domain to the name of a container (seen: API2/OpenVZ.pm). */
export function hasNameOf(service: ServiceName, name: string): boolean {
  const ours = guestNameOf(service);
  return name === ours || name.startsWith(`${ours}.`);
}

/** How many VMIDs a service may stand under: the next one is taken where somebody else has the one before. */
const candidates = 4;

/**
 * The VMIDs of a service come from its id and its installation alone. So a second creation of the same service meets the
 * first one's VMID, whatever became of its answer, and the panel itself refuses it, also while the first is so young that
 * its configuration says nothing but `lock: create` (seen: pve-guest-common, create_and_lock_config).
 */
export function vmidsOf(service: ServiceName, { first, last }: VmidRange): readonly number[] {
  const room = BigInt(last - first + 1);
  const ids = new Set<number>();
  for (let n = 0; ids.size < candidates; n += 1) {
    ids.add(first + Number(BigInt(`0x${digestOf(service, `/${n}`).slice(0, 16)}`) % room));
  }
  return [...ids];
}

/** Stands in the notes until the set-up is finished: what was finished once is never started by us again. */
const unfinishedLine = 'iptally is setting this up';

export function unfinishedNotes(service: ServiceName): string {
  return `${proofLine(service)}\n${unfinishedLine}`;
}

/** People may write around our line. */
export function isOurs(notes: string, service: ServiceName): boolean {
  return linesOf(notes).includes(proofLine(service));
}

export function isUnfinished(notes: string): boolean {
  return linesOf(notes).includes(unfinishedLine);
}

export function finishedNotes(notes: string): string {
  return notes
    .split('\n')
    .filter((line) => line.trim() !== unfinishedLine)
    .join('\n')
    .trimEnd();
}

function linesOf(notes: string): readonly string[] {
  return notes.split('\n').map((line) => line.trim());
}
