import { context, facts, foreignTag, imported, otherLabel, otherTag, row, used } from './sync-sides.ts';
import { look, type TruthCases } from './truth-case.ts';

const changed = { ptr: 'new.example.com' };
const drifted = { ptr: 'new.example.com', ptrSeen: 'old.example.com' };

/** Held there, and on a service here. */
export const boundCases: TruthCases = {
  'used | active/reserved | a PTR change, release or allocation in flight': [
    look('its PTR changes now', [used(), row(drifted)], ['in-flight', null], facts({ inFlight: true })),
    look(
      'it is allocated now',
      [used({ ptr: '' }), row({ state: 'reserved' })],
      ['in-flight', null],
      facts({ inFlight: true, openConflict: true }),
    ),
  ],
  'used | active/reserved | an open conflict, or the conflict mark as PTR; never adopted': [
    look('both', [used({ ptr: 'dns.set.error' }), row()], ['conflict-marked', 'report'], facts({ openConflict: true })),
    look('the conflict, not marked yet', [used(), row()], ['conflict-marked', 'report'], facts({ openConflict: true })),
    look('the mark alone', [used({ ptr: 'DNS.set.error.' }), row()], ['conflict-marked', 'report']),
    look(
      'the mark, and the tag of the order it was offered to',
      [used({ ptr: 'dns.set.error', tag: otherTag }), row()],
      ['conflict-marked', 'report'],
      facts({ openConflict: true, tagOf: 'open-order' }),
    ),
  ],
  'used | active/reserved | tag of another owner': [
    look(
      'another installation',
      [used({ tag: foreignTag }), row()],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'other-installation' }),
    ),
    look(
      'another order of ours',
      [used({ tag: otherTag }), row()],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'closed-order' }),
    ),
    look(
      'a label of another order',
      [used({ tag: null, label: otherLabel, ptr: `${otherLabel}.example.com` }), row()],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
    look(
      'on an imported one',
      [used({ tag: foreignTag }), imported()],
      ['foreign-owner', 'report'],
      facts({ tagOf: 'nobody' }),
    ),
  ],
  'used | reserved | its workflow is closed': [
    look(
      'nobody sets it up',
      [used(), row({ state: 'reserved' })],
      ['stranded', 'report'],
      facts({ ownerClosed: true }),
    ),
    look(
      'and its PTR was not read back',
      [used(), row({ state: 'reserved', ptrSeen: null })],
      ['stranded', 'report'],
      facts({ ownerClosed: true }),
    ),
  ],
  'used | active/reserved | PTR ≠ `ptr`, = `ptrSeen`': [
    look('wanted anew here', [used(), row(changed)], ['ptr-drift', 'write-ptr']),
    look(
      'never written: none there, none read',
      [used({ ptr: '' }), row({ ptrSeen: null })],
      ['ptr-drift', 'write-ptr'],
    ),
    look(
      'the run that set it is over',
      [used({ ptr: '' }), row({ ptrSeen: '' })],
      ['ptr-drift', 'write-ptr'],
      facts({ ownerClosed: true }),
    ),
    look('the tag is gone as well', [used({ tag: null }), row(changed)], ['ptr-drift', 'write-ptr']),
  ],
  'used | active/reserved | PTR ≠ `ptrSeen`, `ptr` = `ptrSeen` (or no `ptr` is wanted), and it is a host name': [
    look('changed there', [used(changed), row()], ['ptr-drift', 'adopt-ptr']),
    look('in other letters', [used({ ptr: 'New.Example.COM.' }), row()], ['ptr-drift', 'adopt-ptr']),
    look(
      'imported without a wish',
      [used({ tag: null }), imported({ ptr: null, ptrSeen: null })],
      ['ptr-drift', 'adopt-ptr'],
    ),
    look('no wish, though read before', [used(), row({ ptr: null })], ['ptr-drift', 'adopt-ptr']),
  ],
  'used | active/reserved | the same, and it is empty, invalid or tag-shaped': [
    look('taken away there', [used({ ptr: '' }), row()], ['ptr-drift', 'report']),
    look('not a host name', [used({ ptr: 'no_name.example.com' }), row()], ['ptr-drift', 'report']),
    look('an owner mark', [used({ ptr: `${otherLabel}.example.com` }), row()], ['ptr-drift', 'report']),
  ],
  'used | active/reserved | PTR ≠ `ptr`, and none was ever read (imported)': [
    look(
      'wished for by an import, another there',
      [used({ tag: null, ptr: 'theirs.example.com' }), imported({ ptrSeen: null })],
      ['ptr-drift', 'report'],
    ),
  ],
  'used | active/reserved | PTR ≠ both, and they differ': [
    look('changed on both sides', [used({ ptr: 'theirs.example.com' }), row(drifted)], ['ptr-drift', 'report']),
  ],
  'used | active/reserved | the tag we wrote is gone': [
    look('the note was emptied', [used({ tag: null }), row()], ['untagged', 'tag'], facts({ tagOf: 'nobody' })),
    look(
      'seen gone before',
      [used({ tag: null }), row({ untagged: true })],
      ['untagged', 'tag'],
      facts({ tagOf: 'nobody' }),
    ),
  ],
  'used | active/reserved | never tagged (imported), and the integration says to tag': [
    look('it says so', [used({ tag: null }), imported()], ['untagged', 'tag'], facts(), context({ tagImported: true })),
  ],
  'used | active/reserved | never tagged (imported), else': [
    look('by default', [used({ tag: null }), imported()], ['untagged', null]),
  ],
  'used | active/reserved | else': [
    look('in step', [used(), row()], ['none', null]),
    look('in other letters', [used({ ptr: 'WWW.example.com.' }), row()], ['none', null]),
    look('its tag came back', [used(), row({ untagged: true })], ['none', null]),
    look('as wanted, though we never read it back', [used(), row({ ptrSeen: null })], ['none', null]),
    look('reserved, its run open', [used(), row({ state: 'reserved' })], ['none', null]),
    look(
      'moved to another order: the tag stays',
      [used(), row({ order: 'vps-1/1/ipv4/2' })],
      ['none', null],
      facts({ tagOf: 'closed-order' }),
    ),
    look('an active one whose run is over', [used(), row()], ['none', null], facts({ ownerClosed: true })),
    look(
      'imported, and tagged since',
      [used({ tag: otherTag }), imported({ tag: otherTag })],
      ['none', null],
      facts(),
      context({ tagImported: true }),
    ),
  ],
};
