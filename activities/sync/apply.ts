import { Context as ActivityContext } from '@temporalio/activity';
import type { Failure } from '../../workflows/domain/failure.ts';
import type { Deps } from '../deps.ts';
import { applicationFailure } from '../failures.ts';
import { heartbeating } from '../heartbeat.ts';
import type { RunRef } from '../ledger/records.ts';
import type { PlannedItem, RowOutcome } from '../ledger/sync/sync-store.ts';
import { unlockAddress } from '../locking.ts';
import type { MendDesk, RowEnd } from './desk.ts';
import { mendRow, type Again, type Turn } from './mend.ts';

/** One bounded piece of an apply: ids and counts, never rows. */
export interface ApplyRequest {
  readonly run: string;
  readonly integration: string;
  readonly owner: RunRef;
  readonly fenceMs: number;
  /** The last row of the plan that was looked at. */
  readonly after: string | null;
  /** Rows of before that are to be tried again; then no others are. */
  readonly again: readonly Again[];
  /** Whatever copies of this step sent before is over. */
  readonly fenced: boolean;
  /** The run was stopped: what was sent is looked at, and nothing more is done. */
  readonly settleOnly: boolean;
  readonly releaseLimit: number;
  /** Rows that are to be tried again later: their releases count already, and they are no new ones. Older runs tell none. */
  readonly pending?: readonly string[];
  /** The policy was given for this run alone: that of the integration does not narrow it. */
  readonly policyGiven?: boolean;
}

export interface AppliedRows {
  readonly after: string | null;
  readonly more: boolean;
  readonly again: readonly Again[];
  /** Releases begun before, to be finished by `releaseAddress`. */
  readonly startReleases: readonly string[];
  /** Rows that the release limit left for the next run. */
  readonly left: number;
  /** How long what was sent may still land: the integration's, where it is longer now than when the run began. */
  readonly fenceMs?: number;
}

/** Rows of one piece, so that a kill repeats little and a history grows slowly. */
const batch = 50;
/** A slow panel does fewer in a piece: a person who stops the run waits for one piece at most. */
const pieceMs = 5_000;
const sideBySide = 4;
/** So many rows that could not even be tried mean that the panel is away, not that the rows are bad. */
const awayAfter = 5;

export function syncApplyActivities(deps: Deps) {
  return {
    applyRows: (request: ApplyRequest) =>
      heartbeating((signal) => {
        // An attempt before this one may have sent something a moment ago, whatever the request says of older copies.
        const fenced = request.fenced && ActivityContext.current().info.attempt === 1;
        return applyRows(deps, { ...request, fenced }, signal);
      }),
    /** Their releases run: what becomes of them is theirs to tell. */
    releasesStarted: async (run: string, rows: readonly { readonly ip: string; readonly failure: string | null }[]) => {
      const outcomes = rows.map(({ ip, failure }): RowOutcome => {
        return failure === null
          ? { ip, outcome: 'done', reason: `release/${ip} finishes it` }
          : { ip, outcome: 'failed', reason: failure };
      });
      await deps.ledger.syncs.saveOutcomes(run, outcomes);
      return { saved: outcomes.length };
    },
  };
}

async function applyRows(deps: Deps, request: ApplyRequest, signal: AbortSignal): Promise<AppliedRows> {
  const { desk, releaseLimit } = await deskOf(deps, request);
  const { turns, after, more } = await turnsOf(deps, request);
  const picked = pick(turns, await releasesLeft(deps, { ...request, releaseLimit }, turns));
  const work: Work = { desk, fenced: request.fenced, ends: [] };
  // Rows that come again are all looked at: each has something on its way, or was waited for.
  const until = request.again.length > 0 ? Infinity : performance.now() + pieceMs;
  await pool(
    picked.turns,
    () => signal.aborted || performance.now() > until,
    (turn) => workOn(work, turn),
  );
  if (signal.aborted) throw applicationFailure(stopped, true);
  await adoptAll(work);
  const tooMany = work.ends.length >= awayAfter && work.ends.every(({ end }) => end.kind === 'later');
  const first = work.ends[0]?.end;
  if (tooMany && request.again.length === 0 && first?.kind === 'later') throw applicationFailure(first.failure, true);
  const next = nextOf(turns, picked, work.ends);
  return {
    after: next?.before ?? after,
    more: more || next !== undefined,
    again: work.ends.flatMap(({ turn, end }) => againOf(turn, end)),
    startReleases: work.ends.flatMap(({ turn, end }) => (end.kind === 'start-release' ? [turn.item.ip] : [])),
    left: picked.over.filter((turn) => next === undefined || turns.indexOf(turn) < turns.indexOf(next)).length,
    fenceMs: desk.fenceMs,
  };
}

