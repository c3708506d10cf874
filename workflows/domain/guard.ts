import type { Reason } from './failure.ts';
import { changesOf, type Counts } from './plan.ts';

/** What decides over a finished plan, before the first write (design.md 5). All thresholds are per integration. */
export interface Thresholds {
  /** Refused when either side fell by more than max(`shrinkRows`, `shrinkPercent` %) since the last good run. */
  readonly shrinkRows: number;
  readonly shrinkPercent: number;
  /** A person is asked when one kind of action is planned more than max(`askRows`, `askPercent` % of the ledger) times. */
  readonly askRows: number;
  readonly askPercent: number;
}

export const defaultThresholds: Thresholds = { shrinkRows: 10, shrinkPercent: 5, askRows: 10, askPercent: 1 };

export interface Situation {
  readonly proven: boolean;
  /** Why it is not, where that is known. */
  readonly unproven?: string;
  readonly remoteCount: number;
  readonly ledgerCount: number;
  /** Of the last good run of the same login. */
  readonly baseline: { readonly remoteCount: number; readonly ledgerCount: number } | null;
  /** What we did ourselves since then: to be taken out of what fell. */
  readonly own: OwnChanges;
  readonly counts: Counts;
  /** Some plan of this integration was approved before. */
  readonly everApproved: boolean;
  readonly thresholds: Thresholds;
}

/**
 * Confirmed changes of our own hand, each side by itself: what a sync gives back was never in use here, what it occupies
 * was all the time, and an address leaves its service before it leaves IPmanager.
 */
export interface OwnChanges {
  readonly remote: OwnOfSide;
  readonly ledger: OwnOfSide;
}

export interface OwnOfSide {
  readonly released: number;
  /** Taken: they must not hide what others lost. */
  readonly taken: number;
}

export const noOwnChanges: OwnChanges = { remote: { released: 0, taken: 0 }, ledger: { released: 0, taken: 0 } };

export type Verdict =
  | { readonly verdict: 'apply'; readonly reason: null }
  | {
      readonly verdict: 'needs-approval' | 'refuse';
      readonly reason: Reason;
    };

/** Decides over a finished plan. All reasons are named, with their figures; the code is that of the first. */
export function decide(situation: Situation): Verdict {
  const refused = refusals(situation);
  if (refused.length > 0) return { verdict: 'refuse', reason: together(refused) };
  const asks = questions(situation);
  return asks.length > 0 ? { verdict: 'needs-approval', reason: together(asks) } : { verdict: 'apply', reason: null };
}

/** Unknown is never empty (I12): a list that may be short concludes nothing. */
function refusals(situation: Situation): readonly Reason[] {
  const { proven, unproven, remoteCount, ledgerCount, baseline, own } = situation;
  if (!proven) {
    return [{ code: 'list-not-proven', message: `the list was not proven complete: ${unproven ?? 'no reason known'}` }];
  }
  const found: Reason[] = [];
  if (remoteCount === 0 && ledgerCount > 0) {
    const message = `IPmanager's list is empty, and the ledger has ${addresses(ledgerCount)} in use`;
    found.push({ code: 'list-empty', message });
  }
  if (baseline === null) return found;
  const sides = [
    {
      code: 'remote-shrank',
      name: "IPmanager's list",
      before: baseline.remoteCount,
      now: remoteCount,
      own: own.remote,
    },
    { code: 'ledger-shrank', name: 'the ledger', before: baseline.ledgerCount, now: ledgerCount, own: own.ledger },
  ];
  return [...found, ...sides.flatMap((side) => shrinkage(side, situation.thresholds))];
}

interface Side {
  readonly code: string;
  readonly name: string;
  readonly before: number;
  readonly now: number;
  readonly own: OwnOfSide;
}

function shrinkage({ code, name, before, now, own }: Side, thresholds: Thresholds): readonly Reason[] {
  const expected = before + own.taken - own.released;
  const fell = expected - now;
  const figures = `${name} had ${addresses(before)} at the last good run and has ${now} now`;
  const without = `${fell} fewer without our own changes since (${own.released} released, ${own.taken} taken)`;
  if (now === 0 && expected > 0) return [{ code, message: `${figures}: nothing is left, ${without}` }];
  const limit = greater(thresholds.shrinkRows, thresholds.shrinkPercent, before);
  if (fell <= limit.rows) return [];
  return [{ code, message: `${figures}: ${without}, and at most ${limit.words} is believed` }];
}

function questions({ counts, ledgerCount, everApproved, thresholds }: Situation): readonly Reason[] {
  const kinds = [
    { name: 'releases', count: counts.release ?? 0 },
    { name: 'occupations', count: counts.occupy ?? 0 },
    { name: 'PTR changes', count: (counts['adopt-ptr'] ?? 0) + (counts['write-ptr'] ?? 0) },
    { name: 'tags', count: counts.tag ?? 0 },
  ];
  const limit = greater(thresholds.askRows, thresholds.askPercent, ledgerCount);
  const many = kinds
    .filter(({ count }) => count > limit.rows)
    .map(({ name, count }) => ({
      code: 'many-changes',
      message: `${count} ${name} are planned; a person is asked above ${limit.words}`,
    }));
  const planned = changesOf(counts);
  if (everApproved || planned === 0) return many;
  const message = `no plan against this panel was approved yet; this one has ${planned} change${planned === 1 ? '' : 's'}`;
  return [{ code: 'first-plan', message }, ...many];
}

/** The greater of a number of rows and a share of a whole, and how it is said. Not rounded: 10.5 lets 10 pass, not 11. */
function greater(rows: number, percent: number, whole: number): { readonly rows: number; readonly words: string } {
  const share = (whole * percent) / 100;
  const most = Math.max(rows, share);
  return { rows: most, words: `${Math.floor(most)} (the greater of ${rows} and ${percent} % of ${whole})` };
}

function addresses(count: number): string {
  return count === 1 ? '1 address' : `${count} addresses`;
}

function together(reasons: readonly Reason[]): Reason {
  return { code: reasons[0]?.code ?? 'unknown', message: reasons.map(({ message }) => message).join('; ') };
}
