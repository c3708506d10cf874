import { Context as ActivityContext } from '@temporalio/activity';
import type { Context } from '../../workflows/domain/discrepancy.ts';
import type { Reason } from '../../workflows/domain/failure.ts';
import { isFirstRead } from '../../workflows/domain/judge.ts';
import { isComplete, type ListingProof } from '../../workflows/domain/listing-proof.ts';
import type { Deps } from '../deps.ts';
import { heartbeating } from '../heartbeat.ts';
import { RemoteError } from '../ipmanager/ip-manager.ts';
import type { ComparedRange, SyncRun } from '../ledger/sync/sync-store.ts';
import { comparisonOf, type Comparison } from './comparison.ts';
import { finishCompare } from './finish.ts';
import { BrokenListing, RepeatedRow, UnorderedListing, UselessListing, whyRepeated } from './broken-listing.ts';
import { listRanges, listUnordered, progressOf, proofOf, type ListedRange, type ListingSource } from './listing.ts';
import { dropOldRows } from './old-rows.ts';
import { pageRows } from './page-stream.ts';
import { planRanges, seenIn, type MergedRow, type SeenRange } from './plan-range.ts';

/** How much one call of the activity does: the workflow's history grows with these, not with rows. */
export interface CompareBudget {
  readonly pages: number;
  /** Rows a page; the same as long as a listing goes on. */
  readonly pageRows?: number;
}

export const defaultBudget: CompareBudget = { pages: 256 };

/** Where the comparison stands after a call. `refused`: the list proves nothing, and the run says so already. */
export interface Compared {
  readonly done: boolean;
  readonly rows: number;
  readonly total: number | null;
  readonly planned: number;
  readonly refused: Reason | null;
}

/** Pages that are saved together: large enough that saving costs nothing, small enough to be done again. */
const rangePages = 8;

/** Pages that are compared together: so few that their rows die young and cost the collector nothing. */
const partPages = 2;

/** A listing that moved under us is begun again so often. */
const mostListings = 3;

/**
 * A list that the panel does not sort is held in memory to be sorted, about 200 bytes a row. More rows than this are refused:
 * such a panel has to sort by address first (`p_col`).
 */
const mostUnordered = 1_000_000;

export function compareActivities(deps: Deps) {
  const sessions = new Set<string>();
  return {
    compareRange: (run: string, budget: CompareBudget = defaultBudget) =>
      heartbeating((signal) => {
        const beat = (rows: number, total: number | null): void => ActivityContext.current().heartbeat({ rows, total });
        return compareRange(deps, run, { budget, sessions, signal, beat });
      }),
    finishCompare: (run: string) =>
      heartbeating(async () => {
        const finished = await finishCompare(deps, run);
        await dropOldRows(deps, finished.integration);
        return finished;
      }),
  };
}

export interface Comparing {
  readonly budget: CompareBudget;
  /** Fingerprints of sessions this process has read in. */
  readonly sessions: Set<string>;
  readonly signal: AbortSignal;
  readonly beat: (rows: number, total: number | null) => void;
}

/** Lists, proves and compares some ranges more. What it saved stays: killed anywhere, it goes on after the last range. */
export async function compareRange(deps: Deps, runId: string, how: Comparing): Promise<Compared> {
  const comparison = await comparisonOf(deps, runId);
  const source = listingSource(comparison, how);
  for (;;) {
    const run = await comparison.run();
    if (isOver(run)) return compared(run, true);
    try {
      return await compareSome(comparison, source, how.budget);
    } catch (error) {
      const why = whyBroken(comparison, error);
      if (why === undefined) throw error;
      if (error instanceof UnorderedListing) return compareUnordered(comparison, source);
      if (error instanceof UselessListing || run.progress.listing >= mostListings) return refuse(comparison, run, why);
      await comparison.restart(run.progress.listing);
    }
  }
}

function isOver({ state, verdict, progress }: SyncRun): boolean {
  return state !== 'running' || verdict !== null || isComplete(proofOf(progress));
}

function compared(run: SyncRun, done: boolean): Compared {
  const { rows, total } = run.progress;
  return { done, rows, total, planned: run.planned, refused: run.verdict === 'refuse' ? run.reason : null };
}

function listingSource(comparison: Comparison, how: Comparing): ListingSource {
  return {
    panel: comparison.panel,
    pageRows: how.budget.pageRows ?? pageRows,
    signal: how.signal,
    now: comparison.now,
    ownChanges: comparison.ownChanges,
    knowsSession: (session) => how.sessions.has(session),
    onPage({ rows, total, session }) {
      if (session !== null) how.sessions.add(session);
      how.beat(rows, total);
    },
  };
}

