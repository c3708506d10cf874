import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { execute } from '../support/database.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { service } from '../support/orders.ts';
import { bigWorld, strangersOf } from './support/big-world.ts';
import { watchCreates, type CreateWatch } from './support/create-watch.ts';
import { orderAsCustomer } from './support/customer.ts';
import { violations } from './support/invariants.ts';

// Mostly waits; on a busy machine longer ones.
jest.setTimeout(180_000);

/** The checker itself: each planted break must be seen, or a green run would say nothing (reference/reliability.md 0.4). */
let engine: Engine;
let watch: CreateWatch;
let strangers: ReturnType<typeof strangersOf>;

beforeAll(async () => {
  engine = await startEngine({ world: bigWorld() });
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
  watch = watchCreates(engine.simulator);
  strangers = strangersOf(engine.simulator.world);
});
afterAll(async () => {
  watch?.stop();
  await engine?.close();
});

const judged = () => violations(engine, { creates: watch, strangers });
const world = () => engine.simulator.world.addresses;

async function active(id: string): Promise<string> {
  const { addresses } = await orderAsCustomer(engine, service(id), { way: 'reports-early', patienceMs: 0 });
  return addresses[0] ?? '';
}

/** Changes the world, looks, and puts it back. */
async function seenWhile(change: () => () => void): Promise<readonly string[]> {
  const undo = change();
  const seen = await judged();
  undo();
  return seen;
}

function swapped(ip: string, row: Parameters<ReturnType<typeof world>['set']>[1] | undefined): () => () => void {
  return () => {
    const was = world().get(ip);
    if (row === undefined) world().delete(ip);
    else world().set(ip, row);
    return () => void (was === undefined ? world().delete(ip) : world().set(ip, was));
  };
}

describe('the checker', () => {
  test('is silent when all is well', async () => {
    await active('well');
    expect(await judged()).toEqual([]);
  });

  test('sees an address that is bound and not held, and one that carries another tag (I2)', async () => {
    const ip = await active('i2');
    const row = world().get(ip);
    expect(await seenWhile(swapped(ip, undefined))).toEqual([expect.stringMatching(/^I2: .* is not held/)]);
    const other = row && { ...row, note: 'iptally:000000000000:0000000000000000' };
    expect(await seenWhile(swapped(ip, other))).toEqual([expect.stringMatching(/^I2: .* carries/)]);
  });

  test('sees a leak (I3)', async () => {
    const note = `iptally:${await engine.ledger.installation()}:0123456789abcdef`;
    const row = { ip: '10.20.9.9', owner: 'billing', group: 'public', domain: '', note, state: 'allocated' as const };
    const seen = await seenWhile(swapped('10.20.9.9', { ...row, freeAt: null }));
    expect(seen).toEqual([expect.stringMatching(/^I3: 10.20.9.9 leaked/)]);
  });

  test('sees a PTR that is not the wanted one (I5)', async () => {
    const ip = await active('i5');
    const row = world().get(ip);
    const seen = await seenWhile(swapped(ip, row && { ...row, domain: 'evil.example.org' }));
    expect(seen).toEqual([expect.stringMatching(/^I5: /)]);
  });

  test('sees a stranger’s address that was touched (I8)', async () => {
    const [stranger] = strangers;
    const seen = await seenWhile(swapped(stranger?.ip ?? '', stranger && { ...stranger, domain: 'taken.example' }));
    expect(seen).toEqual([expect.stringMatching(/^I8: /)]);
  });

  test('sees an order, a service and a lock that nobody works for (I6)', async () => {
    const run = { workflowId: 'provision/i6', runId: randomUUID() };
    await engine.activities.openProvision(service('i6'), run);
    await engine.ledger.locks.acquire({ key: 'address/10.20.8.8', reason: 'planted', run });
    expect(await judged()).toEqual([
      expect.stringMatching(/^I6: order i6\/1\/ipv4\/1 has neither/),
      expect.stringMatching(/^I6: address\/10.20.8.8 is still locked/),
      expect.stringMatching(/^I6: service i6 is provisioning/),
    ]);
    await engine.ledger.locks.release({ key: 'address/10.20.8.8', run });
    await engine.activities.closeOrder('i6/1/ipv4/1', { code: 'x', message: 'x', next: 'x' }, run);
    await engine.activities.endService('i6', 'planted', run);
    expect(await judged()).toEqual([]);
  });

  test('sees a second address taken for one attempt (I7)', async () => {
    await active('i7');
    const order = await engine.ledger.orders.find('i7/1/ipv4/1');
    if (order === undefined) throw new Error('the order is there');
    const panel = await engine.composition.panels.of('main');
    const again = await panel.allocate({ family: 'ipv4', group: 'public', mark: order.mark });
    const seen = await judged();
    expect(seen).toContainEqual(expect.stringMatching(/^I7: order i7\/1\/ipv4\/1 took 2 addresses with 1 attempts/));
    expect(seen).toContainEqual(expect.stringMatching(/^I3: /));
    if (again.kind === 'allocated') world().delete(again.ip);
  });

  test('sees a delete under a service that uses the address (I4)', async () => {
    const ip = await active('i4');
    await (await engine.composition.panels.of('main')).release(ip);
    expect(await judged()).toContainEqual(
      expect.stringMatching(new RegExp(`^I4: ${ip.replaceAll('.', '\\.')} was deleted`)),
    );
  });

  test('sees an address of a quarantine with another customer (I9)', async () => {
    await execute(engine.database.migrationUrl, [
      `insert into address (ip, family, state, customer, integration, address_group, quarantine_until)
       values ('10.20.7.7', 'ipv4', 'released', 'c-1', 'main', 'public', now() + interval '1 day')`,
      `insert into address (ip, family, state, service, customer, integration, address_group)
       values ('10.20.7.7', 'ipv4', 'active', 'well', 'c-2', 'main', 'public')`,
    ]);
    expect(await judged()).toContainEqual(expect.stringMatching(/^I9: 10.20.7.7 went to c-2/));
  });
});