/**
 * Where the plan goes on before the end of this piece: at a row that time did not suffice for, or at one that was over the
 * release limit, once releases before it came to nothing and took nothing of it.
 */
function nextOf(turns: readonly Planned[], picked: Picked, ends: Work['ends']): Planned | undefined {
  const rest = picked.turns[ends.length];
  const offered = ends.some(cameToNothing) ? picked.over[0] : undefined;
  return turns.find((turn) => turn === rest || turn === offered);
}

function cameToNothing({ turn, end }: Work['ends'][number]): boolean {
  return isNewRelease(turn) && end.kind === 'ended' && (end.outcome === 'denied' || end.outcome === 'changed');
}

interface Planned extends Turn {
  readonly before: string | null;
}

interface Work {
  readonly desk: MendDesk;
  readonly fenced: boolean;
  readonly ends: { readonly turn: Planned; readonly end: RowEnd }[];
}

/** The settings as they are now: a plan does not outlive a narrower wish, nor what is sent a longer fence. */
async function deskOf(
  deps: Deps,
  request: ApplyRequest,
): Promise<{ readonly desk: MendDesk; readonly releaseLimit: number }> {
  const { run, owner, integration, settleOnly } = request;
  const found = await deps.ledger.settings.integrations.find(integration);
  const planned = await deps.ledger.syncs.find(run);
  const installation = await deps.ledger.installation();
  const allOnPurpose = planned?.policy === 'all' && found?.policy === 'all' && found.adminLogin !== null;
  const tagImported = found?.tagImported ?? false;
  const narrowed = request.policyGiven === true ? planned?.policy : found?.policy;
  const intent = { policy: narrowed ?? 'observe', ignoredGroups: new Set(found?.ignoredGroups), installation };
  const samePanel = await deps.ledger.syncs.isOfItsPanel({ run, integration });
  const settings = { allOnPurpose, installation, tagImported, samePanel, intent, login: found?.login ?? null };
  const fenceMs = Math.max(request.fenceMs, found?.fenceMs ?? 0);
  const releaseLimit = Math.min(request.releaseLimit, found?.releaseLimit ?? 0);
  return { desk: { deps, run, owner, integration, fenceMs, settleOnly, ...settings }, releaseLimit };
}

/** The next rows of the plan, or those that come again; with what this run's locks say of a copy before this one. */
async function turnsOf(
  deps: Deps,
  request: ApplyRequest,
): Promise<{ readonly turns: readonly Planned[]; readonly after: string | null; readonly more: boolean }> {
  const { run, after } = request;
  if (request.again.length > 0)
    return { turns: await asTurns(deps, request, await againIn(deps, request)), after, more: true };
  const rows = await deps.ledger.syncs.toApply(run, after, batch);
  const items = rows.map((item, at): Placed => ({ item, before: rows[at - 1]?.ip ?? after, again: undefined }));
  const fresh = items.filter(({ item }) => request.pending?.includes(item.ip) !== true);
  return { turns: await asTurns(deps, request, fresh), after: rows.at(-1)?.ip ?? after, more: rows.length === batch };
}

async function againIn(deps: Deps, { run, owner, again }: ApplyRequest): Promise<readonly Placed[]> {
  const items: Placed[] = [];
  for (const one of again) {
    const [item] = await deps.ledger.syncs.toApply(run, one.before, 1);
    if (item?.ip === one.ip) items.push({ item, before: one.before, again: one });
    else await unlockAddress(deps, one.ip, owner); // a copy of this step kept its outcome already
  }
  return items;
}

