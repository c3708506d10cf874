import { compareIps } from '../../workflows/domain/ip-order.ts';
import {
  beginListing,
  endListing,
  isComplete,
  withPage,
  type ListedPage,
  type ListingProof,
} from '../../workflows/domain/listing-proof.ts';
import type { IpManager, ListPage, RemoteAddress } from '../ipmanager/ip-manager.ts';
import type { Progress } from '../ledger/sync/sync-store.ts';
import { BrokenListing, RepeatedRow, UnorderedListing } from './broken-listing.ts';
import { pagesInOrder, type AskedPage } from './page-stream.ts';
import { oddSide } from './remote-side.ts';

/** Some pages in a row, proven as far as they go. */
export interface ListedRange {
  readonly proof: ListingProof;
  readonly fromPage: number;
  readonly rows: readonly RemoteAddress[];
  /** What stands in the list and is no address. */
  readonly odd: readonly ReturnType<typeof oddSide>[];
}

export interface ListingSource {
  readonly panel: IpManager;
  readonly pageRows: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Our own creates and deletes that may have landed since then: a total may move by no more. */
  readonly ownChanges: (since: number) => Promise<number>;
  /** Whether this process knows that session: then it is one that ended in the middle, not another worker's. */
  readonly knowsSession: (session: string) => boolean;
  readonly onPage: (proof: ListingProof) => void;
}

export function proofOf({ nextPage, lastIp, rows, total, pageSize, session }: Progress): ListingProof {
  return { ...beginListing, nextPage, lastIp, rows, total, size: pageSize, session };
}

export function progressOf(proof: ListingProof, listing: number): Progress {
  const { nextPage, lastIp, rows, total, size, session } = proof;
  return { listing, nextPage, pageSize: size, lastIp, rows, total, session };
}

/**
 * The pages from where the proof stands, in ranges of `rangePages`, at most `mostPages` of them. Ends after the range that
 * completes the list, or when the pages are used up.
 */
export async function* listRanges(
  source: ListingSource,
  start: ListingProof,
  limits: { readonly rangePages: number; readonly mostPages: number },
): AsyncGenerator<ListedRange> {
  let proof = start;
  let range = openRange(proof);
  const pages = pagesInOrder(source.panel, {
    size: source.pageRows,
    from: start.nextPage,
    upTo: (page) => Math.min(lastPage(page), start.nextPage + limits.mostPages - 1),
    signal: source.signal,
    now: source.now,
  });
  let askedBefore = source.now();
  for await (const page of pages) {
    if (page.page === start.nextPage) proof = await handedOver(source, proof, page);
    proof = withPage(proof, await listedPage(source, proof, { page, askedBefore }));
    askedBefore = page.askedAt;
    if (proof.broken !== null) throw brokenBy(proof);
    if (!proof.ordered) throw new UnorderedListing('the list is not in address order');
    takeRows(range, page);
    source.onPage(proof);
    if (!isComplete(proof) && proof.nextPage - range.fromPage < limits.rangePages) continue;
    yield { ...range, proof };
    range = openRange(proof);
  }
  if (range.fromPage < proof.nextPage) yield { ...range, proof };
}

function brokenBy({ broken, repeated }: ListingProof): BrokenListing {
  return repeated === null ? new BrokenListing(broken ?? '') : new RepeatedRow(repeated);
}

interface OpenRange {
  readonly fromPage: number;
  readonly rows: RemoteAddress[];
  readonly odd: ReturnType<typeof oddSide>[];
}

function openRange(proof: ListingProof): OpenRange {
  return { fromPage: proof.nextPage, rows: [], odd: [] };
}

function takeRows(range: OpenRange, page: ListPage): void {
  for (const row of page.rows) {
    if ('ip' in row) range.rows.push(row);
    else range.odd.push(oddSide(row));
  }
}

/** An empty list is one page with no row. */
function lastPage({ total, size }: ListPage): number {
  return Math.max(1, Math.ceil(total / size));
}

/** What the proof looks at. The ledger is asked for our own changes only when the total moved. */
async function listedPage(
  source: ListingSource,
  proof: ListingProof,
  read: { readonly page: AskedPage; readonly askedBefore: number },
): Promise<ListedPage> {
  const { page } = read;
  const moved = proof.total !== null && proof.total !== page.total;
  return {
    page: page.page,
    size: page.size,
    session: page.session,
    total: page.total,
    rows: page.rows.length,
    keys: keysOf(page.rows),
    ownChanges: moved ? await source.ownChanges(read.askedBefore) : 0,
  };
}

function keysOf(rows: ListPage['rows']): readonly string[] {
  const keys: string[] = [];
  for (const row of rows) if ('ip' in row) keys.push(row.ip);
  return keys;
}

/**
 * One listing is one session. A session that ended under us breaks it. Another worker has a session of its own, though: it
 * goes on where the last one stood, once the page before reads in its session just as it was compared: the same end, the
 * same total, the same size. That is all one session would have proven of it.
 */
async function handedOver(source: ListingSource, proof: ListingProof, page: ListPage): Promise<ListingProof> {
  const { session, lastIp, nextPage } = proof;
  if (session === null || session === page.session || nextPage === 1) return proof;
  if (source.knowsSession(session)) return proof; // the proof itself says that the session changed
  const before = await source.panel.listPage({ page: nextPage - 1, size: source.pageRows, signal: source.signal });
  const end = before.rows.findLast((row) => 'ip' in row);
  const same = before.session === page.session && before.total === proof.total && before.size === proof.size;
  if (!same || (end !== undefined && end.ip !== lastIp)) {
    throw new BrokenListing(`page ${nextPage - 1} is not as another worker read it`);
  }
  return { ...proof, session: page.session };
}

/** A list that the remote does not sort, read whole and sorted here; an address that came twice breaks it. */
export async function listUnordered(source: ListingSource, most: number): Promise<ListedRange> {
  let proof = beginListing;
  const range = openRange(proof);
  let askedBefore = source.now();
  const { signal, now, pageRows: size } = source;
  const pages = pagesInOrder(source.panel, { from: 1, upTo: lastPage, size, signal, now });
  for await (const page of pages) {
    if (page.total > most) throw new BrokenListing(`it is not in address order, and longer than ${most} rows`);
    proof = withPage(proof, await listedPage(source, proof, { page, askedBefore }));
    askedBefore = page.askedAt;
    if (proof.broken !== null) throw brokenBy(proof);
    takeRows(range, page);
    source.onPage(proof);
  }
  const outcome = endListing(proof);
  if (outcome.kind === 'broken') throw new BrokenListing(outcome.why);
  const rows = range.rows.toSorted((one, other) => compareIps(one.ip, other.ip));
  const twice = rows.find((row, at) => row.ip === rows[at - 1]?.ip);
  if (twice !== undefined) throw new RepeatedRow(twice.ip);
  return { ...range, rows, proof: { ...proof, lastIp: rows.at(-1)?.ip ?? null } };
}
