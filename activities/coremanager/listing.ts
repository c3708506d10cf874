import { createHash } from 'node:crypto';
import type { PanelClient } from './client.ts';
import { listNotComplete } from '../http/list-not-complete.ts';
import { PanelReadError } from '../http/panel-read-error.ts';
import type { Fields } from './exchange.ts';
import { children, childText, rawText, type PanelNode } from './tree.ts';

export interface PanelListOptions {
  readonly fields: Fields;
  /** The column that names a row: its texts may not repeat. */
  readonly key: string;
  readonly pageSize: number;
  readonly signal?: AbortSignal;
}

export interface PanelPage {
  readonly doc: PanelNode;
  readonly rows: readonly PanelNode[];
  /** Rows read so far, this page's included. */
  readonly read: number;
  readonly total: number;
}

/**
 * All pages of a list in one session, with the proof that it is complete: the panel's total never moved, every page is
 * the one asked for, no key came twice, and the rows add up to the total. Anything else throws `list-not-complete`:
 * an unknown list is never an empty or a shorter one (I12).
 */
export async function* panelPages(client: PanelClient, options: PanelListOptions): AsyncGenerator<PanelPage> {
  const proof = new ListProof(options.key);
  // The first page may find the session dead and log in anew; from then on one session serves all pages.
  const start = { ...options.fields, p_num: '1', p_cnt: String(options.pageSize) };
  const { doc, session } = await client.open(start, options.signal);
  yield proof.page(doc, 1);
  for (let number = 2; !proof.complete; number += 1) {
    const fields = { ...options.fields, p_num: String(number), p_cnt: String(options.pageSize) };
    yield proof.page(
      await nextPage(client, { session, fields, ...(options.signal ? { signal: options.signal } : {}) }),
      number,
    );
  }
}

interface NextPage {
  readonly session: Parameters<PanelClient['readIn']>[0];
  readonly fields: Fields;
  readonly signal?: AbortSignal;
}

async function nextPage(client: PanelClient, next: NextPage): Promise<PanelNode> {
  try {
    return await client.readIn(next.session, next.fields, next.signal);
  } catch (error) {
    if (!(error instanceof PanelReadError) || !error.notLoggedIn) throw error;
    client.forgetSession(next.session);
    throw listNotComplete('the session ended between two pages');
  }
}

export interface SinglePage {
  readonly rows: readonly PanelNode[];
  readonly total: number;
  /** Rows of a full page: the panel's own word, else what was asked for. */
  readonly size: number;
  readonly session: string;
}

/**
 * One page by itself, for a reader that has many under way at once and proves the whole. It is the page asked for and says
 * how many rows there are, or this throws `list-not-complete` (I12).
 */
export async function panelPage(
  client: PanelClient,
  wanted: { readonly fields: Fields; readonly number: number; readonly size: number; readonly signal?: AbortSignal },
): Promise<SinglePage> {
  const fields = { ...wanted.fields, p_num: String(wanted.number), p_cnt: String(wanted.size) };
  const { doc, session } = await client.open(fields, wanted.signal);
  isPage(doc, wanted.number);
  const told = childText(doc, 'p_cnt')?.trim() ?? '';
  return {
    rows: children(doc, 'elem'),
    total: totalOf(doc),
    size: /^[1-9]\d{0,8}$/.test(told) ? Number(told) : wanted.size,
    session: fingerprint(session.id),
  };
}

/** Tells sessions apart and gives none away: an id is long and random, so its hash cannot be guessed back (I11). */
function fingerprint(session: string): string {
  return createHash('sha256').update(session).digest('hex').slice(0, 16);
}

const mostTries = 3;

/** The same as one list; a list that moved while it was read is read again, up to three times. */
export async function panelList(
  client: PanelClient,
  options: PanelListOptions & { readonly onPage?: (page: PanelPage) => void },
): Promise<readonly PanelPage[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const pages: PanelPage[] = [];
      for await (const page of panelPages(client, options)) {
        pages.push(page);
        options.onPage?.(page);
      }
      return pages;
    } catch (error) {
      const moved = error instanceof PanelReadError && error.failure.code === 'list-not-complete';
      if (!moved || tries >= mostTries) throw error;
    }
  }
}

class ListProof {
  readonly #key: string;
  readonly #seen = new Set<string>();
  #read = 0;
  #total: number | undefined;
  #size: string | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  get complete(): boolean {
    return this.#read === this.#total;
  }

  page(doc: PanelNode, number: number): PanelPage {
    const total = this.#sameTotal(doc);
    this.#samePaging(doc, number);
    const rows = children(doc, 'elem');
    if (rows.length === 0 && this.#read < total)
      throw listNotComplete(`page ${number} is empty, ${this.#read} of ${total} rows were read`);
    for (const row of rows) this.#newKey(row);
    this.#read += rows.length;
    if (this.#read > total) throw listNotComplete(`there are more rows than the total of ${total}`);
    return { doc, rows, read: this.#read, total };
  }

  #sameTotal(doc: PanelNode): number {
    const total = totalOf(doc);
    if (this.#total !== undefined && this.#total !== total)
      throw listNotComplete(`the total moved from ${this.#total} to ${total} between two pages`);
    this.#total = total;
    return total;
  }

  #samePaging(doc: PanelNode, number: number): void {
    isPage(doc, number);
    const size = childText(doc, 'p_cnt')?.trim();
    if (this.#size !== undefined && size !== this.#size)
      throw listNotComplete('the page size changed between two pages');
    this.#size = size;
  }

  #newKey(row: PanelNode): void {
    const key = rawText(row, this.#key);
    if (key === undefined || key === '') return; // the adapter reports such a row as malformed
    if (this.#seen.has(key)) throw listNotComplete('a row came twice');
    this.#seen.add(key);
  }
}

function totalOf(doc: PanelNode): number {
  const text = childText(doc, 'p_elems')?.trim() ?? '';
  if (!/^\d{1,9}$/.test(text)) throw listNotComplete('the panel does not say how many rows there are');
  return Number(text);
}

function isPage(doc: PanelNode, number: number): void {
  const told = childText(doc, 'p_num')?.trim();
  if (told !== undefined && told !== '' && told !== String(number))
    throw listNotComplete(`page ${number} was asked for, page ${told} came`);
}
