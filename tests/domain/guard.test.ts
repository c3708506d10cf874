import { describe, expect, test } from '@jest/globals';
import { decide, defaultThresholds, noOwnChanges, type Situation } from '../../workflows/domain/guard.ts';
import type { Counts } from '../../workflows/domain/plan.ts';

const usual: Situation = {
  proven: true,
  remoteCount: 200,
  ledgerCount: 200,
  baseline: { remoteCount: 200, ledgerCount: 200 },
  own: noOwnChanges,
  counts: {},
  everApproved: true,
  thresholds: defaultThresholds,
};

function own(side: 'remote' | 'ledger', released: number, taken = 0): Situation['own'] {
  return { ...noOwnChanges, [side]: { released, taken } };
}

function verdictOf(but: Partial<Situation>): readonly [verdict: string, code: string | undefined] {
  const { verdict, reason } = decide({ ...usual, ...but });
  return [verdict, reason?.code];
}

const fine = ['apply', undefined];

describe('refuse', () => {
  test('a list that is not proven, whatever else is so', () => {
    const verdict = decide({
      ...usual,
      proven: false,
      unproven: 'page 3 came twice',
      everApproved: false,
      remoteCount: 0,
    });
    expect(verdict).toEqual({
      verdict: 'refuse',
      reason: { code: 'list-not-proven', message: 'the list was not proven complete: page 3 came twice' },
    });
  });

  test.each([
    [0, 1, null, ['refuse', 'list-empty']],
    [0, 0, null, fine],
    [1, 1, null, fine],
    [0, 200, usual.baseline, ['refuse', 'list-empty']],
  ])('an empty list while the ledger has addresses: %d there, %d here', (remoteCount, ledgerCount, baseline, is) => {
    expect(verdictOf({ remoteCount, ledgerCount, baseline })).toEqual(is);
  });

  // max(10, 5 %): 10 below 200 addresses, 5 % above.
  test.each([
    [150, 9, fine],
    [150, 10, fine],
    [150, 11, 'refuse'],
    [200, 10, fine],
    [200, 11, 'refuse'],
    [1000, 49, fine],
    [1000, 50, fine],
    [1000, 51, 'refuse'],
    [1010, 50, fine],
    [1010, 51, 'refuse'],
    [30, 10, fine],
    [30, 11, 'refuse'],
  ])('of %d, %d fewer: on either side', (before, fewer, is) => {
    const baseline = { remoteCount: before, ledgerCount: before };
    const expected = (code: string): unknown => (is === 'refuse' ? ['refuse', code] : is);
    const now = before - fewer;
    expect(verdictOf({ baseline, remoteCount: now, ledgerCount: before })).toEqual(expected('remote-shrank'));
    expect(verdictOf({ baseline, remoteCount: before, ledgerCount: now })).toEqual(expected('ledger-shrank'));
  });

  test.each([
    [1, 0, 0, ['refuse', 'ledger-shrank']],
    [10, 0, 0, ['refuse', 'ledger-shrank']],
    [10, 1, 0, fine],
    [10, 0, 9, ['refuse', 'ledger-shrank']],
    [10, 0, 10, fine],
    [0, 0, 0, fine],
  ])('of %d, %d left, %d released by us: nothing left is too few, unless we did it', (before, now, released, is) => {
    const ledger = { remoteCount: 200, ledgerCount: before };
    expect(verdictOf({ baseline: ledger, ledgerCount: now, own: own('ledger', released) })).toEqual(is);
    const remote = { remoteCount: before, ledgerCount: 0 };
    const left = { baseline: remote, remoteCount: now, ledgerCount: 0, own: own('remote', released) };
    expect(verdictOf(left)[0]).toBe(is[0]);
  });

  // At most 10 are believed to be gone without us: N-1, N, N+1 with our own on top.
  test.each([
    [39, 30, 0, 'apply'],
    [40, 30, 0, 'apply'],
    [41, 30, 0, 'refuse'],
    [41, 31, 0, 'apply'],
    [5, 100, 0, 'apply'],
    [9, 20, 20, 'apply'],
    [10, 20, 20, 'apply'],
    [11, 20, 20, 'refuse'],
    [0, 0, 10, 'apply'],
    [0, 0, 11, 'refuse'],
  ])('%d fewer while we released %d and took %d: each side by its own', (fewer, released, taken, is) => {
    const remote = { remoteCount: 200 - fewer, own: own('remote', released, taken) };
    expect(verdictOf(remote)).toEqual(is === 'refuse' ? ['refuse', 'remote-shrank'] : fine);
    const ledger = { ledgerCount: 200 - fewer, own: own('ledger', released, taken) };
    expect(verdictOf(ledger)).toEqual(is === 'refuse' ? ['refuse', 'ledger-shrank'] : fine);
  });

  test('what we did on one side excuses nothing on the other', () => {
    expect(verdictOf({ remoteCount: 189, own: own('ledger', 100) })).toEqual(['refuse', 'remote-shrank']);
    expect(verdictOf({ ledgerCount: 189, own: own('remote', 100) })).toEqual(['refuse', 'ledger-shrank']);
  });

  test('growth is no reason, and without a run before there is none to compare with', () => {
    expect(verdictOf({ remoteCount: 5000, ledgerCount: 5000 })).toEqual(fine);
    expect(verdictOf({ baseline: null, remoteCount: 1, ledgerCount: 3 })).toEqual(fine);
  });

  test('both sides are named, with their figures', () => {
    const { reason } = decide({ ...usual, remoteCount: 150, ledgerCount: 151, own: own('remote', 5, 2) });
    expect(reason?.message).toBe(
      "IPmanager's list had 200 addresses at the last good run and has 150 now: 47 fewer without our own changes since " +
        '(5 released, 2 taken), and at most 10 (the greater of 10 and 5 % of 200) is believed; ' +
        'the ledger had 200 addresses at the last good run and has 151 now: 49 fewer without our own changes since ' +
        '(0 released, 0 taken), and at most 10 (the greater of 10 and 5 % of 200) is believed',
    );
  });
});

