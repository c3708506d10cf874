import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImportLine, ImportRequest } from '../../activities/ledger/import-store.ts';
import type { ImportRow } from '../../workflows/domain/import-row.ts';
import { blockBefore, importInto, inBatches, ips, removed, row } from './import-desk.ts';
import { anId, anIp, openWorld, release, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const imported = (rows: readonly ImportRow[], how?: Partial<ImportRequest>) => importInto(world, rows, how);

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

  test('an address whose quarantine is over, and a service that was removed, begin anew where the operator says so', async () => {
    const { service, ip } = await removed(world);
    const rows = [row({ service, addresses: [{ ip, ptr: null }] })];
    const result = await imported(rows, { restoreRemoved: true });
    expect(result).toMatchObject({ outcome: 'imported', services: { added: 1 }, addresses: { added: 1 } });
    expect(await world.ledger.services.find(service)).toMatchObject({ state: 'active', generation: 2 });
    expect((await world.ledger.addresses.history(ip)).map(({ event }) => event).slice(-2)).toEqual([
      'released',
      'imported',
    ]);
  });

  test('an address that its service gave back is taken again where the operator says so', async () => {
    const known = row();
    await imported([known]);
    const ip = known.addresses[0]?.ip ?? '';
    await release(world, ip, 0);
    const result = await imported([known], { restoreRemoved: true });
    expect(result).toMatchObject({ services: { known: 1 }, addresses: { added: 1, known: 0 } });
    expect(await world.ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: known.service });
    expect(await imported([known])).toMatchObject({ bad: 0, addresses: { added: 0, known: 1 } });
  });

  test('an old file does not bring back what was removed since', async () => {
    const { service, ip } = await removed(world);
    const result = await imported([row({ service, addresses: [{ ip, ptr: null }] }), row()], { skipBad: true });
    expect(result).toMatchObject({ outcome: 'imported', bad: 1, services: { added: 1 }, addresses: { added: 1 } });
    const today = new Date().toISOString().slice(0, 8);
    expect(result.told).toMatchObject([
      {
        line: 2,
        problem: { field: 'service', value: service, reason: expect.stringContaining(`was removed here on ${today}`) },
      },
    ]);
    expect(await world.ledger.services.find(service)).toMatchObject({ state: 'removed' });
    expect(await world.ledger.addresses.history(ip)).not.toContainEqual(expect.objectContaining({ event: 'imported' }));
  });
});

test('a line the caller found bad keeps all out, and the ledger’s own are told all the same', async () => {
  const good = row();
  const result = await imported([good, row({ server: 'nowhere' })], { badLines: () => 1 });
  expect(result).toMatchObject({ outcome: 'refused', bad: 1, told: [{ line: 3 }] });
  expect(await world.ledger.services.find(good.service)).toBeUndefined();
});

describe('imports at once', () => {
  const one = (rows: readonly ImportRow[], how: Partial<ImportRequest> = {}) =>
    world.ledger.imports.import({ lines: inBatches(rows), dryRun: false, skipBad: false, onBad: () => {}, ...how });

  test('of the same address: one has it, and the others are told or sent away', async () => {
    const addresses = [{ ip: anIp(), ptr: null }];
    const results = await Promise.all([1, 2, 3].map(() => one([row({ addresses })])));
    const outcomes = results.map((result) => (result === 'another-runs' ? result : result.outcome));
    expect(outcomes.filter((outcome) => outcome === 'imported')).toHaveLength(1);
    for (const outcome of outcomes) expect(['imported', 'refused', 'another-runs']).toContain(outcome);
    const held = await world.sql(`select 1 from address where ip = ? and state = 'active'`, [addresses[0]?.ip]);
    expect(held).toHaveLength(1);
  });

  test('a second one says at once that another is being written, and leaves nothing behind', async () => {
    const [first, second] = [row(), row()];
    const block = await blockBefore(world, first);
    const long = one([first]);
    await block.reached();
    expect(await one([second])).toBe('another-runs');
    await block.end();
    expect(await long).toMatchObject({ outcome: 'imported' });
    expect(await world.sql('select 1 from import_row')).toEqual([]);
    expect(await world.ledger.services.find(second.service)).toBeUndefined();
    expect(await one([second])).toMatchObject({ outcome: 'imported' });
  });
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
