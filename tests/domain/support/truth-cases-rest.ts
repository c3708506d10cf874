import {
  context,
  facts,
  foreignTag,
  free,
  imported,
  leaving,
  now,
  otherLabel,
  otherTag,
  ourLabel,
  quarantined,
  row,
  unknown,
  used,
} from './sync-sides.ts';
import { look, type TruthCases } from './truth-case.ts';

/** The list itself, what leaves, what nobody here knows, and what nobody there holds. */
export const restCases: TruthCases = {
  'a row that does not parse | any |': [
    look('words instead of an address', [{ kind: 'malformed', text: 'see below' }, unknown], ['malformed', null]),
  ],
  'used twice in the list | any |': [
    look(
      'an address of a service comes twice',
      [{ kind: 'duplicate-row', text: '192.0.2.1' }, row()],
      ['duplicate-row', null],
    ),
  ],
  'a network, not one address | any |': [
    look(
      'a prefix stands in the list',
      [{ kind: 'not-an-address', text: '192.0.2.0/24' }, unknown],
      ['not-an-address', 'report'],
    ),
  ],
  'any | any | group ignored, whichever side says it': [
    look('there', [used({ group: 'private', tag: null }), unknown], ['ignored', null]),
    look('there, drifted', [used({ group: 'private', ptr: 'x.example.com' }), row()], ['ignored', null]),
    look('here', [used({ tag: null }), row({ group: 'private' })], ['ignored', null]),
    look('here, and free there', [free, row({ group: 'private' })], ['ignored', null]),
  ],
  'any | active/reserved/releasing | under another integration': [
    look('in both lists', [used({ tag: null }), row({ integration: 'other' })], ['none', null]),
    look('only in the other list', [free, row({ integration: 'other' })], ['none', null]),
    look('reserved there', [used(), row({ integration: 'other', state: 'reserved' })], ['none', null]),
    look('leaving there', [used(), leaving({ integration: 'other' })], ['none', null]),
    look(
      'nothing ignored',
      [used(), row({ integration: 'other' })],
      ['none', null],
      facts(),
      context({ ignoredGroups: new Set() }),
    ),
  ],
  'used | releasing | its release in flight': [
    look('its release runs', [used(), leaving()], ['in-flight', null], facts({ inFlight: true })),
    look(
      'also of a protected one',
      [used(), leaving({ protected: true })],
      ['in-flight', null],
      facts({ inFlight: true }),
    ),
  ],
  'used | releasing | else, ours': [
    look('our tag', [used(), leaving()], ['release-unfinished', 'release']),
    look('our label in the PTR', [used({ tag: null, label: ourLabel }), leaving()], ['release-unfinished', 'release']),
    look(
      'untagged on both sides',
      [used({ tag: null }), leaving({ tag: null, label: null, untagged: true })],
      ['release-unfinished', 'release'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'the tag of a conflict of ours',
      [used({ tag: otherTag }), leaving()],
      ['release-unfinished', 'release'],
      facts({ openConflict: true, tagOf: 'closed-order' }),
    ),
    look('protected meanwhile', [used(), leaving({ protected: true })], ['release-unfinished', 'report']),
  ],
  'used | releasing | else': [
    look(
      'another installation has it',
      [used({ tag: foreignTag }), leaving()],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'other-installation' }),
    ),
    look(
      'our tag is gone, and the row says tagged',
      [used({ tag: null }), leaving()],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'the row says untagged, and another has tagged it',
      [used({ tag: foreignTag }), leaving({ untagged: true })],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
  ],
  'used | quarantined/unknown | parked by us, its quarantine running': [
    look(
      'offered too early',
      [used({ tag: otherTag }), quarantined()],
      ['none', null],
      facts({ parked: 'running', tagOf: 'closed-order' }),
    ),
    look(
      'the row decides when, not the record',
      [used({ tag: otherTag }), quarantined()],
      ['none', null],
      facts({ parked: 'ended', tagOf: 'closed-order' }),
    ),
    look(
      'its order still open',
      [used({ tag: otherTag }), quarantined()],
      ['none', null],
      facts({ parked: 'running', inFlight: true, tagOf: 'open-order' }),
    ),
    look(
      'ends one millisecond from now',
      [used({ tag: otherTag }), quarantined({ quarantineUntil: '2027-03-28T01:15:00.001Z' })],
      ['none', null],
      facts({ parked: 'running', tagOf: 'closed-order' }),
    ),
  ],
  'used | quarantined/unknown | parked by us, its quarantine over, nothing in flight': [
    look(
      'ends now',
      [used({ tag: otherTag }), quarantined({ quarantineUntil: now })],
      ['orphan', 'release'],
      facts({ parked: 'running', tagOf: 'closed-order' }),
    ),
    look(
      'the row is history',
      [used({ tag: otherTag }), leaving({ state: 'released' })],
      ['orphan', 'release'],
      facts({ parked: 'ended', tagOf: 'open-order' }),
    ),
    look(
      'no row at all',
      [used({ tag: otherTag }), unknown],
      ['orphan', 'release'],
      facts({ parked: 'ended', tagOf: 'open-order' }),
    ),
  ],
  'used | quarantined/unknown | tag of an open order, or a run for the address': [
    look(
      'its order looks for it',
      [used({ tag: otherTag }), unknown],
      ['in-flight', null],
      facts({ tagOf: 'open-order' }),
    ),
    look(
      'a run works on it',
      [used({ tag: null }), unknown],
      ['in-flight', null],
      facts({ inFlight: true, tagOf: 'nobody' }),
    ),
    look(
      'the same customer takes it back',
      [used({ tag: otherTag }), quarantined()],
      ['in-flight', null],
      facts({ tagOf: 'open-order' }),
    ),
    look(
      'parked long enough, and claimed now',
      [used({ tag: otherTag }), unknown],
      ['in-flight', null],
      facts({ parked: 'ended', inFlight: true, tagOf: 'closed-order' }),
    ),
    look(
      'by its label',
      [used({ tag: null, label: otherLabel }), unknown],
      ['in-flight', null],
      facts({ tagOf: 'open-order' }),
    ),
  ],
  'used | quarantined/unknown | tag of a closed order, or of one that has another address': [
    look('a closed order', [used({ tag: otherTag }), unknown], ['orphan', 'release'], facts({ tagOf: 'closed-order' })),
    look(
      'by its label',
      [used({ tag: null, label: otherLabel }), unknown],
      ['orphan', 'release'],
      facts({ tagOf: 'closed-order' }),
    ),
    look('quarantined, and still held with its own tag', [used(), quarantined()], ['orphan', 'release']),
    look(
      'quarantined, with the label of its own order',
      [used({ tag: null, label: ourLabel }), quarantined()],
      ['orphan', 'release'],
    ),
    look('history, and still held with its own tag', [used(), leaving({ state: 'released' })], ['orphan', 'release']),
    look('protected', [used(), quarantined({ protected: true })], ['orphan', 'report']),
  ],
  'used | quarantined/unknown | tag of another installation, or of an order this ledger does not know': [
    look(
      'another installation',
      [used({ tag: foreignTag }), unknown],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'other-installation' }),
    ),
    look(
      'whatever is said of its order',
      [used({ tag: foreignTag }), unknown],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'closed-order', parked: 'ended' }),
    ),
    look(
      'an order from after the last backup',
      [used({ tag: otherTag }), unknown],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'a label nobody here knows',
      [used({ tag: null, label: otherLabel }), unknown],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'parked by us once, and theirs since',
      [used({ tag: foreignTag }), quarantined()],
      ['foreign-owner', 'report'],
      facts({ parked: 'running', tagOf: 'other-installation' }),
    ),
  ],
  'used | quarantined/unknown | no tag': [
    look(
      'given out by hand',
      [used({ tag: null }), unknown],
      ['unknown-holder', 'report', 'release'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'a past row here is no proof',
      [used({ tag: null }), leaving({ state: 'released' })],
      ['unknown-holder', 'report', 'release'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'parked once, and the tag is gone',
      [used({ tag: null }), quarantined()],
      ['unknown-holder', 'report', 'release'],
      facts({ parked: 'running', tagOf: 'nobody' }),
    ),
    look(
      'protected',
      [used({ tag: null }), quarantined({ protected: true })],
      ['unknown-holder', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'an odd label that is no mark',
      [used({ tag: null, label: 'www' }), unknown],
      ['unknown-holder', 'report', 'release'],
      facts({ tagOf: 'nobody' }),
    ),
  ],
  'free | active/reserved | an allocation, release or PTR change in flight': [
    look('it moves now', [free, row()], ['in-flight', null], facts({ inFlight: true })),
  ],
  'free | active/reserved | else: with PTR and tag; an open conflict is closed': [
    look('on a service', [free, row()], ['missing', 'occupy']),
    look(
      'reserved, its run over',
      [free, row({ state: 'reserved' })],
      ['missing', 'occupy'],
      facts({ ownerClosed: true }),
    ),
    look('with an open conflict', [free, row()], ['missing', 'occupy'], facts({ openConflict: true })),
    look('imported and protected', [free, imported({ protected: true })], ['missing', 'occupy']),
  ],
  'free | releasing/quarantined/unknown |': [
    look('known to nobody', [free, unknown], ['none', null]),
    look('given back', [free, leaving()], ['none', null]),
    look('in quarantine', [free, quarantined()], ['none', null]),
    look('history', [free, leaving({ state: 'released' })], ['none', null]),
  ],
};
