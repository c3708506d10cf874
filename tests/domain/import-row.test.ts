import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkImportRow, importFields } from '../../workflows/domain/import-row.ts';
import {
  acceptedGroup,
  acceptedId,
  acceptedName,
  groupShape,
  idShape,
  nameShape,
} from '../../workflows/domain/names.ts';
import { group, id, name } from '../../workflows/inputs/fields.ts';
import { seed } from '../support/seed.ts';

const line = {
  service: 'vps-1',
  kind: 'vps',
  domain: 'WWW.Example.com.',
  customer: 'c-7',
  server: 'node-1',
  tariff: 'small',
  addresses: '192.0.2.1; 2001:DB8:0::1',
};

const row = {
  service: 'vps-1',
  kind: 'vps',
  domain: 'www.example.com',
  customer: 'c-7',
  server: 'node-1',
  tariff: 'small',
  group: null,
  addresses: [
    { ip: '192.0.2.1', ptr: null },
    { ip: '2001:db8::1', ptr: null },
  ],
};

function problems(but: Readonly<Record<string, unknown>>): readonly (readonly [field: string, value: string])[] {
  const checked = checkImportRow({ ...line, ...but });
  if (checked.ok) return [];
  for (const { accepted, reason } of checked.problems) {
    expect(accepted.length).toBeGreaterThan(3);
    expect(reason.length).toBeGreaterThan(3);
  }
  return checked.problems.map(({ field, value }) => [field, value]);
}

function addresses(but: Readonly<Record<string, unknown>>) {
  const checked = checkImportRow({ ...line, ...but });
  return checked.ok ? checked.row.addresses : checked.problems;
}

describe('a good row', () => {
  test('comes out canonical', () => {
    expect(checkImportRow(line)).toEqual({ ok: true, row });
  });

  test('comes out the same when it is checked again', () => {
    const again = { ...row, addresses: row.addresses.map(({ ip }) => ip), ptr: null };
    expect(checkImportRow(again)).toEqual({ ok: true, row });
  });

  test.each([
    ['empty', { customer: '', group: ' ' }],
    ['null', { customer: null, group: null, ptr: null }],
    ['absent', { customer: undefined }],
  ])('may leave out customer, group and PTRs: %s', (_, but) => {
    expect(checkImportRow({ ...line, ...but })).toEqual({ ok: true, row: { ...row, customer: null } });
  });

  test.each(['', null, undefined, [], ' ; '])('may have no address: %j', (none) => {
    expect(addresses({ addresses: none })).toEqual([]);
  });

  test.each([
    '192.0.2.1 192.0.2.2',
    '192.0.2.1;192.0.2.2',
    ' 192.0.2.1 ;  192.0.2.2; ',
    '192.0.2.1\n192.0.2.2',
    ['192.0.2.1', '192.0.2.2'],
  ])('has its addresses parted by spaces or semicolons, or a list: %j', (texts) => {
    expect(addresses({ addresses: texts })).toEqual([
      { ip: '192.0.2.1', ptr: null },
      { ip: '192.0.2.2', ptr: null },
    ]);
  });

  test.each([
    ['a.example.com b.example.com', ['a.example.com', 'b.example.com']],
    ['- b.example.com', [null, 'b.example.com']],
    [
      ['', 'b.example.com'],
      [null, 'b.example.com'],
    ],
    ['Bücher.example', ['xn--bcher-kva.example', 'xn--bcher-kva.example']],
  ])('has a PTR for each address, or one for all: %j', (ptr, expected) => {
    const found = addresses({ ptr });
    expect(found.map((one) => ('ptr' in one ? one.ptr : one))).toEqual(expected);
  });
});

