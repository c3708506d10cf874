import { isAdoptable, isConflictMark, lostItsTag, type Sighting } from './sighting.ts';
import { markOf, ptrOf, ptrsOf, textOf } from './truth-reasons.ts';
import type { TruthRow } from './truth-row.ts';

const inFlight = ({ facts }: Sighting): boolean => facts.inFlight;
const neverTagged = ({ used, row }: Sighting): boolean => used?.tag === null && row?.tag === null;
const said =
  (words: string): TruthRow['reason'] =>
  () =>
    words;

/** What is so in the list itself, before either side is compared. */
const list: readonly TruthRow[] = [
  {
    remote: 'a row that does not parse',
    ledger: 'any',
    discrepancy: 'malformed',
    action: 'refuse the run',
    reason: (seen) => `the list has a row that is no address and no network: ${textOf(seen)}`,
  },
  {
    remote: 'used twice in the list',
    ledger: 'any',
    discrepancy: 'duplicate-row',
    action: 'refuse the run',
    reason: (seen) => `${textOf(seen)} stands in the list more than once`,
  },
  {
    remote: 'a network, not one address',
    ledger: 'any',
    discrepancy: 'not-an-address',
    action: 'report',
    reason: (seen) => `${textOf(seen)} is a network, not one address`,
  },
  {
    remote: 'any',
    ledger: 'any',
    and: 'group ignored, whichever side says it',
    discrepancy: 'ignored',
    action: null,
    when: ({ used, row, context }) =>
      [used?.group, row?.group].some((group) => group !== undefined && context.ignoredGroups.has(group)),
    reason: ({ used, row }) => `group ${used?.group ?? row?.group} is ignored`,
  },
  {
    remote: 'any',
    ledger: 'active/reserved/releasing',
    and: 'under another integration',
    discrepancy: 'none',
    action: null,
    when: ({ row, context }) => row?.integration !== context.integration,
    reason: ({ row }) => `it belongs to integration ${row?.integration}`,
  },
];

/** Held there, and on a service here. */
const bound: readonly TruthRow[] = [
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'a PTR change, release or allocation in flight',
    discrepancy: 'in-flight',
    action: null,
    when: inFlight,
    reason: said('a run works on it now'),
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'an open conflict, or the conflict mark as PTR; never adopted',
    discrepancy: 'conflict-marked',
    action: 'report',
    when: ({ used, facts }) => facts.openConflict || isConflictMark(used?.ptr ?? ''),
    reason: ({ facts, row }) =>
      facts.openConflict
        ? `an open conflict: it was offered again while service ${row?.service} has it; see iptally address resolve`
        : `its PTR is the conflict mark, and no conflict is open here; service ${row?.service} has it`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'tag of another owner',
    discrepancy: 'foreign-owner',
    action: 'report',
    when: ({ whose }) => whose !== 'this' && whose !== 'nobody',
    reason: (seen) => `service ${seen.row?.service} has it here, and there it carries ${markOf(seen)}`,
  },
  {
    remote: 'used',
    ledger: 'reserved',
    and: 'its workflow is closed',
    discrepancy: 'stranded',
    action: 'report',
    when: ({ facts }) => facts.ownerClosed,
    reason: ({ row }) => `reserved for service ${row?.service} by order ${row?.order}, whose run is over`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'PTR ≠ `ptr`, = `ptrSeen`',
    discrepancy: 'ptr-drift',
    action: 'write-ptr',
    when: ({ drift }) => drift === 'write',
    reason: (seen) => `${ptrsOf(seen)}: ours was never written`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'PTR ≠ `ptrSeen`, `ptr` = `ptrSeen` (or no `ptr` is wanted), and it is a host name',
    discrepancy: 'ptr-drift',
    action: 'adopt-ptr',
    when: ({ drift, used }) => drift === 'follow' && isAdoptable(used?.ptr ?? ''),
    reason: (seen) => `${ptrsOf(seen)}: changed at the panel`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'the same, and it is empty, invalid or tag-shaped',
    discrepancy: 'ptr-drift',
    action: 'report',
    when: ({ drift }) => drift === 'follow',
    reason: (seen) => `${ptrsOf(seen)}: not a name that can be taken over; set one with iptally address ptr`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'PTR ≠ `ptr`, and none was ever read (imported)',
    discrepancy: 'ptr-drift',
    action: 'report',
    when: ({ drift }) => drift === 'unread',
    reason: (seen) =>
      `${ptrsOf(seen)}: imported with another PTR than stands there; choose one with iptally address ptr`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'PTR ≠ both, and they differ',
    discrepancy: 'ptr-drift',
    action: 'report',
    when: ({ drift }) => drift === 'differs',
    reason: (seen) => `${ptrsOf(seen)}: changed on both sides; choose one with iptally address ptr`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'the tag we wrote is gone',
    discrepancy: 'untagged',
    action: 'tag',
    when: ({ used, row }) => used !== null && row !== null && lostItsTag(used, row),
    reason: ({ row }) => `our tag is gone from its note; service ${row?.service} has it`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'never tagged (imported), and the integration says to tag',
    discrepancy: 'untagged',
    action: 'tag',
    when: (seen) => neverTagged(seen) && seen.context.tagImported,
    reason: ({ row }) => `imported for service ${row?.service}, without a tag yet`,
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'never tagged (imported), else',
    discrepancy: 'untagged',
    action: null,
    when: neverTagged,
    reason: said('imported, and imported addresses are not tagged under this integration'),
  },
  {
    remote: 'used',
    ledger: 'active/reserved',
    and: 'else',
    discrepancy: 'none',
    action: null,
    reason: said('in step'),
  },
];

