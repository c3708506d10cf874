import { describe, expect, test } from '@jest/globals';
import { orderService, service } from '../support/orders.ts';
import { smallWorld } from '../support/engine.ts';
import { failureOf, fault, heldFor, openDesk, tagOf } from './support/desk.ts';

const engine = await openDesk({ integration: { fenceMs: 400, maxAttempts: 3 } });
const { ledger, simulator } = engine;

const unread = smallWorld();
unread.knobs.note = 'absent';
const noNotes = await openDesk({ world: unread, unread: true });

describe('a panel', () => {
  test('that forgets the session is logged in to anew, and the order goes on', async () => {
    const at = await tagOf(engine, 'p-1/1/ipv4/1');
    fault(engine, { purpose: 'create', at }, { kind: 'session-lost' });
    expect((await orderService(engine, service('p-1'))).answer.outcome).toBe('allocated');
    expect(simulator.allocations().get(at)).toBe(1);
  });

  test('that refuses a fresh session too has refused clearly: no fence, nothing held', async () => {
    const at = await tagOf(engine, 'p-2/1/ipv4/1');
    fault(engine, { purpose: 'create', at }, { kind: 'session-lost' }, { kind: 'session-lost' });
    const failure = await failureOf(orderService(engine, service('p-2')));
    expect(failure.code).toBe(failure.type);
    expect(
      simulator.log.filter(({ parameters, purpose }) => purpose === 'create' && parameters['note'] === at),
    ).toHaveLength(2);
    expect(await heldFor(engine, 'p-2/1/ipv4/1')).toEqual([]);
  });

  test('that takes the rights of the login away refuses with its own words', async () => {
    const login = simulator.world.users.get('billing');
    const permissions = login?.permissions ?? [];
    Object.assign(login ?? {}, { permissions: [] });
    const failure = await failureOf(orderService(engine, service('p-3')));
    Object.assign(login ?? {}, { permissions });
    expect(failure.message).toContain('Insufficient permission');
  });

  test('that keeps no note at all is asked for nothing', async () => {
    const failure = await failureOf(orderService(noNotes, service('p-4')));
    expect(failure).toMatchObject({ type: 'tag-not-kept', next: expect.stringContaining('integration test') });
    expect(noNotes.simulator.log.filter(({ purpose }) => purpose === 'create')).toEqual([]);
    expect(await noNotes.ledger.services.find('p-4')).toMatchObject({ state: 'removed' });
  });

  test('that cuts our tag gets its address back, and no more orders until it is tested again', async () => {
    simulator.world.knobs.noteLength = 20;
    const failure = await failureOf(orderService(engine, service('p-5')));
    expect(failure.type).toBe('tag-not-kept');
    expect([...simulator.world.addresses.values()].filter(({ note }) => note.length <= 20)).toEqual([]);
    expect(await ledger.locks.list()).toEqual([]);
    const before = simulator.log.length;
    expect((await failureOf(orderService(engine, service('p-6')))).type).toBe('tag-not-kept');
    expect(simulator.log.slice(before)).toEqual([]);
    expect(await ledger.services.find('p-6')).toMatchObject({ state: 'removed' });
    simulator.world.knobs.noteLength = null;
    const panel = await engine.composition.panels.of('main');
    await ledger.settings.integrations.keepDialect('main', await panel.readDialect());
    expect((await orderService(engine, service('p-6'))).answer.outcome).toBe('allocated');
  });
});
