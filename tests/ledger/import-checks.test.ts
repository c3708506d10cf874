import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImportRequest } from '../../activities/ledger/import-store.ts';
import type { ImportRow } from '../../workflows/domain/import-row.ts';
import { importInto, ips, removed, row } from './import-desk.ts';
import { anId, anIp, aReserved, aService, openWorld, release, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const imported = (rows: readonly ImportRow[], how?: Partial<ImportRequest>) => importInto(world, rows, how);

/** What the ledger has against a row; the good row beside it goes in only when bad ones are skipped. */
const badRows: readonly {
  readonly what: string;
  readonly code: string;
  readonly field: string;
  readonly reason: RegExp;
  readonly rows: () => Promise<readonly ImportRow[]> | readonly ImportRow[];
}[] = [
  {
    what: 'no such server',
    code: 'no-such-server',
    field: 'server',
    reason: /does not exist/,
    rows: () => [row({ server: 'nowhere' })],
  },
  {
    what: 'no such tariff',
    code: 'no-such-tariff',
    field: 'tariff',
    reason: /does not exist/,
    rows: () => [row({ tariff: 'nothing' })],
  },
  {
    what: 'a server without integration',
    code: 'no-integration',
    field: 'addresses',
    reason: /srv-bare, which points to no integration/,
    rows: () => [row({ server: 'srv-bare' })],
  },
  {
    what: 'a licence with an address',
    code: 'licence-with-address',
    field: 'addresses',
    reason: /licence/,
    rows: () => [row({ kind: 'licence' })],
  },
  {
    what: 'an address twice in the file',
    code: 'twice-in-file',
    field: 'addresses',
    reason: /is on line 3 already/,
    rows: () => {
      const addresses = [{ ip: anIp(), ptr: null }];
      return [row({ addresses }), row({ addresses })];
    },
  },
  {
    what: 'a service with other values on another line',
    code: 'differs-in-file',
    field: 'service',
    reason: /is on line 3 with other values/,
    rows: () => {
      const service = anId('twice');
      return [row({ service }), row({ service, customer: 'c-2' })];
    },
  },
  {
    what: 'a service that exists with other values',
    code: 'service-differs',
    field: 'service',
    reason: /exists here with another customer, tariff/,
    rows: async () => {
      const known = row();
      await imported([known]);
      return [{ ...known, customer: 'c-9', tariff: 'large' }];
    },
  },
  {
    what: 'a service that is being set up',
    code: 'service-not-settled',
    field: 'service',
    reason: /is provisioning here/,
    rows: async () => [row({ service: (await aService(world)).id })],
  },
  {
    what: 'an address on another live service',
    code: 'in-use',
    field: 'addresses',
    reason: /is on the service svc-\d+ here/,
    rows: async () => {
      const { ip } = await aReserved(world, await aService(world));
      return [row({ addresses: [{ ip, ptr: null }] })];
    },
  },
  {
    what: 'an address of the same service under another integration',
    code: 'in-use',
    field: 'addresses',
    reason: /under the integration panel here/,
    rows: async () => {
      const known = row();
      await imported([known]);
      await world.sql(`update service set server = 'srv-other' where id = ?`, [known.service]);
      return [{ ...known, server: 'srv-other' }];
    },
  },
  {
    what: 'a service that was removed',
    code: 'service-removed',
    field: 'service',
    reason: /^was removed here on \d{4}-\d{2}-\d{2}$/,
    rows: async () => [row({ service: (await removed(world)).service })],
  },
  {
    what: 'an address that its service gave back',
    code: 'given-back',
    field: 'addresses',
    reason: /^was given back here on \d{4}-\d{2}-\d{2}$/,
    rows: async () => {
      const known = row();
      await imported([known]);
      await release(world, ips([known])[0] ?? '', 0);
      return [known];
    },
  },
  {
    what: 'an address that has another PTR here',
    code: 'address-differs',
    field: 'addresses',
    reason: /^exists here with another ptr$/,
    rows: async () => {
      const known = row({ addresses: [{ ip: anIp(), ptr: 'old.example.com' }] });
      await imported([known]);
      return [{ ...known, addresses: known.addresses.map(({ ip }) => ({ ip, ptr: 'new.example.com' })) }];
    },
  },
  {
    what: 'an address that has no PTR and another group here',
    code: 'address-differs',
    field: 'addresses',
    reason: /^exists here with another group, ptr$/,
    rows: async () => {
      const known = row({ addresses: [{ ip: anIp(), ptr: null }] });
      await imported([known]);
      const addresses = known.addresses.map(({ ip }) => ({ ip, ptr: 'new.example.com' }));
      return [{ ...known, group: 'own', addresses }];
    },
  },
  {
    what: 'an address in quarantine',
    code: 'leaving',
    field: 'addresses',
    reason: /is quarantined here/,
    rows: async () => {
      const { ip } = await aReserved(world, await aService(world));
      await release(world, ip, 3_600_000);
      return [row({ addresses: [{ ip, ptr: null }] })];
    },
  },
  {
    what: 'more addresses than a service may have',
    code: 'too-many',
    field: 'addresses',
    reason: /makes 33 addresses of its service/,
    rows: async () => {
      const known = row({ addresses: Array.from({ length: 32 }, () => ({ ip: anIp(), ptr: null })) });
      await imported([known]);
      return [{ ...known, addresses: [{ ip: anIp(), ptr: null }] }];
    },
  },
];

describe.each(badRows)('$what', ({ code, field, reason, rows }) => {
  test('keeps all rows out, and is named by line, code, field and reason', async () => {
    const good = row();
    const bad = await rows();
    const result = await imported([good, ...bad]);
    expect(result).toMatchObject({ outcome: 'refused', bad: 1 });
    expect(result.told).toEqual([
      {
        line: bad.length + 2,
        problem: {
          code,
          field,
          value: expect.any(String),
          accepted: expect.any(String),
          reason: expect.stringMatching(reason),
        },
      },
    ]);
    expect(await world.ledger.services.find(good.service)).toBeUndefined();
  });

  test('is left out alone when bad rows are skipped', async () => {
    const good = row();
    const result = await imported([good, ...(await rows())], { skipBad: true });
    expect(result).toMatchObject({ outcome: 'imported', bad: 1 });
    expect(await world.ledger.addresses.find(ips([good])[0] ?? '')).toMatchObject({ state: 'active' });
  });
});

describe('a line of which one address is bad', () => {
  const good = { ip: '10.61.0.1', ptr: null };

  test('is bad whole: its other addresses are not taken without it, and it is told once', async () => {
    const taken = row();
    await imported([taken]);
    const addresses = [good, ...taken.addresses];
    const other = row();
    const result = await imported([row({ addresses }), other], { skipBad: true });
    expect(result).toMatchObject({
      outcome: 'imported',
      lines: 2,
      bad: 1,
      services: { added: 1, known: 0 },
      addresses: { added: 1, known: 0 },
    });
    expect(result.told).toMatchObject([{ line: 2, problem: { value: ips([taken])[0] } }]);
    expect(await world.ledger.addresses.find(good.ip)).toBeUndefined();
    expect(await world.ledger.services.find(other.service)).toMatchObject({ state: 'active' });
  });

  test('leaves room for what its service has on other lines', async () => {
    const taken = row();
    await imported([taken]);
    const service = anId('roomy');
    const many = (count: number) => Array.from({ length: count }, () => ({ ip: anIp(), ptr: null }));
    const rows = [
      row({ service, addresses: [...taken.addresses, ...many(20)] }),
      row({ service, addresses: many(20) }),
    ];
    expect(await imported(rows, { skipBad: true })).toMatchObject({ bad: 1, addresses: { added: 20, known: 0 } });
  });
});

test('what the file does not say of an address that is here is no difference', async () => {
  const known = row({ group: 'own', addresses: [{ ip: anIp(), ptr: 'www.example.com' }] });
  await imported([known]);
  const silent = { ...known, group: null, addresses: known.addresses.map(({ ip }) => ({ ip, ptr: null })) };
  expect(await imported([silent])).toMatchObject({ outcome: 'imported', bad: 0, addresses: { added: 0, known: 1 } });
});