/** Held there, and on its way back or not known here. */
const leaving: readonly TruthRow[] = [
  {
    remote: 'used',
    ledger: 'releasing',
    and: 'its release in flight',
    discrepancy: 'in-flight',
    action: null,
    when: inFlight,
    reason: said('its release runs'),
  },
  {
    remote: 'used',
    ledger: 'releasing',
    and: 'else, ours',
    discrepancy: 'release-unfinished',
    action: 'release',
    when: ({ whose, row }) => (whose === 'nobody' ? row?.untagged === true : whose !== 'other'),
    reason: said('its release began, and no run works on it: it is finished'),
  },
  {
    remote: 'used',
    ledger: 'releasing',
    and: 'else',
    discrepancy: 'foreign-owner',
    action: 'report',
    reason: (seen) => `its release began here, and there it carries ${markOf(seen)}`,
  },
  {
    remote: 'used',
    ledger: 'quarantined/unknown',
    and: 'parked by us, its quarantine running',
    discrepancy: 'none',
    action: null,
    when: ({ parked }) => parked === 'running',
    reason: ({ row }) => `parked until its quarantine ends (${row?.quarantineUntil ?? 'not known'})`,
  },
  {
    remote: 'used',
    ledger: 'quarantined/unknown',
    and: 'parked by us, its quarantine over, nothing in flight',
    discrepancy: 'orphan',
    action: 'release',
    when: ({ parked, facts }) => parked === 'ended' && !facts.inFlight,
    reason: said('parked by us, and the quarantine it waited for is over'),
  },
  {
    remote: 'used',
    ledger: 'quarantined/unknown',
    and: 'tag of an open order, or a run for the address',
    discrepancy: 'in-flight',
    action: null,
    when: ({ whose, facts }) => facts.inFlight || whose === 'open-order',
    reason: said('an order that is still open carries its tag'),
  },
  {
    remote: 'used',
    ledger: 'quarantined/unknown',
    and: 'tag of a closed order, or of one that has another address',
    discrepancy: 'orphan',
    action: 'release',
    when: ({ whose }) => whose === 'closed-order' || whose === 'this',
    reason: (seen) => `it carries ${markOf(seen)}, an order that is over, and nothing here uses it`,
  },
  {
    remote: 'used',
    ledger: 'quarantined/unknown',
    and: 'tag of another installation, or of an order this ledger does not know',
    discrepancy: 'foreign-owner',
    action: 'report',
    when: ({ whose }) => whose === 'other',
    reason: (seen) => `nothing here uses it, and it carries ${markOf(seen)}: not ours to release`,
  },
  {
    remote: 'used',
    ledger: 'quarantined/unknown',
    and: 'no tag',
    discrepancy: 'unknown-holder',
    action: 'report',
    underAll: 'release',
    reason: ({ used }) => `used there without a tag${ptrOf(used?.ptr)}, and nothing here uses it`,
  },
];

/** Held there by nobody. */
const absent: readonly TruthRow[] = [
  {
    remote: 'free',
    ledger: 'active/reserved',
    and: 'an allocation, release or PTR change in flight',
    discrepancy: 'in-flight',
    action: null,
    when: inFlight,
    reason: said('a run works on it now'),
  },
  {
    remote: 'free',
    ledger: 'active/reserved',
    and: 'else: with PTR and tag; an open conflict is closed',
    discrepancy: 'missing',
    action: 'occupy',
    reason: ({ row }) => `service ${row?.service} has it, and it is not held there`,
  },
  {
    remote: 'free',
    ledger: 'releasing/quarantined/unknown',
    discrepancy: 'none',
    action: null,
    reason: said('free on both sides'),
  },
];

/** The truth table (design.md 6): first match from the top wins. The docs show this value, and the tests iterate it. */
export const truthTable: readonly TruthRow[] = [...list, ...bound, ...leaving, ...absent];