describe('a bad row names each field, its value, what is accepted and why', () => {
  test.each<[string, Readonly<Record<string, unknown>>, readonly (readonly [string, string])[]]>([
    ['no service', { service: '' }, [['service', '']]],
    ['a service of spaces', { service: '  ' }, [['service', '']]],
    ['an id with a space', { service: 'vps 1' }, [['service', 'vps 1']]],
    ['an id of 101', { service: 'v'.repeat(101) }, [['service', 'v'.repeat(101)]]],
    ['an unknown kind', { kind: 'VPS' }, [['kind', 'VPS']]],
    ['no domain', { domain: null }, [['domain', '']]],
    ['a domain of one label', { domain: 'localhost' }, [['domain', 'localhost']]],
    ['the conflict mark', { domain: 'dns.set.error' }, [['domain', 'dns.set.error']]],
    ['a customer of the wrong shape', { customer: '-1' }, [['customer', '-1']]],
    ['a server in capitals', { server: 'Node-1' }, [['server', 'Node-1']]],
    ['no tariff', { tariff: undefined }, [['tariff', '']]],
    ['a group with a space', { group: 'my group' }, [['group', 'my group']]],
    ['a number for an id', { service: 7 }, [['service', '7']]],
    ['an object for a domain', { domain: { name: 'x' } }, [['domain', '{"name":"x"}']]],
    ['an address with octal', { addresses: '192.0.2.010' }, [['addresses', '192.0.2.010']]],
    ['a network', { addresses: '192.0.2.0/24' }, [['addresses', '192.0.2.0/24']]],
    ['commas', { addresses: '192.0.2.1,192.0.2.2' }, [['addresses', '192.0.2.1,192.0.2.2']]],
    [
      'two wrong addresses',
      { addresses: '1.2.3 ::g' },
      [
        ['addresses', '1.2.3'],
        ['addresses', '::g'],
      ],
    ],
    ['an address twice', { addresses: '2001:db8::1 2001:DB8::1' }, [['addresses', '2001:db8::1 2001:DB8::1']]],
    ['numbers for addresses', { addresses: [1] }, [['addresses', '[1]']]],
    ['a wrong PTR', { ptr: 'a_b.example.com c.example.com' }, [['ptr', 'a_b.example.com']]],
    [
      'three PTRs for two',
      { ptr: 'a.example.com b.example.com c.example.com' },
      [['ptr', 'a.example.com b.example.com c.example.com']],
    ],
    ['a PTR for none', { addresses: '', ptr: 'a.example.com' }, [['ptr', 'a.example.com']]],
    ['a licence with addresses', { kind: 'licence' }, [['addresses', line.addresses]]],
    ['a field that is none', { Servr: 'x' }, [['Servr', 'x']]],
    ['control characters', { tariff: 'a\u0000b\n' }, [['tariff', 'a�b']]],
    [
      'all of it',
      { service: '', kind: '', domain: '', server: '', tariff: '' },
      [
        ['service', ''],
        ['kind', ''],
        ['domain', ''],
        ['server', ''],
        ['tariff', ''],
      ],
    ],
  ])('%s', (_, but, expected) => {
    expect(problems(but)).toEqual(expected);
  });

  test('33 addresses', () => {
    const many = Array.from({ length: 33 }, (_, n) => `192.0.2.${n}`);
    expect(problems({ addresses: many })).toEqual([['addresses', expect.stringMatching(/^\["192/)]]);
    expect(problems({ addresses: many.slice(1) })).toEqual([]);
  });

  test.each([
    ['unknown-field', { Servr: 'x' }],
    ['licence-with-address', { kind: 'licence' }],
    ['twice-in-file', { addresses: '192.0.2.1 192.0.2.1' }],
    ['too-many', { addresses: Array.from({ length: 33 }, (_, n) => `192.0.2.${n}`) }],
    ['invalid-input', { kind: 'vm' }],
  ])('its code is %s', (code, but) => {
    const checked = checkImportRow({ ...line, ...but });
    expect(checked.ok ? [] : checked.problems.map((problem) => problem.code)).toEqual([code]);
  });

  test('a reason says what was seen', () => {
    const checked = checkImportRow({ ...line, addresses: '192.0.2.1/32', server: '' });
    expect(checked).toEqual({
      ok: false,
      problems: [
        { code: 'invalid-input', field: 'server', value: '', accepted: acceptedName, reason: 'is missing' },
        {
          code: 'invalid-input',
          field: 'addresses',
          value: '192.0.2.1/32',
          accepted: expect.stringContaining('one IPv4'),
          reason: 'has a prefix length',
        },
      ],
    });
  });
});

test('whatever stands in a row, it is answered, and each problem shows one short line', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.anything());
  const rows = fc.dictionary(fc.oneof(fc.constantFrom(...importFields), fc.string()), value);
  const property = fc.property(rows, (one) => {
    const checked = checkImportRow(one);
    return (
      checked.ok || checked.problems.every((problem) => problem.value.length <= 120 && !/\p{Cc}/u.test(problem.value))
    );
  });
  expect(fc.defaultReportMessage(fc.check(property, { seed, numRuns: 5_000 }))).toBeUndefined();
});

test.each([
  ['id', id, idShape, acceptedId],
  ['name', name, nameShape, acceptedName],
  ['group', group, groupShape, acceptedGroup],
] as const)('an import accepts the same %s as every other surface, in the same words', (_, schema, shape, words) => {
  expect(schema.description).toBe(words);
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._:@-]{0,101}$/));
  const property = fc.property(texts, (text) => schema.safeParse(text).success === shape.test(text));
  expect(fc.defaultReportMessage(fc.check(property, { seed, numRuns: 3_000 }))).toBeUndefined();
});
