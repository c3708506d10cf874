import { describe, expect, test } from '@jest/globals';
import { parseHostname, plainPtr, samePtr } from '../../workflows/domain/hostname.ts';

const label63 = 'a'.repeat(63);
const name253 = `${label63}.${label63}.${label63}.${'a'.repeat(57)}.de`;

const accepted: readonly (readonly [string, string])[] = [
  ['a.de', 'a.de'],
  ['example.com', 'example.com'],
  ['Example.COM', 'example.com'],
  ['example.com.', 'example.com'],
  ['www.example.com', 'www.example.com'],
  ['a-b.example.com', 'a-b.example.com'],
  ['a--b.example.com', 'a--b.example.com'],
  ['1.example.com', '1.example.com'],
  ['192-0-2-1.example.com', '192-0-2-1.example.com'],
  ['1.2.3.4.example.com', '1.2.3.4.example.com'],
  ['1a.2b', '1a.2b'],
  [`${label63}.example.com`, `${label63}.example.com`],
  [name253, name253],
  [`${name253}.`, name253],
  ['münchen.de', 'xn--mnchen-3ya.de'],
  ['MÜNCHEN.de', 'xn--mnchen-3ya.de'],
  ['bücher.example.com.', 'xn--bcher-kva.example.com'],
  ['пример.рф', 'xn--e1afmkfd.xn--p1ai'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
  ['host.local', 'host.local'],
  ['4.3.2.1.in-addr.arpa', '4.3.2.1.in-addr.arpa'],
  ['dns.set.error.example.com', 'dns.set.error.example.com'],
];

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /empty$/],
  ['.', /empty$/],
  ['..', /empty label/],
  ['localhost', /only one label/],
  ['com.', /only one label/],
  ['.example.com', /empty label/],
  ['a..example.com', /empty label/],
  ['example.com..', /empty label/],
  [`${'a'.repeat(64)}.example.com`, /longer than 63/],
  [`${label63}a.de`, /longer than 63/],
  [`a.${name253}`, /253/],
  [`${'a.'.repeat(130)}de`, /253/],
  ['under_score.example.com', /character/],
  ['_dmarc.example.com', /character/],
  ['*.example.com', /character/],
  ['a b.example.com', /character/],
  [' example.com', /character/],
  ['example.com ', /character/],
  ['a/b.example.com', /character/],
  ['a@example.com', /character/],
  ['http://example.com', /character/],
  ['example.com:80', /character/],
  ['a,b.example.com', /character/],
  ['a\\b.example.com', /character/],
  ['a;b.example.com', /character/],
  ['%61.example.com', /character/],
  ['[2001:db8::1]', /character/],
  ['-a.example.com', /hyphen/],
  ['a-.example.com', /hyphen/],
  ['a.-b.com', /hyphen/],
  ['example.com-', /hyphen/],
  ['192.0.2.1', /digits only/],
  ['example.42', /digits only/],
  ['1.2', /digits only/],
  ['dns.set.error', /marks addresses/],
  ['DNS.SET.ERROR.', /marks addresses/],
  [`iptally-${'0'.repeat(32)}.example.com`, /owner mark/],
  ['exam\u00adple.com', /ASCII/],
  ['１２.example.com', /ASCII/],
  ['example。com', /ASCII/],
  ['a\u200bb.example.com', /ASCII/],
  ['a\u0000b.example.com', /ASCII/],
  ['a\nb.example.com', /ASCII/],
  ['😀.example.com', /ASCII/],
];

describe('a host name', () => {
  test('the table has at least 60 names', () => expect(accepted.length + refused.length).toBeGreaterThanOrEqual(60));

  test.each(accepted)('%j is %s', (text, name) => {
    expect(parseHostname(text)).toEqual({ name });
    expect(parseHostname(name)).toEqual({ name });
  });

  test.each(refused)('%j is refused: %s', (text, why) => {
    expect(parseHostname(text)).toEqual({ problem: expect.stringMatching(why) });
  });

  test.each([
    ['a.example.com', 'A.example.com.', true],
    ['a.example.com.', 'a.example.com', true],
    ['', '', true],
    ['a.example.com', 'b.example.com', false],
    ['a.example.com', '', false],
  ])('as PTRs %j and %j are the same: %s', (one, other, same) => {
    expect(samePtr(one, other)).toBe(same);
    expect(plainPtr(one) === plainPtr(other)).toBe(same);
  });
});