interface Placed {
  readonly item: PlannedItem;
  readonly before: string | null;
  readonly again: Again | undefined;
}

async function asTurns(deps: Deps, { owner }: ApplyRequest, items: readonly Placed[]): Promise<readonly Planned[]> {
  const known = await deps.ledger.syncs.lookUp({ ips: items.map(({ item }) => item.ip), tags: [], labels: [] });
  return items.map((one) => {
    const lock = known.locks.get(one.item.ip);
    return { ...one, resumed: lock?.owner.workflowId === owner.workflowId && lock.owner.runId === owner.runId };
  });
}

/** How many more the run may release. The ledger counts: a copy of this step that ended in the middle told nobody. */
async function releasesLeft(deps: Deps, request: ApplyRequest, turns: readonly Planned[]): Promise<number> {
  if (!turns.some(isNewRelease)) return 0;
  return request.releaseLimit - (await deps.ledger.syncs.countReleases(request.run, request.pending ?? []));
}

/** A release that was begun before counts already. */
function isNewRelease({ item, again }: Planned): boolean {
  return item.action === 'release' && again === undefined;
}

interface Picked {
  readonly turns: readonly Planned[];
  readonly over: readonly Planned[];
}

/** Up to the release limit of the run, in address order; what is over it waits for the next run. */
function pick(turns: readonly Planned[], releases: number): Picked {
  const over = turns.filter(isNewRelease).slice(Math.max(0, releases));
  return { turns: turns.filter((turn) => !over.includes(turn)), over };
}

/** The outcome is kept before the lock goes: whoever takes over knows that this row is over. */
async function workOn(work: Work, turn: Planned): Promise<void> {
  const { desk, ends, fenced } = work;
  const { ip } = turn.item;
  // A copy of this step ended in the middle: what it sent may still land, so the row waits out a fence with the others.
  const unheard = turn.resumed && !fenced;
  const end: RowEnd = unheard
    ? { kind: 'sent', why: 'a copy of this step ended in the middle' }
    : await mendRow(desk, turn);
  ends.push({ turn, end });
  if (end.kind === 'ended') {
    await desk.deps.ledger.syncs.saveOutcomes(desk.run, [{ ip, outcome: end.outcome, reason: end.reason }]);
  }
  if (end.kind !== 'sent' && end.kind !== 'adopt') await unlockAddress(desk.deps, ip, desk.owner);
}

/** PTRs the ledger takes over: one transaction for all, with their outcomes; then their locks go. */
async function adoptAll({ desk, ends }: Work): Promise<void> {
  const rows = ends.flatMap(({ turn, end }) =>
    end.kind === 'adopt' ? [{ ip: turn.item.ip, version: end.version, ptr: end.ptr }] : [],
  );
  if (rows.length === 0) return;
  await desk.deps.ledger.syncs.adoptPtrs({ run: desk.run, rows, by: desk.owner });
  for (const { ip } of rows) await unlockAddress(desk.deps, ip, desk.owner);
}

function againOf({ item, before, again }: Planned, end: RowEnd): readonly Again[] {
  if (end.kind !== 'sent' && end.kind !== 'later') return [];
  const sent = end.kind === 'sent';
  return [
    {
      ip: item.ip,
      before,
      tries: (again?.tries ?? 0) + 1,
      sent: sent || again?.sent === true,
      extra: (sent ? end.extra : undefined) ?? again?.extra ?? null,
      why: sent ? end.why : end.failure.message,
    },
  ];
}

/** A few at a time; none is begun once the activity is to stop. The first error ends it when those under way are over. */
async function pool<Item>(
  items: readonly Item[],
  over: () => boolean,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  let failed: { readonly error: unknown } | undefined;
  const one = async (): Promise<void> => {
    for (const item of waiting) {
      if (over() || failed !== undefined) return;
      try {
        await work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, one));
  if (failed !== undefined) throw failed.error;
}

const stopped: Failure = {
  code: 'worker-stopped',
  message: 'the worker was stopped in the middle of a piece of the plan',
  next: 'nothing: the next worker goes on there',
};
