import { describe, expect, test } from '@jest/globals';
import { formatDuration, parseDuration } from '../../workflows/domain/duration.ts';
import {
  eligibility,
  ordersOf,
  plannedOrders,
  type OrderedBefore,
  type Situation,
} from '../../workflows/domain/eligibility.ts';
import { reAttach, type OrderedService } from '../../workflows/domain/re-attach.ts';
import { groupFor } from '../../workflows/domain/states.ts';
import { nextLookMs } from '../../workflows/domain/waits.ts';

describe('a duration', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['1ms', 1],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['366d', 366 * 86_400_000],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  test.each(['', '90', '1.5h', '-1s', '01s', '1 s', '1S', '1w', '1h30m', 's', '1e3s', '367d', `${'9'.repeat(20)}s`])(
    '%j is none',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('the next look at a lost address', () => {
  const waits = (callerWaits: boolean) => [0, 1, 4, 5, 6, 100].map((round) => nextLookMs(round, callerWaits) / 1_000);

  test('comes within a minute where the run can start over', () => {
    expect(waits(false)).toEqual([5, 10, 60, 60, 60, 60]);
  });

  test('comes every five minutes while a caller keeps the run from starting over', () => {
    expect(waits(true)).toEqual([5, 10, 80, 160, 300, 300]);
  });
});

const situation: Situation = {
  service: { id: 's', kind: 'vps', generation: 1, domain: 's.example.com' },
  tariff: { name: 't', dedicated: true, ipv4: 1, ipv6: 1, group: null },
  server: { name: 'x', module: 'external', givesAddresses: true },
  integration: { name: 'main', dummy: false },
};
const none = { name: 't', dedicated: true, ipv4: 0, ipv6: 0, group: null };

describe('whether a service gets addresses', () => {
  test.each<readonly [string, Partial<Situation>, string]>([
    ['a tariff with none', { tariff: none }, 'tariff-without-addresses'],
    ['a tariff of shared ones', { tariff: { ...none, dedicated: false, ipv4: 2 } }, 'tariff-without-addresses'],
    ['a licence', { service: { ...situation.service, kind: 'licence' } }, 'kind-without-addresses'],
    [
      'a module without',
      { server: { name: 'x', module: 'ispmanager-lite', givesAddresses: false } },
      'module-without-addresses',
    ],
    ['a server without integration', { integration: null }, 'server-without-integration'],
    ['a dummy', { integration: { name: 'main', dummy: true } }, 'login-without-addresses'],
    ['several at once: the first of the table', { tariff: none, integration: null }, 'tariff-without-addresses'],
  ])('%s: a normal no', (_, more, code) => {
    expect(eligibility({ ...situation, ...more })).toMatchObject({ kind: 'no-address', reason: { code } });
  });

  test.each([
    ['hosting', undefined, 'alias'],
    ['vps', undefined, 'public'],
    ['dedicated', undefined, 'public'],
    ['other', undefined, 'public'],
    ['licence', undefined, undefined],
    ['hosting', 'gold', 'gold'],
    ['licence', 'gold', undefined],
  ] as const)('%s with tariff group %s: %s', (kind, group, expected) => {
    expect(groupFor(kind, group)).toBe(expected);
  });

  test('orders of a new service have ids of ours, one for each address', () => {
    expect(ordersOf({ ...situation, tariff: { ...none, ipv4: 2, ipv6: 1 } }, undefined)).toEqual([
      { order: 's/1/ipv4/1', family: 'ipv4', ptr: null },
      { order: 's/1/ipv4/2', family: 'ipv4', ptr: null },
      { order: 's/1/ipv6/1', family: 'ipv6', ptr: null },
    ]);
  });

  test('more than the tariff allows is refused with both numbers', () => {
    const asked = ['a', 'b'].map((order) => ({ order, family: 'ipv6' as const, ptr: null }));
    expect(ordersOf(situation, asked)).toMatchObject({
      failure: { code: 'tariff-exceeded', value: '2', accepted: 'at most 1 of ipv6' },
    });
  });
});

const ordered: OrderedService = {
  service: { id: 's', kind: 'vps', domain: 'a.example.com', customer: 'c', server: 'x', tariff: 't' },
};
const sent = (more: Partial<OrderedService['service']>): OrderedService => ({
  service: { ...ordered.service, ...more },
});
const list = (family: string): OrderedService => ({ ...ordered, addresses: [{ order: 'o', family }] });

describe('an order sent again', () => {
  test.each<readonly [string, OrderedService, boolean, unknown]>([
    ['equal', ordered, false, { kind: 'same' }],
    ['equal while it waits', ordered, true, { kind: 'same' }],
    ['no list and a null list', { ...ordered, addresses: null }, false, { kind: 'same' }],
    ['another server while it waits', sent({ server: 'y' }), true, { kind: 'changed' }],
    [
      'another domain and tariff while it waits',
      sent({ domain: 'b.example.com', tariff: 'u' }),
      true,
      { kind: 'changed' },
    ],
    ['another server while it runs', sent({ server: 'y' }), false, { kind: 'differs', fields: ['server'] }],
    ['another customer while it waits', sent({ customer: 'd' }), true, { kind: 'differs', fields: ['customer'] }],
    ['no customer', sent({ customer: undefined }), true, { kind: 'differs', fields: ['customer'] }],
    [
      'another kind and server',
      sent({ kind: 'other', server: 'y' }),
      true,
      { kind: 'differs', fields: ['kind', 'server'] },
    ],
    ['a list', list('ipv4'), true, { kind: 'differs', fields: ['addresses'] }],
  ])('%s', (_, again, waits, expected) => expect(reAttach(ordered, again, waits)).toEqual(expected));

  test('another family in the list differs', () => {
    expect(reAttach(list('ipv4'), list('ipv6'), true)).toEqual({ kind: 'differs', fields: ['addresses'] });
  });
});

describe('the orders a service that is being set up goes on with', () => {
  const order = (n: number, more = {}) => ({ order: `s/1/ipv4/${n}`, family: 'ipv4' as const, ptr: null, ...more });
  const begun = (n: number) => ({ ...order(n), begun: true });
  const unsent = (n: number) => ({ ...order(n), begun: false });
  const before = (own: OrderedBefore['own'], more: Partial<OrderedBefore> = {}): OrderedBefore => ({
    written: own.map((one) => one.order),
    own,
    answered: false,
    waits: false,
    ...more,
  });
  const tariff = (ipv4: number, dedicated = true) => ({ ...situation, tariff: { ...none, ipv4, dedicated } });
  const asked = [order(1, { order: 'a' }), order(2, { order: 'b' })];

  test.each<readonly [string, Situation, typeof asked | undefined, OrderedBefore, readonly string[]]>([
    ['none written: those of the tariff', tariff(2), undefined, before([]), ['s/1/ipv4/1', 's/1/ipv4/2']],
    [
      'died in the writing: what is missing of the tariff too',
      tariff(2),
      undefined,
      before([unsent(1)]),
      ['s/1/ipv4/1', 's/1/ipv4/2'],
    ],
    [
      'died in the writing, and the tariff has none by now',
      tariff(2, false),
      undefined,
      before([unsent(1)]),
      ['s/1/ipv4/1'],
    ],
    [
      'sent: those that are written, though the tariff has more',
      tariff(2),
      undefined,
      before([begun(1)]),
      ['s/1/ipv4/1'],
    ],
    [
      'sent: those that are written, though the tariff has fewer',
      tariff(1),
      undefined,
      before([begun(1), begun(2)]),
      ['s/1/ipv4/1', 's/1/ipv4/2'],
    ],
    [
      'waiting for its set-up: those that are written',
      tariff(2),
      undefined,
      before([unsent(1)], { waits: true }),
      ['s/1/ipv4/1'],
    ],
    ['answered: those that are written', tariff(2), undefined, before([unsent(1)], { answered: true }), ['s/1/ipv4/1']],
    ['answered with none: none, though the tariff has some', tariff(2), undefined, before([], { answered: true }), []],
    ['listed by the caller: the list', tariff(1), asked, before([begun(1)]), ['a', 'b']],
    [
      'listed, and answered: those of the list that are written',
      tariff(2),
      asked,
      before([], { answered: true, written: ['b'] }),
      ['b'],
    ],
  ])('%s', (_, at, orders, then, expected) => {
    expect(plannedOrders(at, orders, then).map((one) => one.order)).toEqual(expected);
  });
});
