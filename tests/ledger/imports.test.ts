import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BadLine, Imported, ImportLine, ImportRequest } from '../../activities/ledger/import-store.ts';
import type { ImportRow } from '../../workflows/domain/import-row.ts';
import { anId, anIp, aReserved, aRun, aService, openWorld, release, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

function row(fields: Partial<ImportRow> = {}): ImportRow {
  const service = fields.service ?? anId('imported');
  return {
    service,
    kind: 'vps',
    domain: `${service}.example.com`,
    customer: 'c-1',
    server: 'srv',
    tariff: 'plain',
    group: null,
    addresses: [{ ip: anIp(), ptr: null }],
    ...fields,
  };
}

async function* inBatches(rows: readonly ImportRow[], size = 2): AsyncGenerator<readonly ImportLine[]> {
  const lines = rows.map((one, at) => ({ line: at + 2, row: one }));
  for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size);
}

interface Told extends Imported {
  readonly told: readonly BadLine[];
}

async function imported(rows: readonly ImportRow[], how: Partial<ImportRequest> = {}): Promise<Told> {
  const told: BadLine[] = [];
  const onBad = (bad: readonly BadLine[]): void => void told.push(...bad);
  const request = { lines: inBatches(rows), dryRun: false, skipBad: false, onBad, ...how };
  const result = await world.ledger.imports.import(request);
  expect(await world.sql('select 1 from import_row')).toEqual([]);
  return { ...result, told };
}

const ips = (rows: readonly ImportRow[]): readonly string[] => rows.flatMap((one) => one.addresses.map(({ ip }) => ip));

describe('importing', () => {
  test('services become active, their addresses active and untagged, with history', async () => {
    const two = [
      { ip: '10.60.0.1', ptr: 'mail.example.com' },
      { ip: '2001:db8:60::1', ptr: null },
    ];
    const rows = [row({ addresses: two }), row({ kind: 'hosting', customer: null }), row({ addresses: [] })];
    const result = await imported(rows);
    expect(result).toEqual({
      outcome: 'imported',
      lines: 3,
      bad: 0,
      services: { added: 3, known: 0 },
      addresses: { added: 3, known: 0 },
      told: [],
    });
    const { addresses, services } = world.ledger;
    expect(await services.find(rows[0]?.service ?? '')).toMatchObject({
      state: 'active',
      customer: 'c-1',
      generation: 1,
    });
    expect(await addresses.find('10.60.0.1')).toMatchObject({
      state: 'active',
      service: rows[0]?.service,
      integration: 'panel',
      group: 'public',
      order: null,
      mark: null,
      untagged: true,
      ptr: 'mail.example.com',
      ptrSeen: null,
    });
    expect(await addresses.find('2001:db8:60::1')).toMatchObject({ family: 'ipv6', ptr: null });
    expect(await addresses.find(ips(rows.slice(1, 2))[0] ?? '')).toMatchObject({ group: 'alias' });
    expect(await addresses.history('10.60.0.1')).toMatchObject([{ event: 'imported', service: rows[0]?.service }]);
  });

  test('the group is that of the row, else of the tariff', async () => {
    const rows = [row({ tariff: 'large' }), row({ tariff: 'large', group: 'own' })];
    await imported(rows);
    const found = await Promise.all(ips(rows).map((ip) => world.ledger.addresses.find(ip)));
    expect(found.map((one) => one?.group)).toEqual(['big', 'own']);
  });

  test('again is harmless: nothing is written, not even history', async () => {
    const rows = [row(), row(), row({ addresses: [] })];
    await imported(rows);
    const before = await world.sql('select * from address_history order by id');
    const again = await imported(rows);
    expect(again).toMatchObject({
      outcome: 'imported',
      services: { added: 0, known: 3 },
      addresses: { added: 0, known: 2 },
    });
    expect(await world.sql('select * from address_history order by id')).toEqual(before);
    const [first] = rows;
    const more = await imported([{ ...row(), ...first, addresses: [{ ip: anIp(), ptr: null }] }]);
    expect(more).toMatchObject({ services: { added: 0, known: 1 }, addresses: { added: 1, known: 0 } });
  });

  test('a service on several lines has all their addresses', async () => {
    const service = anId('wide');
    const result = await imported([row({ service }), row({ service }), row({ service })]);
    expect(result).toMatchObject({ services: { added: 1 }, addresses: { added: 3 } });
    expect(await world.ledger.addresses.list({ service })).toHaveLength(3);
  });

  test('a dry run checks and counts, and writes nothing', async () => {
    const rows = [row(), row()];
    const result = await imported(rows, { dryRun: true });
    expect(result).toMatchObject({ outcome: 'checked', services: { added: 2 }, addresses: { added: 2 } });
    expect(await world.ledger.services.find(rows[0]?.service ?? '')).toBeUndefined();
  });

  test('an address whose quarantine is over, and a service that was removed, begin anew', async () => {
    const service = await aService(world);
    const { ip, order } = await aReserved(world, service);
    await release(world, ip, 0);
    await world.ledger.services.beginRemoval({ service: service.id, reason: 'a test', run: aRun() });
    await world.ledger.services.finishRemoval({ service: service.id, run: aRun() });
    const result = await imported([row({ service: service.id, addresses: [{ ip, ptr: null }] })]);
    expect(result).toMatchObject({ outcome: 'imported', services: { added: 1 }, addresses: { added: 1 } });
    expect(await world.ledger.services.find(service.id)).toMatchObject({ state: 'active', generation: 2 });
    expect((await world.ledger.addresses.history(ip)).map(({ event }) => event).slice(-2)).toEqual([
      'released',
      'imported',
    ]);
    expect(order.order).not.toBe('');
  });
});

