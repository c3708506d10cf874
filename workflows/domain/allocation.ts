import {
  endedUnknown,
  inConflict,
  inQuarantine,
  notGiven,
  ofOtherFamily,
  onlyConflicts,
  onlyQuarantined,
  readWithoutTag,
  tagNotKept,
} from './allocation-failures.ts';
import type { ClaimEvent, Event, Step } from './allocation-steps.ts';
import type { Failure } from './failure.ts';

/**
 * The protocol of one allocation as a value and a function: what was seen so far, and what follows from the next event
 * (design.md 3, steps 2 to 7). The workflow performs the step, hands the event back, and decides nothing itself.
 *
 *   request ── allocated ─────────────► claim ── claimed ──► write-ptr ── written ──► done
 *      │  └─── unknown ──► fence ──► find ── found ──►┘ ├─ in use ──► mark ──► request
 *      │                              └─ nothing ──► request
 *      └── refused ──► close                            ├─ withheld (parked) ──► request
 *                                                       └─ not ours ──► fence ──► find
 *
 * Its steps and events are in `allocation-steps.ts`.
 */

export interface Limits {
  /** Requests that led to nothing: not found, not sent, withheld. */
  readonly maxAttempts: number;
  readonly maxConflicts: number;
}

export interface Progress {
  readonly step: Step;
  readonly limits: Limits;
  /** The particular address asked for: refused, never replaced. */
  readonly wanted: string | null;
  /** Requests begun, by any run of this order: the ledger numbers them. */
  readonly attempt: number;
  readonly fruitless: number;
  /** Panel not reached, in a row. */
  readonly unreached: number;
  readonly conflicts: readonly string[];
  /** Of these, what is on a service of another integration: it stays held, and nothing is written on it. */
  readonly unmarked: readonly string[];
  /** Carry our tag beside the first found: next in line, or given back. */
  readonly spare: readonly string[];
  /** What the order keeps, once its PTR is written. */
  readonly kept: string | undefined;
  /** Answered by the panel, but without our tag when read. */
  readonly strays: readonly string[];
  /** Something sent since the last proof may still turn up. */
  readonly unsettled: boolean;
  /** Some outcome was unknown at some time: look once more before closing. */
  readonly doubted: boolean;
  readonly lookedLast: boolean;
  /** What the order ends with, unless the last look finds an address after all. */
  readonly closing: Failure | undefined;
  /** What it ends with whatever is found. */
  readonly ending: Failure | undefined;
  /** The address was held before this run began. */
  readonly heldBefore: boolean;
  /** What else the panel gives than the one asked for goes back. Runs of former code kept it. */
  readonly exact: boolean;
}

/** `attempts` of earlier runs: their outcome is unknown, so they are looked for before anything is sent (I7). */
export function begin(order: {
  readonly attempts: number;
  readonly wanted: string | null;
  readonly limits: Limits;
}): Progress {
  const again = order.attempts > 0;
  return {
    step: again ? { do: 'fence' } : { do: 'request', attempt: 1, freshSession: false },
    limits: order.limits,
    wanted: order.wanted,
    attempt: again ? order.attempts : 1,
    fruitless: 0,
    unreached: 0,
    conflicts: [],
    unmarked: [],
    spare: [],
    kept: undefined,
    strays: [],
    unsettled: again,
    doubted: again,
    lookedLast: false,
    closing: undefined,
    ending: undefined,
    heldBefore: false,
    exact: true,
  };
}

/** An order that holds its address already goes on at its first undone step. */
export function resume(ip: string, limits: Limits): Progress {
  const fresh = begin({ attempts: 0, wanted: null, limits });
  return { ...fresh, attempt: 0, heldBefore: true, step: { do: 'write-ptr', ip } };
}

