import { isIP } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { canonicalIp, familyOf, parseAddress } from '../../workflows/domain/address.ts';

const accepted: readonly (readonly [string, string])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['10.0.0.0', '10.0.0.0'],
  ['1.2.3.4', '1.2.3.4'],
  ['100.64.0.1', '100.64.0.1'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['fe80::1', 'fe80::1'],
  ['ff02::1', 'ff02::1'],
  ['64:ff9b::c000:201', '64:ff9b::c000:201'],
  ['2001:db8::', '2001:db8::'],
];

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['192.0.2.01', /leading zero/],
  ['010.0.0.1', /leading zero/],
  ['00.0.0.0', /leading zero/],
  ['0300.0.2.1', /not an IPv4/],
  ['0xc0.0.2.1', /not an IPv4/],
  ['3221225985', /not an IPv4/],
  ['192.0.513', /not an IPv4/],
  ['192.0.2', /not an IPv4/],
  ['192.0.2.', /not an IPv4/],
  ['.192.0.2.1', /not an IPv4/],
  ['192.0.2.1.', /not an IPv4/],
  ['192..2.1', /not an IPv4/],
  ['192.0.2.256', /not an IPv4/],
  ['192.0.2.999', /not an IPv4/],
  ['192.0.2.1000', /not an IPv4/],
  ['192.0.2.-1', /not an IPv4/],
  ['+192.0.2.1', /not an IPv4/],
  ['1e2.0.0.1', /not an IPv4/],
  ['192.0.2.1/32', /prefix/],
  ['2001:db8::/64', /prefix/],
  ['/', /prefix/],
  ['fe80::1%eth0', /zone/],
  ['192.0.2.1%1', /zone/],
  ['::ffff:192.0.2.1', /mapped/],
  ['::ffff:c000:201', /mapped/],
  ['::FFFF:c000:0201', /mapped/],
  ['0:0:0:0:0:ffff:c000:201', /mapped/],
  [':::', /not an IPv4/],
  [':', /not an IPv4/],
  ['1::2::3', /not an IPv4/],
  ['2001:db8:::1', /not an IPv4/],
  ['1:2:3:4:5:6:7', /not an IPv4/],
  ['1:2:3:4:5:6:7:8:9', /not an IPv4/],
  ['12345::', /not an IPv4/],
  ['g::1', /not an IPv4/],
  ['[2001:db8::1]', /not an IPv4/],
  ['2001:db8::1:80.', /not an IPv4/],
  [' 192.0.2.1', /not an IPv4/],
  ['192.0.2.1 ', /not an IPv4/],
  ['192.0.2.1\n', /not an IPv4/],
  ['192,0,2,1', /not an IPv4/],
  ['192.0.2.1:80', /not an IPv4/],
  ['１９２.0.2.1', /not an IPv4/],
  ['192。0。2。1', /not an IPv4/],
  ['localhost', /not an IPv4/],
  ['2001:db8::1\u0000', /not an IPv4/],
];

describe('one address', () => {
  test('the table has at least 60 texts', () => expect(accepted.length + refused.length).toBeGreaterThanOrEqual(60));

  test.each(accepted)('%j is %s', (text, ip) => {
    expect(parseAddress(text)).toEqual({ ip, family: ip.includes(':') ? 'ipv6' : 'ipv4' });
    expect(canonicalIp(ip)).toBe(ip);
    expect(isIP(ip)).toBe(familyOf(ip) === 'ipv4' ? 4 : 6);
  });

  test.each(refused)('%j is refused: %s', (text, why) => {
    expect(parseAddress(text)).toEqual({ problem: expect.stringMatching(why) });
    expect(canonicalIp(text)).toBeUndefined();
  });
});
