import type { Context, Facts, ListedSide, Sides } from './discrepancy.ts';
import { conflictMark, markLabel, parseHostname, plainPtr } from './hostname.ts';
import { parseTag } from './tag.ts';

export type UsedSide = Extract<ListedSide, { kind: 'used' }>;
export type RowSide = Extract<Sides['ledger'], { kind: 'row' }>;

/**
 * Whose mark a used address carries. `this`: of the ledger's row. `other`: of another installation, or of an order that
 * this ledger does not know, which is nobody we may release from.
 */
export type Whose = 'this' | 'open-order' | 'closed-order' | 'other' | 'nobody';

/**
 * How the PTR stands to what is wanted and what was last read. `follow`: a person changed it there, not here. `unread`:
 * wished for by an import, and never seen on the address: nobody need have changed anything.
 */
export type Drift = 'none' | 'write' | 'follow' | 'unread' | 'differs';

/** One address as the rows of the truth table ask about it. */
export interface Sighting {
  readonly remote: ListedSide;
  readonly facts: Facts;
  readonly context: Context;
  readonly used: UsedSide | null;
  /** The row that counts: one that is `released`, or quarantined to an end that is over, counts as none. */
  readonly row: RowSide | null;
  readonly whose: Whose;
  readonly drift: Drift;
  readonly parked: Facts['parked'];
}

export function sighting({ remote, ledger }: Sides, facts: Facts, context: Context): Sighting {
  const written = ledger.kind === 'row' ? ledger : null;
  const row = written !== null && counts(written, context.now) ? written : null;
  const used = remote.kind === 'used' ? remote : null;
  const whose = used === null ? 'nobody' : whoseMark({ used, row }, facts, context);
  const drift = used === null || row === null ? 'none' : driftOf(used.ptr, row);
  return { remote, facts, context, used, row, whose, drift, parked: parkedNow(row, whose, facts) };
}

function counts(row: RowSide, now: string): boolean {
  if (row.state === 'released') return false;
  return row.state !== 'quarantined' || row.quarantineUntil === null || row.quarantineUntil > now;
}

function whoseMark(sides: { used: UsedSide; row: RowSide | null }, facts: Facts, context: Context): Whose {
  const { used, row } = sides;
  if (used.tag !== null) {
    if (row !== null && used.tag === row.tag) return 'this';
    if (parseTag(used.tag)?.installation !== context.installation) return 'other';
  } else {
    if (!isMarkLabel(used.label)) return 'nobody';
    if (row !== null && used.label === row.label) return 'this';
  }
  return whoseOrder(facts.tagOf, row !== null);
}

function whoseOrder(tagOf: Facts['tagOf'], hasRow: boolean): Whose {
  switch (tagOf) {
    case 'this-order':
      // Without a row that counts, what the order was given has left it: it is as good as closed.
      return hasRow ? 'this' : 'closed-order';
    case 'open-order':
    case 'closed-order':
      return tagOf;
    case 'other-installation':
    case 'nobody':
      return 'other';
  }
}

/** Parked is what carries our mark; what somebody else marked since then is theirs. */
function parkedNow(row: RowSide | null, whose: Whose, facts: Facts): Facts['parked'] {
  if (facts.parked === 'no' || whose === 'other' || whose === 'nobody') return 'no';
  if (row?.state === 'quarantined') return 'running';
  return row === null ? 'ended' : facts.parked;
}

function isMarkLabel(label: string | null): label is string {
  return label !== null && markLabel.test(label);
}

function driftOf(seen: string, row: RowSide): Drift {
  const [there, wanted, before] = [plainPtr(seen), plainPtr(row.ptr ?? ''), plainPtr(row.ptrSeen ?? '')];
  if (there === wanted) return 'none';
  // No wish of ours (imported without a PTR): what stands there is what is wanted.
  if (wanted === '') return 'follow';
  if (there === before) return 'write';
  if (row.ptrSeen === null) return 'unread';
  return wanted === before ? 'follow' : 'differs';
}

/** A PTR that may become ours: a host name, and neither a conflict mark nor an owner mark. */
export function isAdoptable(ptr: string): boolean {
  return 'name' in parseHostname(ptr);
}

export function isConflictMark(ptr: string): boolean {
  return plainPtr(ptr) === conflictMark;
}

/** The tag we once wrote is not on the address any more. */
export function lostItsTag(seen: { readonly tag: string | null }, row: Pick<RowSide, 'tag'>): boolean {
  return seen.tag === null && row.tag !== null;
}

/**
 * A PTR that is written or adopted takes along the tag that is due on the address, or the next sync had it to write
 * (I10): the one that was lost, or, where the integration says so, the first one of an imported address.
 */
export function tagIsDue(
  seen: { readonly tag: string | null },
  row: Pick<RowSide, 'tag'>,
  { tagImported }: Pick<Context, 'tagImported'>,
): boolean {
  return seen.tag === null && (row.tag !== null || tagImported);
}