/** `stop`: the run was cancelled or abandoned, or another of its orders was refused. */
export function advance(progress: Progress, event: Event, stop: boolean): Progress {
  switch (event.kind) {
    case 'allocated':
      return afterGift({ ...progress, unreached: 0 }, event.ip, stop);
    case 'refused':
      return onward({ ...progress, closing: event.failure }, stop);
    case 'not-logged-in':
      return afterLogin(progress, event.failure, stop);
    case 'not-sent':
      return afterUnsent(progress, event.failure, stop);
    case 'unknown':
      return fence({ ...progress, fruitless: progress.fruitless + 1, unreached: 0, doubted: true });
    case 'fence-over':
      return { ...progress, step: { do: 'find' } };
    case 'found':
      return afterLook({ ...progress, unsettled: false }, event.ips, stop);
    case 'ptr-written':
      return afterPtr(progress, stop);
    case 'ptr-refused':
      return letGo({ ...progress, ending: event.failure }, heldBy(progress.step));
    case 'given-back':
      return onward(withStrays(progress, event.strays), stop);
    case 'backed-off':
    case 'marked':
      return onward(progress, stop);
    case 'claimed':
    case 'not-ours':
    case 'tag-cut':
    case 'withheld':
    case 'wrong-family':
    case 'removing':
    case 'in-use':
    case 'extra':
      return afterClaim(progress, event, stop);
  }
}

function afterGift(progress: Progress, ip: string, stop: boolean): Progress {
  if (stop) return giveBack(progress, [ip]);
  const other = notAsked(progress, [ip]);
  return other === undefined ? claim(progress, ip) : giveBack({ ...progress, ending: other }, [ip]);
}

/** A particular address is refused, never replaced: also not by a panel that does not heed what it was asked for. */
function notAsked({ wanted, exact }: Progress, ips: readonly string[]): Failure | undefined {
  const [first] = ips;
  if (wanted === null || !exact || first === undefined || ips.includes(wanted)) return undefined;
  return notGiven(wanted, first);
}

/** Step 3: `ips` carry our tag, proven. One is adopted, the others wait as spares. */
function afterLook(progress: Progress, ips: readonly string[], stop: boolean): Progress {
  if (ips.length > 0 && (stop || progress.ending !== undefined)) return giveBack(progress, ips);
  const other = notAsked(progress, ips);
  if (other !== undefined) return giveBack({ ...progress, ending: other }, ips);
  const asked = ips.filter((ip) => progress.exact && ip === progress.wanted);
  const [first, ...spare] = [...asked, ...ips.filter((ip) => !asked.includes(ip))];
  if (first !== undefined) return claim({ ...progress, spare, closing: undefined, lookedLast: false }, first);
  // Twice answered without our tag on it is no chance: this panel keeps none.
  if (progress.strays.length > 1)
    return onward({ ...progress, ending: progress.ending ?? tagNotKept(progress.strays) }, stop);
  return onward(progress, stop);
}

/** One that was left alone before tells nothing new: it does not ask for another look. */
function withStrays(progress: Progress, strays: readonly string[]): Progress {
  const found = strays.filter((ip) => !progress.strays.includes(ip));
  return { ...progress, strays: [...progress.strays, ...found], unsettled: progress.unsettled || found.length > 0 };
}

/** Steps 4 and 5: what the claim of one address said. */
function afterClaim(progress: Progress, event: ClaimEvent, stop: boolean): Progress {
  const [ip = ''] = heldBy(progress.step);
  switch (event.kind) {
    case 'claimed':
      return stop ? giveBack(progress, [ip]) : { ...progress, step: { do: 'write-ptr', ip } };
    case 'not-ours': {
      const noted = { ...withStrays(progress, [ip]), fruitless: progress.fruitless + 1, doubted: true };
      return fence(spent(noted) ? { ...noted, ending: readWithoutTag(ip) } : noted);
    }
    case 'tag-cut':
      return giveBack({ ...progress, ending: tagNotKept([ip]) }, [ip]);
    case 'wrong-family':
      return giveBack({ ...progress, ending: ofOtherFamily(ip) }, [ip]);
    case 'removing':
      return giveBack({ ...progress, ending: event.failure }, [ip]);
    case 'extra':
      return claim({ ...progress, spare: [...progress.spare, ip] }, event.has);
    case 'withheld':
      return onward(afterWithheld({ ...progress, fruitless: progress.fruitless + 1 }, ip), stop);
    case 'in-use': {
      const noted = afterConflict(withConflict(progress, ip, event.mark), ip);
      return event.mark ? { ...noted, step: { do: 'mark', ip } } : onward(noted, stop);
    }
  }
}

