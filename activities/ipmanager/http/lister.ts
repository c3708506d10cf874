import type { PanelClient } from '../../coremanager/client.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { panelList, panelPage, panelPages, type PanelListOptions } from '../../coremanager/listing.ts';
import type { ListOptions, Listing, ListedRow, ListPage, PageRequest } from '../ip-manager.ts';
import { asRemote, asRemoteError } from './remote-error.ts';
import { listedRow } from './rows.ts';

/**
 * One page of this size (about 3 MB) holds most installations whole, and a list of one page is a snapshot that nothing
 * can move under; it is also the fastest size measured (reference/performance.md 2.1).
 */
const defaultPageSize = 10_000;
const smallestPageSize = 100;

export interface Lister {
  list(asked?: ListOptions): Promise<Listing>;
  pages(asked?: ListOptions): AsyncIterable<readonly ListedRow[]>;
  page(request: PageRequest): Promise<ListPage>;
}

/**
 * Sorting by a column with its sign is documented for lists (1.2). A panel that does not know it, or sorts addresses as
 * text, sends the same rows in another order: seen by who proves the list, and read whole then.
 */
const inAddressOrder = { func: 'ip', p_col: '+ip' };

/** `ip` (documented: 2.1), all pages, proven complete. Pages too large for our cap (long notes) are asked for smaller. */
export function createLister(client: PanelClient, pageSize: number = defaultPageSize): Lister {
  let size = pageSize;
  const optionsOf = (asked: ListOptions | undefined): PanelListOptions => ({
    fields: { func: 'ip' },
    key: 'ip',
    pageSize: size,
    ...(asked?.signal === undefined ? {} : { signal: asked.signal }),
  });
  const shrink = (error: unknown): boolean => {
    const tooLarge = error instanceof PanelReadError && error.failure.code === 'panel-answer-too-large';
    if (!tooLarge || size <= smallestPageSize) return false;
    size = Math.max(smallestPageSize, Math.floor(size / 10));
    return true;
  };
  const list = async (asked?: ListOptions): Promise<Listing> => {
    try {
      const onPage = (page: { readonly read: number; readonly total: number }): void =>
        asked?.onPage?.(page.read, page.total);
      const proven = await panelList(client, { ...optionsOf(asked), onPage });
      return { rows: proven.flatMap((page) => page.rows.map(listedRow)), pages: proven.length };
    } catch (error) {
      if (shrink(error)) return list(asked);
      throw error;
    }
  };
  return {
    list: (asked) => asRemote(() => list(asked)),
    page: ({ page, ...wanted }) =>
      asRemote(async () => {
        const { rows, ...read } = await panelPage(client, { fields: inAddressOrder, number: page, ...wanted });
        return { page, ...read, rows: rows.map(listedRow) };
      }),
    async *pages(asked) {
      try {
        for await (const page of panelPages(client, optionsOf(asked))) {
          asked?.onPage?.(page.read, page.total);
          yield page.rows.map(listedRow);
        }
      } catch (error) {
        // Rows went out already: the caller begins again, with smaller pages then.
        if (shrink(error) && error instanceof PanelReadError)
          throw asRemoteError(new PanelReadError(error.failure, { retryable: true }));
        throw asRemoteError(error);
      }
    },
  };
}
