import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { canonicalIp } from '../../workflows/domain/address.ts';
import { compareIps } from '../../workflows/domain/ip-order.ts';
import { report, seed } from '../support/seed.ts';

/** The obvious way: family, then the number. */
function slowly(one: string, other: string): number {
  const [left, right] = [numberOf(one), numberOf(other)];
  if (left.family !== right.family) return left.family < right.family ? -1 : 1;
  return left.number === right.number ? 0 : left.number < right.number ? -1 : 1;
}

function numberOf(ip: string): { readonly family: number; readonly number: bigint } {
  return ip.includes(':')
    ? { family: 6, number: new Address6(ip).bigInt() }
    : { family: 4, number: new Address4(ip).bigInt() };
}

const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 9, 10, 99, 100, 255));
const v4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'));
/** Near each other, with many zeros: where the shortening of IPv6 moves the groups. */
const word = fc.constantFrom(0, 0, 0, 0, 1, 0xf, 0x10, 0xdb8, 0x2001, 0xffff);
const words = fc.oneof(
  fc.array(word, { minLength: 8, maxLength: 8 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }),
  fc.array(word, { minLength: 2, maxLength: 2 }).map((last) => [0x2001, 0xdb8, 0, 0, 0, 0, ...last]),
);
const v6 = words
  .map((groups) => canonicalIp(groups.map((group) => group.toString(16)).join(':')))
  .filter((ip) => ip !== undefined);
const ips = fc.oneof(v4, v6, v6);

describe('the order of addresses', () => {
  test('is that of PostgreSQL (inet), on addresses chosen to mislead', () => {
    const ordered = [
      '0.0.0.0', '1.2.3.4', '1.2.3.40', '1.2.30.4', '2.0.0.0', '9.255.255.255', '10.0.0.0', '99.0.0.0', '100.0.0.0',
      '192.0.2.9', '192.0.2.10', '192.0.2.99', '192.0.2.100', '255.255.255.255',
      '::', '::1', '::a', '::10', '::ffff', '::1:0', '::1:0:0:0', '0:1::', '1::', '1::1', '1::1:0:0:0', '1:0:1::', '1:1::',
      '1:1:1:1:1:1:1:1', '2001:db8::', '2001:db8::1', '2001:db8::9', '2001:db8::a', '2001:db8::10', '2001:db8::1:1',
      '2001:db8:0:1::', '2001:db8:0:1:1:1:1:1', '2001:db8:1::', '2001:db80::', '2002::', 'fe80::1', 'ffff::',
    ]; // prettier-ignore
    expect(ordered.toSorted().toSorted(compareIps)).toEqual(ordered);
    expect(ordered.toSorted(slowly)).toEqual(ordered);
  });

  test('is numeric for any two, as the obvious way says', () => {
    const property = fc.property(ips, ips, (one, other) => {
      const [quick, slow] = [Math.sign(compareIps(one, other)), slowly(one, other)];
      return quick === slow && Math.sign(compareIps(other, one)) === 0 - slow && compareIps(one, one) === 0;
    });
    expect(fc.defaultReportMessage(fc.check(property, { seed, numRuns: 20_000 }))).toBeUndefined();
  });

  test('neighbours are told apart without parsing: figures, not a limit', () => {
    const some = fc.sample(fc.tuple(ips, ips), { seed, numRuns: 1_000 });
    const started = performance.now();
    let less = 0;
    for (let n = 0; n < 200; n += 1) for (const [one, other] of some) if (compareIps(one, other) < 0) less += 1;
    report('compareIps', { comparisons: 200_000, ms: Math.round(performance.now() - started), less });
    expect(less).toBeGreaterThan(0);
  });
});