/** What the ledger has against a row; the good row beside it goes in only when bad ones are skipped. */
const badRows: readonly {
  readonly what: string;
  readonly field: string;
  readonly reason: RegExp;
  readonly rows: () => Promise<readonly ImportRow[]> | readonly ImportRow[];
}[] = [
  { what: 'no such server', field: 'server', reason: /does not exist/, rows: () => [row({ server: 'nowhere' })] },
  { what: 'no such tariff', field: 'tariff', reason: /does not exist/, rows: () => [row({ tariff: 'nothing' })] },
  {
    what: 'a server without integration',
    field: 'addresses',
    reason: /srv-bare, which points to no integration/,
    rows: () => [row({ server: 'srv-bare' })],
  },
  { what: 'a licence with an address', field: 'addresses', reason: /licence/, rows: () => [row({ kind: 'licence' })] },
  {
    what: 'an address twice in the file',
    field: 'addresses',
    reason: /is on line 3 already/,
    rows: () => {
      const addresses = [{ ip: anIp(), ptr: null }];
      return [row({ addresses }), row({ addresses })];
    },
  },
  {
    what: 'a service with other values on another line',
    field: 'service',
    reason: /is on line 3 with other values/,
    rows: () => {
      const service = anId('twice');
      return [row({ service }), row({ service, customer: 'c-2' })];
    },
  },
  {
    what: 'a service that exists with other values',
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
    field: 'service',
    reason: /is provisioning here/,
    rows: async () => [row({ service: (await aService(world)).id })],
  },
  {
    what: 'an address on another live service',
    field: 'addresses',
    reason: /is on the service svc-\d+ here/,
    rows: async () => {
      const { ip } = await aReserved(world, await aService(world));
      return [row({ addresses: [{ ip, ptr: null }] })];
    },
  },
  {
    what: 'an address of the same service under another integration',
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
    what: 'an address in quarantine',
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
    field: 'addresses',
    reason: /makes 33 addresses of its service/,
    rows: async () => {
      const known = row({ addresses: Array.from({ length: 32 }, () => ({ ip: anIp(), ptr: null })) });
      await imported([known]);
      return [{ ...known, addresses: [{ ip: anIp(), ptr: null }] }];
    },
  },
];

describe.each(badRows)('$what', ({ field, reason, rows }) => {
  test('keeps all rows out, and is named by line, field and reason', async () => {
    const good = row();
    const bad = await rows();
    const result = await imported([good, ...bad]);
    expect(result).toMatchObject({ outcome: 'refused', bad: 1 });
    expect(result.told).toEqual([
      {
        line: bad.length + 2,
        problem: {
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

test('a line the caller found bad keeps all out, and the ledger’s own are told all the same', async () => {
  const good = row();
  const result = await imported([good, row({ server: 'nowhere' })], { badLines: () => 1 });
  expect(result).toMatchObject({ outcome: 'refused', bad: 1, told: [{ line: 3 }] });
  expect(await world.ledger.services.find(good.service)).toBeUndefined();
});

test('of two imports of the same address at once, one has it and the other is told', async () => {
  const addresses = [{ ip: anIp(), ptr: null }];
  const one = () =>
    world.ledger.imports.import({
      lines: inBatches([row({ addresses })]),
      dryRun: false,
      skipBad: false,
      onBad: () => {},
    });
  const results = await Promise.all([one(), one(), one()]);
  expect(results.map(({ outcome }) => outcome).toSorted()).toEqual(['imported', 'refused', 'refused']);
  const held = await world.sql(`select 1 from address where ip = ? and state = 'active'`, [addresses[0]?.ip]);
  expect(held).toHaveLength(1);
});

test('an import whose file breaks off leaves nothing behind', async () => {
  const good = row();
  async function* broken(): AsyncGenerator<readonly ImportLine[]> {
    yield [{ line: 2, row: good }];
    throw new Error('the file broke off');
  }
  await expect(imported([], { lines: broken() })).rejects.toThrow('broke off');
  expect(await world.sql('select 1 from import_row')).toEqual([]);
  expect(await world.ledger.services.find(good.service)).toBeUndefined();
});