async function compareSome(comparison: Comparison, source: ListingSource, budget: CompareBudget): Promise<Compared> {
  const start = await comparison.run();
  const { listing } = start.progress;
  const limits = { rangePages: Math.min(partPages, budget.pages), mostPages: budget.pages };
  let open = openPart(start);
  for await (const range of listRanges(source, proofOf(start.progress), limits)) {
    open = await withSeen(comparison, open, range);
    const { proof } = open;
    if (!isComplete(proof) && proof.nextPage - open.fromPage < rangePages) continue;
    const run = await savePart(comparison, open, listing);
    // Another copy of this activity was here first: what it saved counts, and is gone on from by the next call.
    if (run.progress.nextPage !== proof.nextPage || run.progress.listing !== listing) return compared(run, isOver(run));
    open = openPart(run);
  }
  const run = open.fromPage < open.proof.nextPage ? await savePart(comparison, open, listing) : await comparison.run();
  return compared(run, isOver(run));
}

/** What was compared since the last save. */
interface Part {
  readonly run: string;
  readonly fromPage: number;
  readonly proof: ListingProof;
  readonly seen: readonly SeenRange[];
}

function openPart({ run, progress }: SyncRun): Part {
  return { run, fromPage: progress.nextPage, proof: proofOf(progress), seen: [] };
}

async function withSeen(comparison: Comparison, part: Part, range: ListedRange): Promise<Part> {
  // The list has begun to come and the ledger is read next: what happens from here on is taken out by the next run.
  if (part.proof.nextPage === 1) await comparison.begins();
  const upTo = isComplete(range.proof) ? null : range.proof.lastIp;
  const seen = await seenIn(comparison, { ...range, after: part.proof.lastIp, upTo });
  return { ...part, proof: range.proof, seen: [...part.seen, seen] };
}

async function savePart(comparison: Comparison, part: Part, listing: number): Promise<SyncRun> {
  const { proof, seen, ...rest } = part;
  const plan = await planRanges(comparison, seen);
  const ledgerRows = seen.reduce((sum, range) => sum + range.ledgerRows, 0);
  const firstReads = seen.flatMap(({ rows }) => rows.flatMap((row) => firstRead(row, comparison.context)));
  return comparison.save({ ...rest, plan, firstReads, ledgerRows, progress: progressOf(proof, listing) });
}

function firstRead({ ip, ...sides }: MergedRow, context: Context): ComparedRange['firstReads'] {
  return sides.ledger.kind === 'row' && isFirstRead(sides, context) ? [{ ip, version: sides.ledger.version }] : [];
}

/** All of it is one range then: a kill begins it again. */
async function compareUnordered(comparison: Comparison, source: ListingSource): Promise<Compared> {
  for (;;) {
    const run = await comparison.run();
    const { listing, nextPage } = run.progress;
    try {
      if (nextPage > 1) throw new BrokenListing('it was in address order at first');
      const range = await listUnordered(source, mostUnordered);
      const part = await withSeen(comparison, openPart(run), range);
      return compared(await savePart(comparison, part, listing), true);
    } catch (error) {
      const why = whyBroken(comparison, error);
      if (why === undefined) throw error;
      if (error instanceof UselessListing || listing >= mostListings) return refuse(comparison, run, why);
      await comparison.restart(listing);
    }
  }
}

/** Answers that are none of a panel's list are as little a list as one that does not add up. */
const brokenCodes: ReadonlySet<string> = new Set([
  'list-not-complete',
  'panel-answer-foreign',
  'panel-answer-too-large',
  'panel-redirects',
]);

function whyBroken({ context }: Comparison, error: unknown): Reason | undefined {
  if (error instanceof UselessListing) return error.reason;
  if (error instanceof RepeatedRow) return whyRepeated(error, context);
  if (error instanceof BrokenListing || error instanceof UnorderedListing) {
    return { code: 'list-not-complete', message: `The list is not proven complete: ${error.message}` };
  }
  if (!(error instanceof RemoteError) || !brokenCodes.has(error.failure.code)) return undefined;
  return { code: error.failure.code, message: error.failure.message };
}

/** Nothing is concluded from such a list: its plan is empty, and the last good run stays what it was (I12). */
async function refuse(comparison: Comparison, run: SyncRun, reason: Reason): Promise<Compared> {
  await comparison.restart(run.progress.listing);
  return compared(await comparison.refuse(reason), true);
}
