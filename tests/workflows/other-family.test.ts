import { describe, expect, test } from '@jest/globals';
import { orderService, service } from '../support/orders.ts';
import { failureOf, heldFor, openDesk } from './support/desk.ts';

/** A panel that passes over the family of a request. */
const engine = await openDesk({
  wrap: (activities) => ({
    ...activities,
    requestAddress: (ticket, ...rest) => activities.requestAddress({ ...ticket, family: 'ipv6' }, ...rest),
  }),
});
const { ledger, simulator } = engine;

describe('an address of another family than was asked for', () => {
  test('goes back, and the order ends with a code of its own', async () => {
    const failure = await failureOf(orderService(engine, service('of-1')));
    expect(failure).toMatchObject({ type: 'wrong-family', value: expect.stringContaining('2001:db8:100::') });
    expect(await heldFor(engine, 'of-1/1/ipv4/1')).toEqual([]);
    expect(simulator.log.filter(({ purpose }) => purpose === 'create')).toHaveLength(1);
    expect(await ledger.locks.list()).toEqual([]);
    expect(await ledger.addresses.list({ service: 'of-1' })).toEqual([]);
  });
});
