import type { Context, RemoteSide } from './discrepancy.ts';
import { conflictMark } from './hostname.ts';

/**
 * What the ledger tells of an address in one text, read a million at a time: `<ip>\t<tag>\t<ptr>` of an active one (empty
 * where there is none), and `<ip>` alone where a look at the whole row is needed whatever the remote shows: it is reserved,
 * or its PTR was never read.
 */
export type Glance = string;

/** The address a glance is of. */
export function glanceIp(glance: Glance): string {
  const end = glance.indexOf('\t');
  return end === -1 ? glance : glance.slice(0, end);
}

export function isGlanceOf(glance: Glance, ip: string): boolean {
  return glance.startsWith(ip) && (glance.length === ip.length || glance.charCodeAt(ip.length) === tab);
}

/**
 * Nothing to do, said without making anything: `true` only where {@link plainlyInStep} says so of the row this glance was
 * made from. `false` says nothing: the row is read and judged.
 */
export function inStepAtAGlance({ ip, remote, glance }: Glimpse, context: Context): boolean {
  if (remote.kind !== 'used' || remote.ptr === conflictMark) return false;
  if (remote.tag === null && (remote.label !== null || context.tagImported)) return false;
  return glance === `${ip}\t${remote.tag ?? ''}\t${remote.ptr}`;
}

export interface Glimpse {
  readonly ip: string;
  readonly remote: RemoteSide;
  readonly glance: Glance;
}

const tab = 9;
