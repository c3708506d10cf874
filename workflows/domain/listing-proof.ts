import { compareIps } from './ip-order.ts';

/** One page of a list, as far as the proof looks at it. */
export interface ListedPage {
  /** From 1. */
  readonly page: number;
  /** Rows of a full page, as the remote tells it. */
  readonly size: number;
  /** A fingerprint of the session it was read in. */
  readonly session: string | null;
  /** Rows of the whole list, as this page tells. */
  readonly total: number;
  readonly rows: number;
  /** Canonical texts of the rows that are addresses, as they stand. */
  readonly keys: readonly string[];
  /** Our own creates and deletes that may have landed since the page before was asked for. */
  readonly ownChanges: number;
}

/** What is known after some pages: a plain value, so that a listing goes on where it was killed. */
export interface ListingProof {
  readonly nextPage: number;
  readonly lastIp: string | null;
  readonly rows: number;
  /** As the last page told it. */
  readonly total: number | null;
  readonly size: number | null;
  readonly session: string | null;
  /** False: the remote does not sort, so repeats are looked for with a set, and nothing can be merged. */
  readonly ordered: boolean;
  /** Why the list is no proof of anything. Once broken, for good. */
  readonly broken: string | null;
  /** What came twice, where that broke it. */
  readonly repeated: string | null;
}

export type ListingOutcome =
  | { readonly kind: 'proven'; readonly rows: number }
  /** Complete by its numbers; that no address came twice has still to be seen. */
  | { readonly kind: 'unordered'; readonly rows: number }
  | { readonly kind: 'broken'; readonly why: string };

export const beginListing: ListingProof = {
  nextPage: 1,
  lastIp: null,
  rows: 0,
  total: null,
  size: null,
  session: null,
  ordered: true,
  broken: null,
  repeated: null,
};

/**
 * The proof with one page more (I12): every page is the next one, of one session and one size, full but for the last; the
 * total moves by no more than we moved it; and addresses ascend strictly, so that none came twice.
 */
export function withPage(proof: ListingProof, page: ListedPage): ListingProof {
  if (proof.broken !== null) return proof;
  const broken = pagingProblem(proof, page) ?? sizeProblem(proof, page);
  if (broken !== null) return { ...proof, broken };
  const keys = inOrder(page.keys, proof);
  return {
    nextPage: page.page + 1,
    lastIp: page.keys.at(-1) ?? proof.lastIp,
    rows: proof.rows + page.rows,
    total: page.total,
    size: page.size,
    session: page.session,
    ordered: proof.ordered && keys.ordered,
    broken: keys.repeated === null ? null : cameTwice(keys.repeated),
    repeated: keys.repeated,
  };
}

export function cameTwice(text: string): string {
  return `${text} came twice`;
}

/** Whether all rows that the last page told of were read. */
export function isComplete({ rows, total }: ListingProof): boolean {
  return total !== null && rows === total;
}

/** What the pages prove. A list that no page was read of is not an empty one. */
export function endListing(proof: ListingProof): ListingOutcome {
  const { broken, total, rows, ordered } = proof;
  if (broken !== null) return { kind: 'broken', why: broken };
  if (total === null) return { kind: 'broken', why: 'no page was read' };
  if (rows !== total) return { kind: 'broken', why: `${rows} rows were read, and the list says ${total}` };
  return { kind: ordered ? 'proven' : 'unordered', rows };
}

function pagingProblem(proof: ListingProof, page: ListedPage): string | null {
  const { nextPage, session, total } = proof;
  if (page.page !== nextPage) return `page ${nextPage} was expected, page ${page.page} came`;
  if (total === null) return null;
  if (page.session !== session) return `the session changed before page ${page.page}`;
  const moved = Math.abs(page.total - total);
  if (moved <= page.ownChanges) return null;
  return `the total moved from ${total} to ${page.total} before page ${page.page}, our own changes were ${page.ownChanges}`;
}

function sizeProblem(proof: ListingProof, { page, size, rows, total }: ListedPage): string | null {
  if (proof.size !== null && size !== proof.size) {
    return `the page size changed from ${proof.size} to ${size} at page ${page}`;
  }
  if (rows > size) return `page ${page} has ${rows} rows, and a page has ${size}`;
  const read = proof.rows + rows;
  if (read > total) return `${read} rows were read by page ${page}, and the list says ${total}`;
  if (rows < size && read < total) return `page ${page} has ${rows} rows of ${size}, and ${total - read} are to come`;
  return null;
}

interface KeyOrder {
  readonly ordered: boolean;
  readonly repeated: string | null;
}

/** The first address out of order settles it: from there on only the set of who reads the list tells repeats. */
function inOrder(keys: readonly string[], proof: ListingProof): KeyOrder {
  if (!proof.ordered) return { ordered: false, repeated: null };
  let before = proof.lastIp;
  for (const key of keys) {
    const order = before === null ? 1 : compareIps(key, before);
    if (order === 0) return { ordered: true, repeated: key };
    if (order < 0) return { ordered: false, repeated: null };
    before = key;
  }
  return { ordered: true, repeated: null };
}
