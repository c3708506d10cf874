import { RemoteError, type IpManager, type ListPage } from '../ipmanager/ip-manager.ts';
import { BrokenListing } from './broken-listing.ts';

/** The most pages asked for at once: with 50 ms a page, 1e6 rows take 4 s instead of 50 (reference/performance.md 2.6). */
const mostInFlight = 16;

/** A panel that is faster than we are is asked for few: what waits to be compared is only memory to be looked after. */
const leastInFlight = 4;

/** So many pages in a row that nobody waited for make one less; more often, and a slow panel is waited for again and again. */
const pagesToSlowDown = 32;

/** Less is no wait: work on another page may lie between. Milliseconds. */
const leastWait = 4;

/** Small enough that sixteen of them are few megabytes, large enough that a million rows are a thousand requests. */
export const pageRows = 1_000;

/** A page with the time it was asked for (milliseconds since the epoch). */
export interface AskedPage extends ListPage {
  readonly askedAt: number;
}

export interface PageRange {
  readonly size: number;
  readonly from: number;
  /** The last page to be read, once it is known how many there are. */
  readonly upTo: (page: ListPage) => number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Pages in their order, many under way at once. The first one is read alone: it says how many there are, and may log in
 * anew, after which one session serves all. Whoever stops reading waits for nothing.
 */
export async function* pagesInOrder(panel: IpManager, range: PageRange): AsyncGenerator<AskedPage> {
  const stop = new AbortController();
  const signal = AbortSignal.any([range.signal, stop.signal]);
  const ask = async (page: number): Promise<AskedPage> => {
    const askedAt = range.now();
    return { ...(await panel.listPage({ page, size: range.size, signal })), askedAt };
  };
  const under: Promise<AskedPage>[] = [];
  let most = leastInFlight;
  let here = 0;
  try {
    const first = await ask(range.from);
    let next = range.from + 1;
    const last = range.upTo(first);
    const fill = (): void => {
      for (; under.length < most && next <= last; next += 1) under.push(begun(ask(next)));
    };
    fill();
    yield first;
    for (let page = under.shift(); page !== undefined; page = under.shift()) {
      const since = performance.now();
      const read = await page.catch(inTheMiddle);
      // Half as many again when it was waited for, one less when many before it lay here already.
      here = performance.now() - since < leastWait ? here + 1 : 0;
      if (here === 0) most = Math.min(mostInFlight, Math.ceil(most * 1.5));
      else if (here % pagesToSlowDown === 0) most = Math.max(leastInFlight, most - 1);
      fill();
      yield read;
    }
  } finally {
    stop.abort();
  }
}

/** A login that is refused at the start is that; after a page was read, the session ended between two pages. */
function inTheMiddle(error: unknown): never {
  if (error instanceof RemoteError && error.notLoggedIn) {
    throw new BrokenListing('the session ended between two pages');
  }
  throw error;
}

/** One that fails before its turn is told of when its turn comes, or not at all. */
function begun(page: Promise<AskedPage>): Promise<AskedPage> {
  page.catch(() => undefined);
  return page;
}
