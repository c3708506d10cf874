import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  beginListing,
  endListing,
  isComplete,
  type ListedPage,
  type ListingOutcome,
  withPage,
} from '../../workflows/domain/listing-proof.ts';
import { seed } from '../support/seed.ts';

const size = 3;
const key = (n: number): string => `192.0.2.${n}`;
const list = (many: number): readonly string[] => Array.from({ length: many }, (_, n) => key(n + 1));

function page(number: number, keys: readonly string[], also: Partial<ListedPage> = {}): ListedPage {
  return { page: number, size, session: 's1', total: 7, rows: keys.length, keys, ownChanges: 0, ...also };
}

/** Seven addresses on three pages. */
function pagesOf(many = 7): readonly ListedPage[] {
  const keys = list(many);
  const count = Math.max(1, Math.ceil(many / size));
  return Array.from({ length: count }, (_, n) => page(n + 1, keys.slice(n * size, (n + 1) * size), { total: many }));
}

function outcome(pages: readonly ListedPage[]): ListingOutcome {
  return endListing(pages.reduce(withPage, beginListing));
}

function but(at: number, change: (page: ListedPage) => ListedPage): readonly ListedPage[] {
  return pagesOf().map((one, n) => (n === at ? change(one) : one));
}

describe('a list is proven', () => {
  test.each([0, 1, 2, 3, 4, 6, 7, 30])('of %d addresses', (many) => {
    expect(outcome(pagesOf(many))).toEqual({ kind: 'proven', rows: many });
    expect(isComplete(pagesOf(many).reduce(withPage, beginListing))).toBe(true);
  });

  test('with rows that are no addresses among them', () => {
    const pages = [page(1, [key(1), key(2)], { rows: 3 }), page(2, [], { rows: 3 }), page(3, [key(9)])];
    expect(outcome(pages)).toEqual({ kind: 'proven', rows: 7 });
  });

  test('also when it was stopped between two pages and went on from what was kept', () => {
    const [first, ...rest] = pagesOf();
    if (first === undefined) throw new Error('no page');
    const kept: unknown = JSON.parse(JSON.stringify(withPage(beginListing, first)));
    expect(endListing(rest.reduce(withPage, kept as typeof beginListing))).toEqual({ kind: 'proven', rows: 7 });
  });

  test.each([
    [1, 1],
    [2, 2],
    [0, 5],
  ])('the total moves by %d while we changed %d', (moved, ownChanges) => {
    const pages = pagesOf().map((one) => (one.page === 1 ? { ...one, total: 7 + moved } : { ...one, ownChanges }));
    expect(outcome(pages)).toEqual({ kind: 'proven', rows: 7 });
  });
});

describe('a list is broken', () => {
  const cases: readonly (readonly [string, readonly ListedPage[], RegExp])[] = [
    ['no page at all', [], /no page was read/],
    ['one page short', pagesOf().slice(0, 2), /6 rows were read, and the list says 7/],
    ['the first page missing', pagesOf().slice(1), /page 1 was expected, page 2 came/],
    ['a page in the middle missing', pagesOf().filter((one) => one.page !== 2), /page 2 was expected, page 3 came/],
    ['a page twice', [...pagesOf().slice(0, 2), ...pagesOf().slice(1)], /page 3 was expected, page 2 came/],
    ['a page twice under the next number', but(1, (one) => ({ ...one, keys: list(3) })), /./],
    [
      'an address twice on one page',
      but(1, (one) => ({ ...one, keys: [key(4), key(4), key(5)] })),
      /192\.0\.2\.4 came twice/,
    ],
    [
      'an address again on the next page',
      but(1, (one) => ({ ...one, keys: [key(3), key(4), key(5)] })),
      /192\.0\.2\.3 came twice/,
    ],
    ['another session', but(1, (one) => ({ ...one, session: 's2' })), /session changed before page 2/],
    ['no session any more', but(2, (one) => ({ ...one, session: null })), /session changed before page 3/],
    [
      'the total rises',
      but(2, (one) => ({ ...one, total: 8 })),
      /moved from 7 to 8 before page 3, our own changes were 0/,
    ],
    ['the total falls', but(1, (one) => ({ ...one, total: 6 })), /moved from 7 to 6/],
    [
      'the total moves by one more than we changed',
      but(1, (one) => ({ ...one, total: 9, ownChanges: 1 })),
      /moved from 7 to 9/,
    ],
    [
      'an empty page in the middle',
      but(1, (one) => ({ ...one, rows: 0, keys: [] })),
      /page 2 has 0 rows of 3, and 4 are to come/,
    ],
    [
      'half a page in the middle',
      but(0, (one) => ({ ...one, rows: 2, keys: list(2) })),
      /page 1 has 2 rows of 3, and 5 are to come/,
    ],
    [
      'more rows than the total',
      but(2, (one) => ({ ...one, rows: 2, keys: [key(7), key(8)] })),
      /8 rows were read by page 3, and the list says 7/,
    ],
    [
      'more rows than a page has',
      but(0, (one) => ({ ...one, rows: 4, keys: list(4) })),
      /page 1 has 4 rows, and a page has 3/,
    ],
    ['another page size', but(1, (one) => ({ ...one, size: 4 })), /page size changed from 3 to 4/],
    ['a page after the last', [...pagesOf(), page(4, [key(8)])], /8 rows were read by page 4/],
  ];

  test.each(cases)('%s', (name, pages, why) => {
    const is = outcome(pages);
    if (name === 'a page twice under the next number') expect(is.kind).toBe('unordered');
    else expect(is).toEqual({ kind: 'broken', why: expect.stringMatching(why) });
  });

  test('once broken it stays broken, whatever comes', () => {
    const broken = pagesOf().slice(1).reduce(withPage, beginListing);
    expect(pagesOf().reduce(withPage, broken)).toEqual(broken);
  });
});

test('a remote that does not sort is complete by its numbers only: repeats are for a set to find', () => {
  const pages = [page(1, [key(1), key(10), key(2)]), page(2, [key(2), key(5), key(6)]), page(3, [key(7)])];
  expect(outcome(pages)).toEqual({ kind: 'unordered', rows: 7 });
  expect(outcome([page(1, list(3)), page(2, [key(3), key(2), key(1)]), page(3, [key(7)])]).kind).toBe('broken');
});

test('whatever pages come, a list is only proven with as many different addresses as its total', () => {
  const pages: fc.Arbitrary<readonly ListedPage[]> = fc.array(
    fc
      .record({
        page: fc.integer({ min: 1, max: 4 }),
        session: fc.constantFrom('s1', 's1', 's1', 's2'),
        total: fc.constantFrom(5, 6, 6, 7),
        keys: fc.array(fc.integer({ min: 1, max: 12 }).map(key), { minLength: 1, maxLength: 3 }),
      })
      .map((one) => ({ ...one, size, rows: one.keys.length, ownChanges: 0 })),
    { maxLength: 4 },
  );
  const numbered = pages.map((all) => all.map((one, n) => ({ ...one, page: one.page === 4 ? one.page : n + 1 })));
  const property = fc.property(numbered, (all) => {
    const is = outcome(all);
    if (is.kind !== 'proven') return true;
    const keys = all.flatMap((one) => one.keys);
    return keys.length === is.rows && new Set(keys).size === is.rows && all.every((one) => one.total === is.rows);
  });
  expect(fc.defaultReportMessage(fc.check(property, { seed, numRuns: 20_000 }))).toBeUndefined();
});
