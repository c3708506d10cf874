import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImportRow } from '../../workflows/domain/import-row.ts';
import { blockBefore, importInto, ips, row } from './import-desk.ts';
import { anId, anIp, aRun, openWorld, server, type World } from './world.ts';

/** What another session does when an import has checked all its rows and written none. */
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function meanwhile<Done>(
  rows: readonly ImportRow[],
  what: () => Promise<Done>,
): Promise<{ readonly result: Awaited<ReturnType<typeof importInto>>; readonly done: Done }> {
  const held = row({ addresses: [] });
  const block = await blockBefore(world, held);
  const importing = importInto(world, [...rows, held]);
  await block.reached();
  const doing = what();
  // What waits for the import must not keep it from its end.
  await Promise.race([doing, new Promise((resolve) => setTimeout(resolve, 200))]);
  await block.end();
  return { result: await importing, done: await doing };
}

describe('an import that is being written', () => {
  test('gives no address to a service while a sync looks at that address: the line is named', async () => {
    const wanted = row();
    const key = `address/${ips([wanted])[0]}`;
    const run = aRun('sync/panel');
    const { result } = await meanwhile([wanted], () => world.ledger.locks.acquire({ key, reason: 'a sync', run }));
    expect(result).toMatchObject({
      outcome: 'refused',
      told: [{ line: 2, problem: { code: 'in-work', reason: 'is in work here: sync/panel' } }],
    });
    await world.ledger.locks.release({ key, run });
    expect(await importInto(world, [wanted])).toMatchObject({ outcome: 'imported', addresses: { added: 1 } });
  });

  test('keeps its servers from being removed under it', async () => {
    const name = anId('srv');
    await world.ledger.settings.servers.add(name, server, null);
    const wanted = row({ server: name });
    const { result, done } = await meanwhile([wanted], () => world.ledger.settings.servers.remove(name));
    expect(result).toMatchObject({ outcome: 'imported', services: { added: 2 }, addresses: { added: 1 } });
    expect(done).toEqual({ refused: 'in-use', because: [`service ${wanted.service}`] });
  });

  test('is over before a removal begins of a service that it gives an address: the removal knows it', async () => {
    const known = row();
    await importInto(world, [known]);
    const ip = anIp();
    const begin = () => world.ledger.services.beginRemoval({ service: known.service, reason: 'a test', run: aRun() });
    const { result, done } = await meanwhile([{ ...known, addresses: [{ ip, ptr: null }] }], begin);
    expect(result).toMatchObject({ outcome: 'imported', addresses: { added: 1 } });
    expect(done.kind === 'removing' && done.addresses.map((address) => address.ip)).toContain(ip);
  });

  test('revives no service that is removed under it', async () => {
    const known = row({ addresses: [] });
    await importInto(world, [known]);
    const { result } = await meanwhile([known], async () => {
      const run = aRun();
      await world.ledger.services.beginRemoval({ service: known.service, reason: 'a test', run });
      await world.ledger.services.finishRemoval({ service: known.service, run });
    });
    expect(result).toMatchObject({ outcome: 'imported', services: { added: 1, known: 1 } });
    expect(await world.ledger.services.find(known.service)).toMatchObject({ state: 'removed' });
  });
});
