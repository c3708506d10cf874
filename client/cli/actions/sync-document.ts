import type { SyncRun } from '../../../activities/ledger/sync/sync-store.ts';
import type { Ledger } from '../../../activities/ledger/ledger.ts';
import type { Action, Discrepancy } from '../../../workflows/domain/discrepancy.ts';
import type { Outcome as RowOutcome } from '../../../workflows/domain/plan.ts';
import { type ItemView, itemViews, type SyncRunView, syncView } from '../../views/sync.ts';
import type { Session } from '../session.ts';

/** Rows of one kind together: how many, how they ended, and a few of them. */
export interface Group {
  readonly discrepancy: Discrepancy;
  readonly action: Action;
  readonly count: number;
  readonly outcomes: Readonly<Partial<Record<RowOutcome, number>>>;
  /** What did not end well stands first. */
  readonly examples: readonly ItemView[];
}

/** A run with what its plan looks like. `items` is a part; `next` is where the rest begins, `null` at the end. */
export interface SyncDocument extends SyncRunView {
  readonly discrepancies: Readonly<Partial<Record<Discrepancy, number>>>;
  readonly items: readonly ItemView[];
  readonly next: string | null;
  /** Rows of its plan that are not kept any more: of an old run only what was released or occupied is. */
  readonly rowsDropped: number;
}

export interface Page {
  readonly after: string | null;
  readonly limit: number;
}

/** Items in a document unless more are asked for. */
export const shownItems = 100;
const pageRows = 5_000;
const mostExamples = 3;

/** The document of a run and its groups. The whole plan is read once, page by page: it may have a million rows. */
export async function documentOf(
  session: Session,
  run: SyncRun,
  page: Page = { after: null, limit: shownItems },
): Promise<{ readonly document: SyncDocument; readonly groups: readonly Group[] }> {
  const { ledger } = await session.parts();
  const groups = new Groups();
  for await (const items of pagesOf(ledger, run, { after: null, limit: Infinity })) {
    groups.add(items);
    session.progress.say(`reading the plan of ${run.run}: ${groups.rows} rows`);
  }
  const items: ItemView[] = [];
  for await (const some of pagesOf(ledger, run, page)) items.push(...some);
  const last = items.at(-1)?.address ?? null;
  const more = items.length >= page.limit && last !== null && (await hasMore(ledger, run.run, last));
  const document = {
    ...syncView(run, session.config),
    discrepancies: groups.byDiscrepancy(),
    items,
    next: more ? last : null,
    // One that runs may have planned more since it was read.
    rowsDropped: Math.max(0, run.planned - groups.rows),
  };
  return { document, groups: groups.all() };
}

async function* pagesOf(ledger: Ledger, run: SyncRun, { after, limit }: Page): AsyncIterable<readonly ItemView[]> {
  let from = after;
  for (let left = limit; left > 0;) {
    const rows = await ledger.syncs.items(run.run, { after: from, limit: Math.min(left, pageRows) });
    if (rows.length > 0) yield itemViews(run, rows);
    from = rows.at(-1)?.ip ?? null;
    left -= rows.length;
    if (rows.length < pageRows) return;
  }
}

async function hasMore(ledger: Ledger, run: string, after: string): Promise<boolean> {
  return (await ledger.syncs.items(run, { after, limit: 1 })).length > 0;
}

class Groups {
  rows = 0;
  readonly #groups = new Map<string, MutableGroup>();

  add(items: readonly ItemView[]): void {
    this.rows += items.length;
    for (const item of items) this.#groupOf(item).add(item);
  }

  #groupOf({ discrepancy, action }: ItemView): MutableGroup {
    const key = `${discrepancy} ${action}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const made = new MutableGroup(discrepancy, action);
    this.#groups.set(key, made);
    return made;
  }

  byDiscrepancy(): Readonly<Partial<Record<Discrepancy, number>>> {
    const counts: Partial<Record<Discrepancy, number>> = {};
    for (const { discrepancy, count } of this.#groups.values()) {
      counts[discrepancy] = (counts[discrepancy] ?? 0) + count;
    }
    return counts;
  }

  all(): readonly Group[] {
    return [...this.#groups.values()].map((group) => group.plain());
  }
}

class MutableGroup {
  count = 0;
  readonly discrepancy: Discrepancy;
  readonly action: Action;
  readonly #outcomes: Partial<Record<RowOutcome, number>> = {};
  readonly #well: ItemView[] = [];
  readonly #ill: ItemView[] = [];

  constructor(discrepancy: Discrepancy, action: Action) {
    this.discrepancy = discrepancy;
    this.action = action;
  }

  add(item: ItemView): void {
    this.count += 1;
    const { outcome } = item;
    if (outcome !== null) this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    const list = outcome === null || outcome === 'done' ? this.#well : this.#ill;
    if (list.length < mostExamples) list.push(item);
  }

  plain(): Group {
    const { discrepancy, action, count } = this;
    const examples = [...this.#ill, ...this.#well].slice(0, mostExamples);
    return { discrepancy, action, count, outcomes: this.#outcomes, examples };
  }
}
