import fc from 'fast-check';
import type { Context, Facts, LedgerSide, ListedSide, Sides } from '../../../workflows/domain/discrepancy.ts';
import { addressStates } from '../../../workflows/domain/states.ts';
import { foreignTag, installation, now, otherLabel, otherTag, ourLabel, ourTag } from './sync-sides.ts';

/** All that one address may look like, with what is known of it: for claims about every case. */

const ptrs = fc.constantFrom(
  'www.example.com',
  'new.example.com',
  'WWW.example.com.',
  '',
  'no_name.example.com',
  'dns.set.error',
  `${otherLabel}.example.com`,
);
const groups = fc.constantFrom('public', 'public', 'alias', 'private');
const tags = fc.constantFrom(null, ourTag, ourTag, otherTag, foreignTag, 'iptally:cut');
const labels = fc.constantFrom(null, null, null, ourLabel, otherLabel, 'www');

const usedSide: fc.Arbitrary<ListedSide> = fc.record({
  kind: fc.constant('used' as const),
  group: groups,
  ptr: ptrs,
  tag: tags,
  label: labels,
});
const remotes: fc.Arbitrary<ListedSide> = fc.oneof(
  { weight: 12, arbitrary: usedSide },
  { weight: 4, arbitrary: fc.constant<ListedSide>({ kind: 'free' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<ListedSide>(
      { kind: 'malformed', text: '?' },
      { kind: 'duplicate-row', text: '192.0.2.1' },
      { kind: 'not-an-address', text: '192.0.2.0/24' },
    ),
  },
);

const ends = fc.constantFrom(null, now, '2027-03-28T01:14:59.999Z', '2027-03-28T01:15:00.001Z');
const rowSide: fc.Arbitrary<LedgerSide> = fc.record({
  kind: fc.constant('row' as const),
  state: fc.constantFrom('active' as const, 'active' as const, ...addressStates),
  integration: fc.constantFrom('main', 'main', 'main', 'other'),
  service: fc.constant('vps-1'),
  group: groups,
  order: fc.constantFrom(null, 'vps-1/1/ipv4/1'),
  tag: fc.constantFrom(null, ourTag, ourTag, ourTag),
  label: fc.constantFrom(null, ourLabel),
  untagged: fc.boolean(),
  protected: fc.boolean(),
  ptr: fc.constantFrom(null, 'www.example.com', 'new.example.com'),
  ptrSeen: fc.constantFrom(null, '', 'www.example.com', 'new.example.com', 'old.example.com'),
  quarantineUntil: ends,
  version: fc.constant(3),
});
const ledgers = fc.oneof(
  { weight: 1, arbitrary: fc.constant<LedgerSide>({ kind: 'unknown' }) },
  { weight: 4, arbitrary: rowSide },
);

const factsOf: fc.Arbitrary<Facts> = fc.record({
  inFlight: fc.constantFrom(true, false, false),
  openConflict: fc.constantFrom(true, false, false),
  parked: fc.constantFrom('no', 'no', 'running', 'ended'),
  ownerClosed: fc.boolean(),
  tagOf: fc.constantFrom('this-order', 'open-order', 'closed-order', 'other-installation', 'nobody'),
});

const contexts: fc.Arbitrary<Context> = fc.record({
  integration: fc.constant('main'),
  installation: fc.constant(installation),
  ignoredGroups: fc.constantFrom(new Set<string>(), new Set(['private'])),
  tagImported: fc.boolean(),
  now: fc.constant(now),
});

export interface Look {
  readonly sides: Sides;
  readonly facts: Facts;
  readonly context: Context;
}

export const looks: fc.Arbitrary<Look> = fc.record({
  sides: fc.record({ remote: remotes, ledger: ledgers }),
  facts: factsOf,
  context: contexts,
});
