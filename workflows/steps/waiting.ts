import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  isCancellation,
  patched,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Locked } from '../../activities/locking.ts';
import type { Failure, Reason } from '../domain/failure.ts';
import type { Stage } from './stage.ts';
import { patches } from './patches.ts';
import { startOverWhenLong, startOverWhenLongSince } from './start-over.ts';

/** A durable wait that says what it waits for, and ends early when `until` holds. */
export async function pause(ms: number, summary: string, until: () => boolean = () => false): Promise<void> {
  if (until()) return;
  const scope = new CancellationScope({ cancellable: true, parent: CancellationScope.current() });
  await scope.run(async () => {
    await Promise.race([sleep(ms, { summary }), condition(until)]);
  });
  // The loser of the race: a timer nobody waits for would stay in the Web UI as if it mattered.
  scope.cancel();
}

/**
 * Repeats a step that looks before it acts until it answers. In between the run waits visibly, with the reason (I6): a
 * lock of another run, a panel that does not answer, rights that an operator must give.
 */
export async function insist<Answer extends object>(
  stage: Stage,
  what: string,
  step: () => Promise<Answer | Locked>,
): Promise<Exclude<Answer, Locked>> {
  for (let round = 0; ; round += 1) {
    const tried = await attempt(step);
    if ('answer' in tried) {
      stage.goOn(what);
      return tried.answer as Exclude<Answer, Locked>;
    }
    stage.tell(`${what}: ${tried.reason.message}`);
    // A lock is mostly short: the first waits are not worth an event of their own.
    if (tried.reason.code !== 'locked' || round > 2) stage.wait(tried.reason, what);
    startOverWhenLong();
    const most = tried.reason.code === 'locked' ? 15_000 : 300_000;
    await pause(Math.min(most, 500 * 2 ** Math.min(round, 12)), `${what}: ${tried.reason.message}`.slice(0, 200));
  }
}

async function attempt<Answer extends object>(
  step: () => Promise<Answer | Locked>,
): Promise<{ readonly answer: Answer } | { readonly reason: Reason }> {
  try {
    const answer = await step();
    return isLocked(answer) ? { reason: lockedReason(answer) } : { answer };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { reason: reasonOf(error) };
  }
}

/**
 * A mutation under a lock until its outcome is clear: unknown is waited out for one fence, then the step looks again
 * (unknown is never failed, design.md 3).
 */
export async function untilClear<Answer extends { readonly kind: string }>(
  stage: Stage,
  fence: Fence,
  step: () => Promise<Answer | Locked>,
): Promise<Exclude<Answer, Locked | { readonly kind: 'unknown' }>> {
  const unclear = `${fence.what}: unclear`;
  for (let round = 0; ; round += 1) {
    const answer = await insist<Answer | Unheard>(stage, fence.what, () => step().catch(unheard));
    if (answer.kind !== 'unknown') {
      stage.goOn(unclear);
      return answer as Exclude<Answer, Locked | { readonly kind: 'unknown' }>;
    }
    const { code, message } = (answer as Unheard).failure;
    stage.tell(`${fence.what}: no clear answer; looking again when the fence is over (${message})`);
    // One lost answer is nothing for a person; what stays unclear is, in the panel's own words (I6).
    if (round > 0 && patched(patches.unclearIsShown))
      stage.wait({ code, message: `${fence.what}: ${message}` }, unclear);
    await pause(fence.ms, `fence of ${fence.what}: what was sent may still land`);
    // Behind the fence: the next run begins with a look, which is worth nothing before.
    if (fence.inOneRun !== true) startOverWhenLongSince(patches.unclearStartsOver);
  }
}

interface Fence {
  readonly ms: number;
  readonly what: string;
  /** The ledger does not lead a new run back to this step: it is waited out in this one. */
  readonly inOneRun?: true;
}

interface Unheard {
  readonly kind: 'unknown';
  readonly failure: Failure;
}

/** A worker that died or stalled in the middle may have sent the request: unknown, not failed. */
function unheard(error: unknown): Unheard {
  if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure)
    return { kind: 'unknown', failure: failureOf(error) };
  throw error;
}

/** The failure an activity ended with, as a value; timeouts of the activity itself get words of ours. */
export function failureOf(error: unknown): Failure {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  const cause = wrapped ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const detail = cause.details?.[0] as Failure | undefined;
    return detail ?? { code: cause.type ?? 'failed', message: cause.message, next: 'see the run in the Web UI' };
  }
  if (cause instanceof TimeoutFailure) {
    return { code: 'timed-out', message: 'the step did not end in its time', next: 'see that workers run' };
  }
  return {
    code: 'failed',
    message: cause instanceof Error ? cause.message : 'unknown',
    next: 'see the run in the Web UI',
  };
}

export function reasonOf(error: unknown): Reason {
  const { code, message } = failureOf(error);
  return { code, message };
}

export function failWith(failure: Failure): ApplicationFailure {
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.code,
    nonRetryable: true,
    details: [failure],
  });
}

function isLocked(answer: object): answer is Locked {
  return 'kind' in answer && answer.kind === 'locked';
}

function lockedReason({ by }: Locked): Reason {
  return { code: 'locked', message: `${by.key} is locked by ${by.owner.workflowId} (${by.reason}) since ${by.since}` };
}
