import { describe, expect, test } from '@jest/globals';
import { applies, notMeant, underPolicy } from '../../workflows/domain/policy.ts';
import { type DraftRow, policies, type Policy } from '../../workflows/domain/plan.ts';
import { foreignTag, installation, otherLabel, ourTag } from './support/sync-sides.ts';

const draft = (but: Partial<DraftRow>): DraftRow => ({
  ip: '192.0.2.1',
  discrepancy: 'orphan',
  action: 'release',
  reason: 'because',
  remote: { tag: ourTag, group: 'public', ptr: 'www.example.com' },
  version: null,
  policyAction: null,
  ...but,
});
const held = (tag: string | null, ptr = 'www.example.com'): DraftRow['remote'] => ({ tag, group: 'public', ptr });
const stranger = { discrepancy: 'unknown-holder', action: 'report', policyAction: 'release' } as const;
const unfinished = { discrepancy: 'release-unfinished' } as const;

const table: readonly (readonly [string, DraftRow, Readonly<Record<Policy, DraftRow['action']>>])[] = [
  ['an orphan with our tag', draft({}), { observe: 'release', owned: 'release', all: 'release' }],
  [
    'an orphan by the label in its PTR',
    draft({ remote: held(null, `${otherLabel}.example.com`) }),
    { observe: 'release', owned: 'release', all: 'release' },
  ],
  [
    'no tag, unknown here',
    draft({ ...stranger, remote: held(null) }),
    { observe: 'report', owned: 'report', all: 'release' },
  ],
  ['a release to be finished', draft(unfinished), { observe: 'release', owned: 'release', all: 'release' }],
  [
    'a release to be finished, untagged',
    draft({ ...unfinished, remote: held(null) }),
    { observe: 'release', owned: 'release', all: 'release' },
  ],
  [
    'a PTR to be written',
    draft({ discrepancy: 'ptr-drift', action: 'write-ptr' }),
    { observe: 'write-ptr', owned: 'write-ptr', all: 'write-ptr' },
  ],
  [
    'missing',
    draft({ discrepancy: 'missing', action: 'occupy', remote: null }),
    { observe: 'occupy', owned: 'occupy', all: 'occupy' },
  ],
  [
    'a report',
    draft({ discrepancy: 'foreign-owner', action: 'report' }),
    { observe: 'report', owned: 'report', all: 'report' },
  ],
];

/** What the table never says; the filter would stop it all the same. */
const wrong: readonly (readonly [string, DraftRow])[] = [
  ["another installation's tag as an orphan", draft({ remote: held(foreignTag) })],
  ["another installation's tag as unknown", draft({ ...stranger, remote: held(foreignTag) })],
  ["another installation's tag, a release unfinished", draft({ ...unfinished, remote: held(foreignTag) })],
  ['a tag that cannot be read', draft({ remote: held('iptally:cut') })],
  ['our tag as unknown', draft({ ...stranger, remote: held(ourTag) })],
  ['a label as unknown', draft({ ...stranger, remote: held(null, `${otherLabel}.example.com`) })],
  ['an orphan without a tag', draft({ remote: held(null) })],
  ['what is not held', draft({ remote: null })],
];

describe('policies are filters over finished rows', () => {
  test.each(table)('%s', (_, row, expected) => {
    for (const policy of policies) {
      const { policyAction: _also, ...plain } = row;
      expect(underPolicy(row, policy, installation)).toEqual({ ...plain, action: expected[policy] });
    }
  });

  test.each(wrong)('%s is released under none', (_, row) => {
    for (const policy of policies) {
      expect(underPolicy(row, policy, installation)).toMatchObject({
        action: 'report',
        reason: expect.stringContaining('because'),
      });
    }
  });

  test('`observe` plans and applies nothing', () => {
    expect(policies.filter(applies)).toEqual(['owned', 'all']);
  });
});

describe('a row that was planned before', () => {
  const unknownHolder: DraftRow = { ...draft(stranger), action: 'release', remote: held(null) };
  const now = (policy: Policy, ...ignored: string[]) => ({ policy, ignoredGroups: new Set(ignored), installation });

  test.each([
    ['an orphan of ours', draft({}), { observe: false, owned: true, all: true }],
    ['no tag, unknown here', unknownHolder, { observe: false, owned: false, all: true }],
    [
      'a PTR to be written',
      draft({ discrepancy: 'ptr-drift', action: 'write-ptr' }),
      { observe: false, owned: true, all: true },
    ],
    [
      'missing',
      draft({ discrepancy: 'missing', action: 'occupy', remote: null }),
      { observe: false, owned: true, all: true },
    ],
    ['a release to be finished', draft(unfinished), { observe: false, owned: true, all: true }],
  ])('%s is done while the policy by now would plan it', (_what, row, meant) => {
    for (const policy of policies) {
      expect([policy, notMeant(row, ['public'], now(policy))]).toEqual([
        policy,
        meant[policy] ? null : `policy ${policy} does not do it`,
      ]);
    }
  });

  test('is left when either side says a group that is ignored by now', () => {
    expect(notMeant(draft({}), ['public', 'infra'], now('all', 'infra'))).toBe('group infra is ignored now');
    expect(notMeant(draft({}), ['public'], now('all', 'infra'))).toBeNull();
  });
});
