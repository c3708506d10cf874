import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonical, ipText } from '../../activities/ledger/postgres/values.ts';
import { isAddress, parseAddress } from '../../workflows/domain/address.ts';
import { openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  // Writes a text as an address and takes it back: what was stored, or the code it was refused with.
  await world.sql(`create function stored(text) returns text language plpgsql as $$
    declare stored inet;
    begin
      insert into parked (ip, order_id, integration) values ($1::inet, 'o', 'p') returning ip into stored;
      delete from parked;
      -- As text an inet carries its prefix always; as a value it is sent without where it is a whole address.
      return case when masklen(stored) = case family(stored) when 4 then 32 else 128 end then host(stored) else stored::text end;
    exception when others then return 'refused ' || sqlstate;
    end $$`);
});
afterAll(() => world.close());

/** What the column holds after each text was written, or that it was refused. */
async function stored(texts: readonly string[]): Promise<readonly string[]> {
  const rows = await world.sql<{ stored: string }>(
    `select stored(text) from jsonb_array_elements_text(?::jsonb) with ordinality as t (text, n) order by n`,
    [JSON.stringify(texts)],
  );
  return rows.map((row) => row.stored);
}

/** How column and `parseAddress` disagree about a text, or nothing. */
function disagreement(text: string, kept: string): string | undefined {
  const parsed = parseAddress(text);
  const ip = ipText(kept);
  if (isAddress(parsed)) return ip === parsed.ip ? undefined : `${text} is kept as ${ip}`;
  if (kept.startsWith('refused')) return undefined;
  // ::ffff:1 is no mapped address (::ffff:0:1 is), but parseAddress refuses these 65,536 with them; nobody routes them.
  if (/^::255\.255\.\d+\.\d+$/.test(kept)) return undefined;
  // PostgreSQL reads more writings than we do (`010.0.0.1`). What it keeps then is one whole canonical address, and the
  // writing itself never comes there: the ledger takes canonical texts alone.
  const again = parseAddress(ip);
  const whole = isAddress(again) && again.ip === ip && ip !== text;
  return whole && !isTaken(text) ? undefined : `${text}, refused by us, is kept as ${ip}`;
}

function isTaken(text: string): boolean {
  try {
    return canonical(text) === text;
  } catch {
    return false;
  }
}

async function disagreements(asked: readonly string[]): Promise<readonly string[]> {
  const kept = await stored(asked);
  return asked.flatMap((text, index) => disagreement(text, kept[index] ?? '') ?? []);
}

