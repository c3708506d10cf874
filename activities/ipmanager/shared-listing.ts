import type { Mark } from '../../workflows/domain/tag.ts';
import { ownership } from '../../workflows/domain/tag.ts';
import type { IpManager, Listing, ListedRow } from './ip-manager.ts';

/**
 * Finding by tag means reading the whole list, and many orders may look at once, after one outage. So one listing serves
 * all that asked before it began: whoever asks while one is under way waits for the next, because what is under way may
 * have begun before that order's fence was over (design.md 3, step 3).
 */
export interface SharedListings {
  /** Addresses held with this mark. None is said only after two complete listings, or one that fitted one page. */
  find(panel: IpManager, mark: Mark, signal: AbortSignal): Promise<readonly string[]>;
}

interface Line {
  running: Promise<Listing>;
  next: Promise<Listing> | undefined;
}

export function sharedListings(): SharedListings {
  const lines = new Map<IpManager, Line>();

  /** A listing that begins after this call. No signal goes in: it serves others too. */
  function fresh(panel: IpManager): Promise<Listing> {
    const line = lines.get(panel);
    if (line === undefined) return start(panel);
    line.next ??= line.running.then(
      () => start(panel),
      () => start(panel),
    );
    return line.next;
  }

  function start(panel: IpManager): Promise<Listing> {
    const running = panel.list();
    const line: Line = { running, next: undefined };
    lines.set(panel, line);
    const done = () => {
      if (lines.get(panel) === line && line.next === undefined) lines.delete(panel);
    };
    running.then(done, done);
    return running;
  }

  return {
    async find(panel, mark, signal) {
      const first = await fresh(panel);
      const found = marked(first.rows, mark);
      if (found.length > 0 || first.pages <= 1) return found;
      signal.throwIfAborted();
      return marked((await fresh(panel)).rows, mark);
    },
  };
}

function marked(rows: readonly ListedRow[], mark: Mark): readonly string[] {
  return rows.flatMap((row) =>
    'ip' in row && row.state === 'held' && ownership(row, mark) === 'ours' ? [row.ip] : [],
  );
}
