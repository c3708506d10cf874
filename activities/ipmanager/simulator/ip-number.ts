import { Address6 } from 'ip-address';
import { canonicalIp, familyOf, type Family } from '../../../workflows/domain/address.ts';

/** Addresses as numbers, and ranges of them: what choosing and permissions rest on. */
export interface IpRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

export function ipNumber(ip: string): bigint {
  if (familyOf(ip) === 'ipv6') return new Address6(ip).bigInt();
  return ip.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
}

export function ipText(number: bigint, family: Family): string {
  if (family === 'ipv6') return Address6.fromBigInt(number).correctForm();
  const value = Number(number);
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** A pool as IPmanager writes it: one address, `first-last`, or `network/length` (documented: 2.5). */
export function parsePool(text: string): IpRange | undefined {
  const [start = '', length] = text.split('/');
  const [from = '', to = from] = start.split('-').map((end) => end.trim());
  const first = canonicalIp(from);
  const last = canonicalIp(to);
  if (first === undefined || last === undefined || familyOf(first) !== familyOf(last)) return undefined;
  const family = familyOf(first);
  if (length === undefined) return { family, first: ipNumber(first), last: ipNumber(last) };
  const width = family === 'ipv4' ? 32n : 128n;
  if (!/^\d{1,3}$/.test(length) || BigInt(length) > width || first !== last) return undefined;
  const size = 1n << (width - BigInt(length));
  const base = (ipNumber(first) / size) * size;
  return { family, first: base, last: base + size - 1n };
}

export function contains(range: IpRange, ip: string): boolean {
  const number = ipNumber(ip);
  return range.family === familyOf(ip) && number >= range.first && number <= range.last;
}
