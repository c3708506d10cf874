import { ActivityFailure, ParentClosePolicy, startChild, TimeoutFailure } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { AppliedRows } from '../../activities/sync/apply.ts';
import type { Again } from '../../activities/sync/mend.ts';
import { workflowIds, type SyncView } from '../contract.ts';
import { releaseAddress } from '../release-address.ts';
import { ledger, mending } from './activity-profiles.ts';
import { patiently } from './patience.ts';
import { startOverWhenLong } from './start-over.ts';
import { patienceOf } from './sync-compare.ts';
import { endRun, type SyncDesk } from './sync-run.ts';
import { failureOf, insist, pause } from './waiting.ts';

/** Where an apply stands; goes along when the run continues as new. */
export interface ApplyProgress {
  after: string | null;
  /** Rows the release limit left for the next run. */
  left: number;
  /** Rows to try again, with their locks still ours where something was sent. */
  again: readonly Again[];
  /** All rows of the plan were looked at, and none is left undone. */
  through: boolean;
  /** The longest fence of what was sent: the integration's may be longer by now than when the run began. */
  fenceMs?: number;
}

export function beginApply(): ApplyProgress {
  return { after: null, left: 0, again: [], through: false };
}

/** So many rows of unknown outcome are waited for at once; more, and the plan goes on only after their fence. */
const mostUnclear = 200;

/**
 * The plan, a bounded piece at a time. What came to no clear answer keeps its lock; one durable wait for one fence serves
 * all such rows, and then they are looked at again (unknown is never failed, design.md 3).
 */
export async function apply(desk: SyncDesk, progress: ApplyProgress): Promise<SyncView | undefined> {
  const { stage, interruption } = desk;
  for (;;) {
    // Stopped: what was sent is seen to its end, and what was not is left as it is (design.md 3, "Cancel and abandon").
    if (interruption.stop !== undefined) leaveUnsent(progress);
    if (interruption.stop !== undefined && progress.again.length === 0) return undefined;
    const goesOn = !progress.through && progress.again.length < mostUnclear && interruption.stop === undefined;
    if (!goesOn && progress.again.length > 0) await waitForClear(desk, progress);
    else if (!goesOn) return undefined;
    const failure = await piece(desk, progress, goesOn ? [] : progress.again);
    if (failure !== undefined) return endRun(desk, 'failed', failure);
    if (progress.left > 0 && progress.through && progress.again.length === 0) {
      stage.tell(`${progress.left} releases are over the limit of this run and wait for the next`);
    }
    startOverWhenLong();
  }
}

function leaveUnsent(progress: ApplyProgress): void {
  const sent = progress.again.filter((row) => row.sent);
  if (sent.length < progress.again.length) progress.through = false;
  progress.again = sent;
}

async function waitForClear({ stage, ticket }: SyncDesk, { again, fenceMs = 0 }: ApplyProgress): Promise<void> {
  const sent = again.filter((row) => row.sent).length;
  const most = Math.max(...again.map(({ tries }) => tries));
  if (sent > 0) {
    stage.tell(`${sent} rows without a clear answer: looking again when the fence is over`);
    await pause(
      Math.max(ticket.fenceMs, fenceMs),
      `fence of ${sent} rows of run ${ticket.run}: what was sent may still land`,
    );
  } else {
    const base = ticket.scheduled ? 10_000 : 1_000;
    await pause(Math.min(120_000, base * 2 ** most), `${again.length} rows could not be tried; trying again`);
  }
}

/** One piece; its rows of before when `again` names some. Answers why the apply cannot go on. */
async function piece(
  desk: SyncDesk,
  progress: ApplyProgress,
  again: readonly Again[],
): Promise<SyncView['reason'] | undefined> {
  const { stage, ticket, interruption } = desk;
  const { run, integration, owner, fenceMs, releaseLimit, policyGiven = false } = ticket;
  const what =
    again.length > 0 ? `look again at ${again.length} rows` : `apply rows after ${progress.after ?? 'the start'}`;
  const stopped = () => interruption.stop !== undefined;
  // Rows come again only when the fence of what was sent for them is over.
  let fenced = again.length > 0;
  const call = async (): Promise<AppliedRows> => {
    const { after } = progress;
    for (let lost = 0; ; lost += 1) {
      const settleOnly = stopped();
      // From here on rows are only looked at: what is not done by now stays undone.
      if (settleOnly) progress.through = false;
      const pending = again.length > 0 ? [] : progress.again.map(({ ip }) => ip);
      const about = { run, integration, owner, fenceMs, releaseLimit, policyGiven };
      const request = { ...about, after, again, pending, fenced, settleOnly };
      fenced = false; // a copy that ends without an answer may have sent something
      try {
        return await mending(what).applyRows(request);
      } catch (error) {
        // A worker that died or stalled in the middle may have sent something: first its fence, then the rows again.
        if (!(error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) || lost >= 5) throw error;
        stage.tell(`${what}: not heard of again; waiting for the fence`);
        await pause(Math.max(fenceMs, progress.fenceMs ?? 0), `fence of "${what}": what was sent may still land`);
        fenced = true;
      }
    }
  };
  const tried = await patiently({ stage, what, ms: patienceOf(ticket.scheduled), stopped }, call);
  if ('failure' in tried) return { code: tried.failure.code, message: tried.failure.message };
  await startReleases(desk, tried.answer.startReleases);
  take(progress, tried.answer, again);
  const view = await insist(stage, `look at run ${run}`, () => ledger.showSync(run, 0));
  desk.show(view);
  return undefined;
}

function take(progress: ApplyProgress, applied: AppliedRows, again: readonly Again[]): void {
  progress.left += applied.left;
  progress.fenceMs = Math.max(progress.fenceMs ?? 0, applied.fenceMs ?? 0);
  if (again.length > 0) {
    progress.again = applied.again;
    return;
  }
  progress.after = applied.after;
  progress.again = [...progress.again, ...applied.again];
  progress.through = !applied.more;
}

/** Begun before and never finished: each by its own workflow, joined when it runs, and going on when this one ends. */
async function startReleases({ stage, ticket }: SyncDesk, ips: readonly string[]): Promise<void> {
  if (ips.length === 0) return;
  const rows: { readonly ip: string; readonly failure: string | null }[] = [];
  for (const ip of ips) rows.push({ ip, failure: await startRelease(ip, ticket.run) });
  stage.tell(`${ips.length} releases that were begun before go on by themselves`);
  await insist(stage, 'keep what was started', () => ledger.releasesStarted(ticket.run, rows));
}

async function startRelease(ip: string, run: string): Promise<string | null> {
  try {
    await startChild(releaseAddress, {
      workflowId: workflowIds.releaseAddress(ip),
      args: [{ address: ip, reason: `sync ${run}: its release was begun and not finished` }, { unfinished: true }],
      staticSummary: `finish the release of ${ip}`,
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
    return null;
  } catch (error) {
    return error instanceof WorkflowExecutionAlreadyStartedError ? null : failureOf(error).message;
  }
}
