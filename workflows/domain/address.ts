import { Address4, Address6 } from 'ip-address';

export type Family = 'ipv4' | 'ipv6';

/** One IP address in its one canonical text: dotted quad, or RFC 5952 lower case. Equal texts are equal addresses. */
export interface Address {
  readonly ip: string;
  readonly family: Family;
}

/** Why a text is not one address. The words are shown to people, so they say what was seen. */
export type AddressProblem =
  | 'empty'
  | 'has a prefix length'
  | 'has a zone id'
  | 'has a leading zero, which some programs read as octal'
  | 'is an IPv4-mapped IPv6 address'
  | 'is not an IPv4 or IPv6 address';

export const acceptedAddress = 'one IPv4 or IPv6 address, like 192.0.2.10 or 2001:db8::10, without prefix or zone';

/**
 * Reads one address as a person or a panel wrote it. Only what every program reads alike is accepted: no octal, hex or
 * short forms, no mapped forms, no zone ids, no prefixes. Case and zero runs of IPv6 are made canonical.
 */
export function parseAddress(text: string): Address | { readonly problem: AddressProblem } {
  if (text === '') return { problem: 'empty' };
  if (text.includes('/')) return { problem: 'has a prefix length' };
  if (text.includes('%')) return { problem: 'has a zone id' };
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return { problem: 'is not an IPv4 or IPv6 address' };
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Address | { readonly problem: AddressProblem } {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) {
    return { problem: 'is not an IPv4 or IPv6 address' };
  }
  if (parts.some((part) => part.length > 1 && part.startsWith('0'))) {
    return { problem: 'has a leading zero, which some programs read as octal' };
  }
  if (!Address4.isValid(text)) return { problem: 'is not an IPv4 or IPv6 address' };
  return { ip: new Address4(text).correctForm(), family: 'ipv4' };
}

function parseV6(text: string): Address | { readonly problem: AddressProblem } {
  if (!Address6.isValid(text)) return { problem: 'is not an IPv4 or IPv6 address' };
  const ip = new Address6(text).correctForm();
  if (ip.startsWith('::ffff:') && ip.split(':').length <= 5) {
    return { problem: 'is an IPv4-mapped IPv6 address' };
  }
  return { ip, family: 'ipv6' };
}

export function isAddress(parsed: Address | { readonly problem: AddressProblem }): parsed is Address {
  return 'ip' in parsed;
}

/** Canonical as it stands: what nearly all texts of a list are, so they cost one look (reference/performance.md 2.1). */
const plainV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** The canonical text, or nothing. For texts that come from a panel, where a problem is not a person's mistake. */
export function canonicalIp(text: string): string | undefined {
  if (plainV4.test(text)) return text;
  const parsed = parseAddress(text);
  return isAddress(parsed) ? parsed.ip : undefined;
}

export function familyOf(ip: string): Family {
  return ip.includes(':') ? 'ipv6' : 'ipv4';
}
