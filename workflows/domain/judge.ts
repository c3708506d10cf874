import type { Context, Facts, Judgement, LedgerSide, ListedSide, Sides } from './discrepancy.ts';
import { noFacts } from './discrepancy.ts';
import { conflictMark, samePtr } from './hostname.ts';
import { sighting, type Sighting } from './sighting.ts';
import { ledgerIs, remoteIs } from './truth-columns.ts';
import type { TruthRow } from './truth-row.ts';
import { truthTable } from './truth-table.ts';

/** What the truth table says of one address: the first row that matches. Pure, and total: there always is one. */
export function judge(sides: Sides, facts: Facts, context: Context): Judgement {
  const seen = sighting(sides, facts, context);
  const row = matching(seen);
  const refusesRun = row.action === 'refuse the run';
  const action = row.action === 'refuse the run' ? null : row.action;
  const judged = { discrepancy: row.discrepancy, reason: row.reason(seen), refusesRun };
  const policyAction = row.underAll ?? null;
  // Protected addresses are never released, only reported, whatever the row or a policy says (design.md 2).
  if (seen.row?.protected === true && (action === 'release' || policyAction === 'release')) {
    return { ...judged, action: 'report', policyAction: null, reason: `protected, so not released; ${judged.reason}` };
  }
  return { ...judged, action, policyAction };
}

function matching(seen: Sighting): TruthRow {
  const row = truthTable.find((one) => matches(one, seen));
  if (row === undefined) throw new TypeError('the truth table is not total');
  return row;
}

export function matches(row: TruthRow, seen: Sighting): boolean {
  return remoteIs[row.remote](seen) && ledgerIs[row.ledger](seen) && (row.when?.(seen) ?? true);
}

/**
 * The hot path: nothing to do, said from the two sides alone and without making anything. It may say `false` of an
 * address that is in step; `true` only where {@link judge} has no action whatever the facts are, but for one: an open
 * conflict whose mark is not on the address. The caller has the few open conflicts at hand and judges those addresses.
 */
export function plainlyInStep(remote: ListedSide, ledger: LedgerSide, context: Context): boolean {
  return looksInStep(remote, ledger, context) && !isFirstRead({ remote, ledger }, context);
}

/**
 * The PTR that an import wished for stands on the address, and was never read back: there is nothing to mend, but to keep
 * that it was read. Or a person's later change at the panel would look like one on both sides.
 */
export function isFirstRead({ remote, ledger }: Sides, { integration, ignoredGroups }: Context): boolean {
  if (remote.kind !== 'used' || ledger.kind !== 'row' || ledger.ptr === null || ledger.ptrSeen !== null) return false;
  if (ledger.state !== 'active' || ledger.integration !== integration) return false;
  return samePtr(remote.ptr, ledger.ptr) && !ignoredGroups.has(remote.group) && !ignoredGroups.has(ledger.group);
}

function looksInStep(remote: ListedSide, ledger: LedgerSide, context: Context): boolean {
  if (remote.kind === 'free') return freeInStep(ledger, context);
  if (remote.kind !== 'used') return false;
  if (ledger.kind === 'row' && ledger.state === 'active' && ledger.integration === context.integration) {
    const tagged = ledger.tag === null ? untaggedInStep(remote, context) : remote.tag === ledger.tag;
    if (tagged && remote.ptr === (ledger.ptr ?? '') && remote.ptr !== conflictMark) return true;
    return context.ignoredGroups.has(remote.group) || context.ignoredGroups.has(ledger.group);
  }
  return context.ignoredGroups.has(remote.group) || belongsElsewhere(ledger, context);
}

function freeInStep(ledger: LedgerSide, context: Context): boolean {
  if (ledger.kind === 'unknown') return true;
  if (ledger.state !== 'active' && ledger.state !== 'reserved') return true;
  return ledger.integration !== context.integration || context.ignoredGroups.has(ledger.group);
}

function untaggedInStep(remote: Extract<ListedSide, { kind: 'used' }>, context: Context): boolean {
  return remote.tag === null && remote.label === null && !context.tagImported;
}

function belongsElsewhere(ledger: LedgerSide, context: Context): boolean {
  if (ledger.kind === 'unknown' || ledger.integration === context.integration) return false;
  return ledger.state !== 'quarantined' && ledger.state !== 'released';
}

/** Whether {@link judge} has to be told facts, or `noFacts` will do. They cost a query, or a question to Temporal. */
export function needsFacts({ remote, ledger }: Sides, context: Context): boolean {
  if (remote.kind !== 'used' && remote.kind !== 'free') return false;
  if (looksInStep(remote, ledger, context)) return false;
  const { discrepancy } = matching(sighting({ remote, ledger }, noFacts, context));
  return discrepancy !== 'ignored' && !belongsElsewhere(ledger, context);
}
