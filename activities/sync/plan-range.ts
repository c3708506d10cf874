import {
  noFacts,
  type Facts,
  type LedgerSide,
  type RemoteSide,
  type Sides,
} from '../../workflows/domain/discrepancy.ts';
import { judge, needsFacts, plainlyInStep } from '../../workflows/domain/judge.ts';
import { draftRow, type PlanRow } from '../../workflows/domain/plan.ts';
import { underPolicy } from '../../workflows/domain/policy.ts';
import type { LedgerRow } from '../ledger/sync/sync-store.ts';
import type { Comparison } from './comparison.ts';
import { withFacts } from './facts.ts';
import { UselessListing } from './broken-listing.ts';
import type { ListedRange } from './listing.ts';
import { mergeSides, type MergedRow } from './merge.ts';

export interface RangeToPlan extends ListedRange {
  /** Ledger rows with `after < ip <= upTo`; `null` is an open end. */
  readonly after: string | null;
  readonly upTo: string | null;
}

/** What of a range is not plainly in step, in address order: little, and all that is kept of it. */
export interface SeenRange {
  readonly odd: readonly PlanRow[];
  readonly rows: readonly MergedRow[];
  /** Live rows of this integration in the range. */
  readonly ledgerRows: number;
}

/**
 * Both sides of a range, merged. The ledger's side is read after the remote's: what was allocated in between is here and
 * not there, a harmless `in-flight`; the other way round it would look like an orphan (reference/reliability.md 4.2, TOCTOU).
 */
export async function seenIn(comparison: Comparison, range: RangeToPlan): Promise<SeenRange> {
  const odd = range.odd.flatMap((remote) => planned(comparison, remote.text, { remote, ledger: { kind: 'unknown' } }));
  // Not compared: the guard refuses an empty list, and every address of the ledger would be a row of the plan.
  if (range.proof.total === 0) return { odd, rows: [], ledgerRows: await comparison.liveCount() };
  const counted = { live: 0 };
  const { context, conflicts } = comparison;
  const isWanted = (ip: string, remote: RemoteSide, ledger: LedgerSide): boolean =>
    !plainlyInStep(remote, ledger, context) || conflicts.has(ip);
  const rows: MergedRow[] = [];
  for await (const some of mergeSides(range.rows, ledgerOf(comparison, range, counted), isWanted)) {
    for (const row of some) rows.push(row);
  }
  return { odd, rows, ledgerRows: counted.live };
}

/** From what was seen to a plan; facts are looked up for all of it together. */
export async function planOf(comparison: Comparison, seen: readonly SeenRange[]): Promise<readonly PlanRow[]> {
  const facts = await factsOf(
    comparison,
    seen.flatMap(({ rows }) => rows),
  );
  return seen.flatMap(({ odd, rows }) => [
    ...odd,
    ...rows.flatMap((row) => {
      const known = facts.get(row.ip);
      return planned(comparison, row.ip, known === undefined ? row : { ...known.row, facts: known.facts });
    }),
  ]);
}

async function* ledgerOf(
  comparison: Comparison,
  { after, upTo }: RangeToPlan,
  counted: { live: number },
): AsyncGenerator<readonly LedgerRow[]> {
  if (upTo !== null && upTo === after) return; // pages without one address
  const { integration } = comparison.context;
  for await (const chunk of comparison.addresses(after, upTo)) {
    for (const { row } of chunk) {
      if (row.integration === integration && (row.state === 'active' || row.state === 'reserved')) counted.live += 1;
    }
    yield chunk;
  }
}

type Known = Awaited<ReturnType<typeof withFacts>>[number];

async function factsOf(comparison: Comparison, rows: readonly MergedRow[]): Promise<ReadonlyMap<string, Known>> {
  const asked = rows.filter((row) => comparison.conflicts.has(row.ip) || needsFacts(row, comparison.context));
  const known = await withFacts(comparison.facts, asked);
  return new Map(known.map((one) => [one.row.ip, one]));
}

interface Seen extends Sides {
  readonly facts?: Facts;
}

/** None or one. A row that makes the list worthless ends the comparison. */
function planned(comparison: Comparison, ip: string, seen: Seen): readonly PlanRow[] {
  const { facts = noFacts, ...sides } = seen;
  const judgement = judge(sides, facts, comparison.context);
  if (judgement.refusesRun) throw new UselessListing({ code: judgement.discrepancy, message: judgement.reason });
  const draft = draftRow(ip, sides, judgement);
  return draft === undefined ? [] : [underPolicy(draft, comparison.policy, comparison.context.installation)];
}