describe('the column holds just the addresses that parseAddress reads', () => {
  const texts = [
    ['0.0.0.0', '1.2.3.4', '10.0.0.1', '127.0.0.1', '192.0.2.255', '255.255.255.255', '169.254.1.1', '224.0.0.1'],
    ['::', '::1', '2001:db8::1', '2001:DB8::1', '2001:db8:0:0:0:0:0:1', '2001:db8::0:1', 'fe80::1', 'ff02::1'],
    ['::10.0.0.1', '::a00:1', '64:ff9b::192.0.2.1', '2002:c000:204::', '1:2:3:4:5:6:7:8', '1::8', '1:0:0:4:5:0:0:8'],
    ['::ffff:10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:ffff:a00:1', '::FFFF:1.2.3.4', '::ffff:0:0', '::ffff:0:10.0.0.1'],
    ['10.0.0.1/32', '10.0.0.1/24', '10.0.0.0/8', '10.0.0.1/0', '2001:db8::1/128', '2001:db8::/64', '::/0', '1.2.3.4/'],
    ['010.0.0.1', '0177.0.0.1', '0x7f.1', '0x7f000001', '2130706433', '10.1', '10', '127.1', '1.2.3', '1.2.3.4.5'],
    ['256.0.0.1', '1.2.3.-4', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n', '1. 2.3.4', '1.2.3.04', '1.2.3.400', '1..3.4'],
    [
      '2001:db8::1%eth0',
      'fe80::1%25lo',
      '2001:db8:::1',
      '1::2::3',
      ':1',
      '1:',
      '12345::',
      'g::',
      '::1.2.3',
      '::1.2.3.256',
    ],
    ['', ' ', 'localhost', 'example.com', '１.２.３.４', '1。2。3。4', '[::1]', '1.2.3.4:80', '+1.2.3.4', 'NaN'],
  ].flat();

  test(`for ${texts.length} texts`, async () => {
    expect(await disagreements(texts)).toEqual([]);
    // The list proves something only when both happen often.
    const read = texts.filter((text) => isAddress(parseAddress(text))).length;
    expect(read).toBeGreaterThan(20);
    expect(texts.length - read).toBeGreaterThan(40);
  });

  const group = fc.oneof(
    fc.constantFrom('0', 'ffff', '0000', 'FF', 'a00'),
    fc.integer({ min: 0, max: 65_535 }).map((n) => n.toString(16)),
  );
  const octet = fc.oneof(fc.constantFrom('0', '255', '256', '01', '10'), fc.nat(300).map(String));
  const v4 = fc.array(octet, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
  const v6 = fc
    .tuple(
      fc.array(group, { maxLength: 8 }),
      fc.array(group, { maxLength: 8 }),
      fc.constantFrom('::', ':', ''),
      fc.option(v4),
    )
    .map(
      ([head, tail, between, dotted]) =>
        `${head.join(':')}${between}${[...tail, ...(dotted === null ? [] : [dotted])].join(':')}`,
    );
  const suffix = fc.constantFrom('', '', '', '', '/32', '/128', '/24', '/0', '%1', ' ');

  test('for any text that looks like one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.oneof(v4, v6), suffix).map(([ip, end]) => ip + end),
          { minLength: 200, maxLength: 200 },
        ),
        async (many) => {
          expect(await disagreements(many)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('for any address as 32 or 128 bits, in its canonical text', async () => {
    const word = fc.oneof(fc.constant(0), fc.constant(0xff_ff), fc.integer({ min: 0, max: 0xff_ff }));
    const address = fc.oneof(
      fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }).map((parts) => parts.join('.')),
      fc.array(word, { minLength: 8, maxLength: 8 }).map((words) => words.map((n) => n.toString(16)).join(':')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(address, { minLength: 200, maxLength: 200 }), async (many) => {
        const canonicalTexts = many.flatMap((text) => {
          const parsed = parseAddress(text);
          return isAddress(parsed) ? [parsed.ip] : [];
        });
        expect((await stored(canonicalTexts)).map(ipText)).toEqual(canonicalTexts);
      }),
      { numRuns: 25 },
    );
  });
});

test.each([
  ['a prefix', `update address set ip = '10.0.0.0/24'`],
  ['a mapped address', `update address set ip = '::ffff:10.0.0.1'`],
  ['the other family', `update address set family = 'ipv6'`],
  ['a state there is not', `update address set state = 'gone'`],
  ['a service on a released address (I4)', `update address set state = 'released'`],
  ['a quarantine without an end', `update address set state = 'quarantined', service = null`],
  ['a reserved address without a service', `update address set service = null`],
])('the address table refuses %s', async (_, statement) => {
  await world.ledger.services.open({
    service: { id: 's', kind: 'vps', domain: 's.example.com', customer: null, server: 'srv', tariff: 'plain' },
    run: { workflowId: 'w', runId: 'r' },
  });
  await world.sql(
    `insert into address (ip, family, state, service, integration, address_group) values ('10.0.0.1', 'ipv4', 'reserved', 's', 'p', 'g')
     on conflict do nothing`,
  );
  await expect(world.sql(statement)).rejects.toMatchObject({ code: '23514' });
});

test.each(['reserved', 'active', 'releasing', 'quarantined'])(
  'a second row for an address that is %s is refused by the index, whoever writes it (I1)',
  async (state) => {
    const insert = (first: string) =>
      world.sql(
        `insert into address (ip, family, state, service, quarantine_until, integration, address_group)
         values ('10.7.7.7', 'ipv4', ?, ?, now(), 'p', 'g')`,
        [first, first === 'reserved' || first === 'active' ? 's' : null],
      );
    await insert(state);
    for (const second of ['reserved', 'active', 'releasing', 'quarantined']) {
      await expect(insert(second)).rejects.toMatchObject({ code: '23505' });
    }
    await insert('released');
    await world.sql(`delete from address where ip = '10.7.7.7'`);
  },
);