describe('needs approval', () => {
  const kinds: readonly (readonly [string, (count: number) => Counts])[] = [
    ['releases', (count) => ({ release: count })],
    ['occupations', (count) => ({ occupy: count })],
    ['PTR changes', (count) => ({ 'adopt-ptr': count - 3, 'write-ptr': 3 })],
    ['tags', (count) => ({ tag: count })],
  ];

  describe.each(kinds)('%s', (name, counts) => {
    test.each([
      [200, 9, fine],
      [200, 10, fine],
      [200, 11, ['needs-approval', 'many-changes']],
      [1000, 10, fine],
      [1000, 11, ['needs-approval', 'many-changes']],
      [5000, 49, fine],
      [5000, 50, fine],
      [5000, 51, ['needs-approval', 'many-changes']],
      [5099, 50, fine],
      [5099, 51, ['needs-approval', 'many-changes']],
    ])('of %d addresses, %d', (ledgerCount, count, is) => {
      const situation = { ...usual, ledgerCount, baseline: null, counts: counts(count) };
      expect(verdictOf(situation)).toEqual(is);
      if (is === fine) return;
      expect(decide(situation).reason?.message).toMatch(
        new RegExp(`^${count} ${name} are planned; .* \\d+ \\(the greater`),
      );
    });
  });

  test('each kind by itself: ten of each are no eleven', () => {
    expect(verdictOf({ counts: { release: 10, occupy: 10, 'adopt-ptr': 5, 'write-ptr': 5, tag: 10 } })).toEqual(fine);
  });

  test('the first plan of an integration, when it changes anything', () => {
    expect(verdictOf({ everApproved: false, counts: { occupy: 1 } })).toEqual(['needs-approval', 'first-plan']);
    expect(verdictOf({ everApproved: false, counts: { report: 500 } })).toEqual(fine);
    expect(verdictOf({ everApproved: false, counts: {} })).toEqual(fine);
  });

  test('reports are no changes, however many', () => {
    expect(verdictOf({ counts: { report: 100_000 } })).toEqual(fine);
  });

  test('all reasons are named', () => {
    const { reason } = decide({ ...usual, everApproved: false, counts: { release: 12, tag: 11 } });
    expect(reason).toEqual({
      code: 'first-plan',
      message:
        'no plan against this panel was approved yet; this one has 23 changes; ' +
        '12 releases are planned; a person is asked above 10 (the greater of 10 and 1 % of 200); ' +
        '11 tags are planned; a person is asked above 10 (the greater of 10 and 1 % of 200)',
    });
  });

  test('a refusal goes before a question', () => {
    expect(verdictOf({ remoteCount: 1, everApproved: false, counts: { release: 100 } })[0]).toBe('refuse');
  });
});

test('thresholds are those of the integration', () => {
  const thresholds = { shrinkRows: 0, shrinkPercent: 0, askRows: 0, askPercent: 0 };
  expect(verdictOf({ thresholds })).toEqual(fine);
  expect(verdictOf({ thresholds, remoteCount: 199 })).toEqual(['refuse', 'remote-shrank']);
  expect(verdictOf({ thresholds, counts: { tag: 1 } })).toEqual(['needs-approval', 'many-changes']);
  const wide = { shrinkRows: 0, shrinkPercent: 50, askRows: 100, askPercent: 0 };
  expect(verdictOf({ thresholds: wide, remoteCount: 100, counts: { release: 100 } })).toEqual(fine);
});
