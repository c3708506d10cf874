import { RemoteError, type IpManager, type ListPage } from '../ipmanager/ip-manager.ts';
import { BrokenListing } from './broken-listing.ts';

/** The most pages asked for at once: with 50 ms a page, 1e6 rows take 4 s instead of 50 (reference/performance.md 2.6). */
const mostInFlight = 16;

/** A panel that is faster than we are is asked for few: what waits to be compared is only memory to be looked after. */
const leastInFlight = 4;

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
  const under: Under[] = [];
  let most = leastInFlight;
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
      // Twice as many when it is waited for, one less when it lay here already.
      most = page.isHere ? Math.max(leastInFlight, most - 1) : Math.min(mostInFlight, most * 2);
      const read = await page.page.catch(inTheMiddle);
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

interface Under {
  readonly page: Promise<AskedPage>;
  isHere: boolean;
}

/** One that fails before its turn is told of when its turn comes, or not at all. */
function begun(page: Promise<AskedPage>): Under {
  const under: Under = { page, isHere: false };
  const here = (): void => {
    under.isHere = true;
  };
  page.then(here, here);
  return under;
}
