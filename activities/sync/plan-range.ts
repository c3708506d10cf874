import type { LedgerSide, RemoteSide } from '../../workflows/domain/discrepancy.ts';
import { inStepAtAGlance, type Glance } from '../../workflows/domain/glance.ts';
import { needsFacts, plainlyInStep } from '../../workflows/domain/judge.ts';
import { isComplete } from '../../workflows/domain/listing-proof.ts';
import type { PlanRow } from '../../workflows/domain/plan.ts';
import { planOf, type SeenAddress } from '../../workflows/domain/planning.ts';
import type { RemoteAddress } from '../ipmanager/ip-manager.ts';
import type { Comparison } from './comparison.ts';
import { withFacts } from './facts.ts';
import { UselessListing } from './broken-listing.ts';
import type { ListedRange } from './listing.ts';
import { unlikeOf, type Unlike } from './merge.ts';
import { remoteSide } from './remote-side.ts';

export interface MergedRow {
  readonly ip: string;
  readonly remote: RemoteSide;
  readonly ledger: LedgerSide;
}

export interface RangeToPlan extends ListedRange {
  /** Ledger rows with `after < ip <= upTo`; `null` is an open end. */
  readonly after: string | null;
  readonly upTo: string | null;
}

/** What of a range is not plainly in step, in address order: little, and all that is kept of it. */
export interface SeenRange {
  /** What stands in the list and is no one address, or makes the list worthless. */
  readonly odd: readonly SeenAddress[];
  readonly rows: readonly MergedRow[];
  /** Live rows of this integration in the range. */
  readonly ledgerRows: number;
}

/**
 * Both sides of a range, merged. The ledger's side is read after the remote's: what was allocated in between is here and
 * not there, a harmless `in-flight`; the other way round it would look like an orphan (reference/reliability.md 4.2, TOCTOU).
 */
export async function seenIn(comparison: Comparison, range: RangeToPlan): Promise<SeenRange> {
  const odd = range.odd.map((remote) => ({ ip: remote.text, remote, ledger: unknown }));
  // Not compared: the guard refuses an empty list, and every address of the ledger would be a row of the plan.
  if (range.proof.total === 0) return { odd, rows: [], ledgerRows: await comparison.liveCount() };
  const { unlike, glances } = await unlikeOf(range.rows, glancesOf(comparison, range), isLike(comparison));
  return { odd, rows: await wholeRows(comparison, unlike), ledgerRows: glances };
}

const unknown: LedgerSide = { kind: 'unknown' };

function isLike({ context, conflicts }: Comparison): (remote: RemoteAddress, glance: Glance | undefined) => boolean {
  return (row, glance) => {
    if (conflicts.has(row.ip)) return false;
    const remote = remoteSide(row);
    if (glance === undefined) return plainlyInStep(remote, unknown, context);
    return inStepAtAGlance({ ip: row.ip, remote, glance }, context);
  };
}

async function* glancesOf(
  { ledger, context }: Comparison,
  { after, upTo, proof }: RangeToPlan,
): AsyncGenerator<readonly Glance[]> {
  if (!isComplete(proof) && upTo === after) return; // pages without one address
  yield* ledger.glances({ integration: context.integration, after, upTo });
}

/** What was not settled at a glance, with its row in the whole ledger: some of it is in step all the same. */
async function wholeRows(comparison: Comparison, unlike: readonly Unlike[]): Promise<readonly MergedRow[]> {
  const { ledger, context, conflicts } = comparison;
  const known = unlike.length === 0 ? [] : await ledger.current(unlike.map(({ ip }) => ip));
  const rows = new Map(known.map(({ ip, row }) => [ip, row]));
  return unlike.flatMap(({ ip, remote: there }) => {
    const row: MergedRow = { ip, remote: remoteSide(there), ledger: rows.get(ip) ?? unknown };
    return plainlyInStep(row.remote, row.ledger, context) && !conflicts.has(ip) ? [] : [row];
  });
}

/** From what was seen to a plan; facts are looked up for all of it together. A worthless list ends the comparison. */
export async function planRanges(comparison: Comparison, seen: readonly SeenRange[]): Promise<readonly PlanRow[]> {
  const facts = await factsOf(
    comparison,
    seen.flatMap(({ rows }) => rows),
  );
  const both = seen.flatMap(({ odd, rows }) => [...odd, ...rows.map((row) => facts.get(row.ip) ?? row)]);
  const plan = planOf(both, comparison);
  if ('refused' in plan) throw new UselessListing(plan.refused);
  return plan.rows;
}

async function factsOf(comparison: Comparison, rows: readonly MergedRow[]): Promise<ReadonlyMap<string, SeenAddress>> {
  const asked = rows.filter((row) => comparison.conflicts.has(row.ip) || needsFacts(row, comparison.context));
  const known = await withFacts(comparison.facts, asked);
  return new Map(known.map(({ row, facts }) => [row.ip, { ...row, facts }]));
}