function withConflict({ conflicts, unmarked, ...rest }: Progress, ip: string, mark: boolean): Progress {
  return { ...rest, conflicts: [...conflicts, ip], unmarked: mark ? unmarked : [...unmarked, ip] };
}

function afterConflict(progress: Progress, ip: string): Progress {
  if (progress.wanted !== null) return { ...progress, ending: inConflict(ip) };
  const tooMany = progress.conflicts.length >= progress.limits.maxConflicts;
  return tooMany ? { ...progress, ending: onlyConflicts(progress.conflicts, progress.unmarked) } : progress;
}

function afterWithheld(progress: Progress, ip: string): Progress {
  if (progress.wanted !== null) return { ...progress, ending: inQuarantine(ip) };
  return spent(progress) ? { ...progress, ending: onlyQuarantined(progress.fruitless) } : progress;
}

/** `access` and `auth` had no effect: once more on a fresh session, and the same answer there is a clear refusal. */
function afterLogin(progress: Progress, failure: Failure, stop: boolean): Progress {
  const wasFresh = progress.step.do === 'request' && progress.step.freshSession;
  if (wasFresh || stop) return onward({ ...progress, closing: failure }, stop);
  const attempt = progress.attempt + 1;
  return { ...progress, attempt, step: { do: 'request', attempt, freshSession: true } };
}

function afterUnsent(progress: Progress, failure: Failure, stop: boolean): Progress {
  const noted = { ...progress, fruitless: progress.fruitless + 1, unreached: progress.unreached + 1 };
  if (stop) return onward(noted, stop);
  return spent(noted)
    ? onward({ ...noted, closing: failure }, stop)
    : { ...noted, step: { do: 'back-off', round: noted.unreached } };
}

function afterPtr(progress: Progress, stop: boolean): Progress {
  const [ip = ''] = heldBy(progress.step);
  if (stop) return letGo(progress, [ip]);
  const kept = { ...progress, kept: ip };
  return progress.spare.length > 0 ? giveBack(kept, []) : { ...kept, step: { do: 'done', ip } };
}

/** What follows when a step is out of the way: the kept address, a spare, the end, or the next request. */
function onward(progress: Progress, stop: boolean): Progress {
  if (progress.kept !== undefined) return { ...progress, step: { do: 'done', ip: progress.kept } };
  const [next, ...spare] = progress.spare;
  if (stop || progress.ending !== undefined) return next === undefined ? finish(progress) : giveBack(progress, []);
  if (next !== undefined) return claim({ ...progress, spare }, next);
  if (progress.closing !== undefined) return finish(progress);
  if (spent(progress)) return finish({ ...progress, closing: endedUnknown(progress.attempt) });
  const attempt = progress.attempt + 1;
  return { ...progress, attempt, step: { do: 'request', attempt, freshSession: false } };
}

/** The end without an address. What may still turn up is looked for first; what lands later is the sync's orphan. */
function finish(progress: Progress): Progress {
  const failure = progress.ending ?? progress.closing;
  const lookOnce = failure !== undefined && progress.doubted && !progress.lookedLast;
  if (progress.unsettled || lookOnce) return fence({ ...progress, lookedLast: true });
  return { ...progress, step: failure === undefined ? { do: 'stopped' } : { do: 'close', failure } };
}

function fence(progress: Progress): Progress {
  return { ...progress, unsettled: true, step: { do: 'fence' } };
}

function claim(progress: Progress, ip: string): Progress {
  return { ...progress, step: { do: 'claim', ip } };
}

function giveBack(progress: Progress, ips: readonly string[]): Progress {
  return { ...progress, spare: [], step: { do: 'give-back', ips: [...ips, ...progress.spare] } };
}

/** An address that is not kept after all: only one that this run took can be on no server yet. */
function letGo(progress: Progress, [ip = '']: readonly string[]): Progress {
  if (!progress.heldBefore) return giveBack(progress, [ip]);
  return { ...progress, step: { do: 'hand-back', ip, failure: progress.ending } };
}

function spent(progress: Progress): boolean {
  return progress.fruitless >= progress.limits.maxAttempts;
}

function heldBy(step: Step): readonly string[] {
  return 'ip' in step ? [step.ip] : [];
}
