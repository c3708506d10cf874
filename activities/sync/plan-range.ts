import {
  noFacts,
  type Facts,
  type LedgerSide,
  type RemoteSide,
  type Sides,
} from '../../workflows/domain/discrepancy.ts';
import { inStepAtAGlance, type Glance } from '../../workflows/domain/glance.ts';
import { judge, needsFacts, plainlyInStep } from '../../workflows/domain/judge.ts';
import { draftRow, type PlanRow } from '../../workflows/domain/plan.ts';
import { underPolicy } from '../../workflows/domain/policy.ts';
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
  const odd = range.odd.flatMap((remote) => planned(comparison, remote.text, { remote, ledger: unknown }));
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
  { after, upTo }: RangeToPlan,
): AsyncGenerator<readonly Glance[]> {
  if (upTo !== null && upTo === after) return; // pages without one address
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
