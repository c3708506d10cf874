import { workflowIds } from '../../workflows/contract.ts';
import { noFacts, type Facts } from '../../workflows/domain/discrepancy.ts';
import { parseTag } from '../../workflows/domain/tag.ts';
import { newestRun, type Runs } from '../deps.ts';
import type { RunRef } from '../ledger/records.ts';
import type { Known, KnownOrder, LookUp, SyncStore } from '../ledger/sync/sync-store.ts';
import type { MergedRow } from './plan-range.ts';

/** Questions to Temporal that are under way at once. */
const asksInFlight = 16;

/** Rows that are looked up with one set of queries. */
const factRows = 2_000;

export interface FactSource {
  readonly syncs: Pick<SyncStore, 'lookUp'>;
  readonly runs: Pick<Runs, 'closedAt'>;
  readonly installation: string;
}

/** A row as it can be judged: what the ordered read leaves out, and the facts. */
export interface KnownRow {
  readonly row: MergedRow;
  readonly facts: Facts;
}

/** Looks facts up for rows that need them, a few queries for many rows, each owner asked about once. */
export async function withFacts(source: FactSource, rows: readonly MergedRow[]): Promise<readonly KnownRow[]> {
  const found: KnownRow[] = [];
  for (let at = 0; at < rows.length; at += factRows) {
    const some = rows.slice(at, at + factRows);
    const known = await source.syncs.lookUp(questions(some));
    const open = await openRuns(source, some, known);
    for (const row of some) found.push(knownRow(row, { known, open, installation: source.installation }));
  }
  return found;
}

function questions(rows: readonly MergedRow[]): LookUp {
  const tags = new Set<string>();
  const labels = new Set<string>();
  for (const { remote } of rows) {
    if (remote.kind !== 'used') continue;
    if (remote.tag !== null) tags.add(remote.tag);
    if (remote.label !== null) labels.add(remote.label);
  }
  return { ips: rows.map(({ ip }) => ip), tags: [...tags], labels: [...labels] };
}

/** Which of the runs behind these rows are open. One that cannot be asked about fails the read: unknown is not closed (I12). */
async function openRuns(
  { runs }: FactSource,
  rows: readonly MergedRow[],
  known: Known,
): Promise<(run: RunRef) => boolean> {
  const owners = new Map<string, RunRef>();
  for (const row of rows) for (const run of runsBehind(row, known)) owners.set(keyOf(run), run);
  const open = new Set<string>();
  const queue = [...owners];
  const ask = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if ((await runs.closedAt(next[1])) === undefined) open.add(next[0]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(asksInFlight, queue.length) }, ask));
  return (run) => open.has(keyOf(run));
}

function keyOf({ workflowId, runId }: RunRef): string {
  return `${workflowId}\n${runId}`;
}

/** All that may be at work on an address: its lock, its order, the order its mark names, its release. */
function runsBehind({ ip, remote, ledger }: MergedRow, known: Known): readonly RunRef[] {
  const marked = markedOrder(remote, known);
  const unsettled = ledger.kind === 'row' && ledger.state === 'reserved' ? known.ordersOfRows.get(ip) : undefined;
  const releasing = ledger.kind === 'row' && ledger.state === 'releasing' ? newestRelease(ip) : undefined;
  return [known.locks.get(ip)?.owner, marked?.owner, unsettled?.owner, known.releasedBy.get(ip), releasing].filter(
    (run) => run !== undefined,
  );
}

/** A release that was taken up again: it writes no history of its own, and in its cool-down it has no lock. */
function newestRelease(ip: string): RunRef {
  return { workflowId: workflowIds.releaseAddress(ip), runId: newestRun };
}

/** The order of ours whose mark the address carries. */
function markedOrder(remote: MergedRow['remote'], known: Known): KnownOrder | undefined {
  if (remote.kind !== 'used') return undefined;
  if (remote.tag !== null) return known.orders.get(remote.tag);
  return remote.label === null ? undefined : known.orders.get(remote.label);
}

interface Looked {
  readonly known: Known;
  readonly open: (run: RunRef) => boolean;
  readonly installation: string;
}

function knownRow(row: MergedRow, looked: Looked): KnownRow {
  const { known, open } = looked;
  const owner =
    row.ledger.kind === 'row' && row.ledger.state === 'reserved' ? known.ordersOfRows.get(row.ip) : undefined;
  const label = known.labels.get(row.ip) ?? null;
  const ledger = row.ledger.kind === 'row' ? { ...row.ledger, label } : row.ledger;
  return {
    row: { ...row, ledger },
    facts: {
      ...noFacts,
      inFlight: runsBehind(row, known).some(open),
      openConflict: known.conflicts.has(row.ip),
      parked: known.parked.get(row.ip) ?? 'no',
      ownerClosed: owner !== undefined && !open(owner.owner),
      tagOf: tagOf(row, looked),
    },
  };
}

function tagOf({ ip, remote, ledger }: MergedRow, { known, open, installation }: Looked): Facts['tagOf'] {
  if (remote.kind !== 'used') return 'nobody';
  if (remote.tag !== null && parseTag(remote.tag)?.installation !== installation) return 'other-installation';
  const order = markedOrder(remote, known);
  // A row's own mark is seen on the row; on another address it is what the panel gave instead (I7).
  if (order === undefined) return known.imported.has(remote.tag ?? remote.label ?? '') ? 'closed-order' : 'nobody';
  if (order.ip === ip || (ledger.kind === 'row' && ledger.order === order.id)) return 'this-order';
  return order.open && open(order.owner) ? 'open-order' : 'closed-order';
}
