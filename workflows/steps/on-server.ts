import { patched } from '@temporalio/workflow';
import type { ServerAnswer } from '../../activities/set-up.ts';
import type { Failure } from '../domain/failure.ts';
import { ledger, reading } from './activity-profiles.ts';
import { patches } from './patches.ts';
import type { Stage } from './stage.ts';
import { startOverWhenLong } from './start-over.ts';
import { failureOf, pause } from './waiting.ts';

/** A step on a server, in the server's own time. */
export interface ServerStep {
  readonly stage: Stage;
  readonly service: string;
  /** What is done, for the Web UI: "set up s1 on node-3 with 192.0.2.1". */
  readonly what: string;
  readonly requestTimeoutMs: number;
  readonly call: (what: string) => Promise<ServerAnswer>;
}

export type ServerEnd =
  | { readonly kind: 'done' | 'awaiting-report' }
  /** `left`: whether something of it may stand on the server; a try that was not sent leaves that as it was. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly left: 'nothing' | 'something' | 'as-before' };

/** How long a task is asked about before its silence is a failure: a large template takes half an hour to install. */
const taskPatienceMs = 3_600_000;
const longestPollMs = 30_000;
/** A step that needs more tasks than this, one after the other, goes in circles. */
const mostTasks = 12;

/**
 * One try: the call, then its task polled by durable timers, never by a busy activity, until the server has ended it. A
 * task that ended well is followed by the same call: it looks, finds what is there, and goes on with what is still to be
 * done.
 */
export async function tryOnServer(step: ServerStep): Promise<ServerEnd> {
  for (let tasks = 0; ; tasks += 1) {
    const answer = await answerOf(() => step.call(step.what));
    if (answer.kind !== 'started') return endOf(step, answer);
    if (tasks === mostTasks) return { kind: 'failed', failure: inCircles(step), left: 'something' };
    step.stage.tell(`${step.what}: the server works on it (task ${answer.task})`);
    const ended = await followTask(step, answer);
    if (ended.kind !== 'done') return endOf(step, ended);
  }
}

type Started = Extract<ServerAnswer, { kind: 'started' }>;
type Ended = Exclude<ServerAnswer, Started>;

/** Asks how a task stands, less and less often, until it has ended or our patience has. */
async function followTask(step: ServerStep, { task, pollMs }: Started): Promise<Ended> {
  const until = Date.now() + taskPatienceMs;
  for (let wait = pollMs; Date.now() < until; wait = Math.min(longestPollMs, wait * 1.3)) {
    await pause(Math.round(wait), `${step.what}: the server works on it (task ${task})`);
    const summary = `ask how task ${task} stands`;
    const answer = await answerOf(() => reading(step.requestTimeoutMs, summary).progressOfTask(step.service, task));
    // The look failed, not the task: its outcome is still to come.
    if (answer.kind !== 'started' && answer.kind !== 'unknown' && answer.kind !== 'not-sent') return answer;
  }
  return { kind: 'task-failed', failure: withoutEnd(task) };
}

async function endOf(step: ServerStep, answer: Ended): Promise<ServerEnd> {
  switch (answer.kind) {
    case 'done':
    case 'awaiting-report':
      return { kind: answer.kind };
    case 'refused':
      return { kind: 'failed', failure: answer.failure, left: answer.unseen === true ? 'as-before' : 'nothing' };
    case 'task-failed':
      return { kind: 'failed', failure: answer.failure, left: 'something' };
    case 'not-sent':
      return { kind: 'failed', failure: answer.failure, left: 'as-before' };
    case 'unknown':
      await waitFence(step, answer.failure);
      return { kind: 'failed', failure: answer.failure, left: 'something' };
  }
}

/** Until nothing that was sent can land any more, visibly (I6); where there is no panel nothing was sent. */
async function waitFence({ stage, service, what, requestTimeoutMs }: ServerStep, failure: Failure): Promise<void> {
  const shown = patched(patches.serverFenceIsShown);
  const fence = `${what}: fence`;
  // No answer is no reason to go on: a new run would not know of the fence.
  if (shown && !(await ledger.hasPanel(service).catch(() => ({ yes: true }))).yes) return;
  stage.tell(`${what}: no clear answer; looking again when the fence is over`);
  const message = `${what}: looking again when the fence is over: ${failure.message}`;
  if (shown) stage.wait({ code: failure.code, message }, fence);
  await pause(2 * requestTimeoutMs, `fence of "${what}": what was sent may still land`);
  if (shown) stage.goOn(fence);
}

function withoutEnd(task: string): Failure {
  return {
    code: 'server-task-without-end',
    message: `the server has worked on task ${task} for an hour and has not ended it`,
    next: 'Look at the task in the panel; what it made is looked for before anything is made again.',
  };
}

function inCircles({ what }: ServerStep): Failure {
  return {
    code: 'server-goes-in-circles',
    message: `${what}: the server ended ${mostTasks} tasks for it, and it is still not done`,
    next: 'Look at the service in the panel.',
  };
}

/** Until the server has done it: a look before each act makes the repeat harmless; in between the run waits visibly. */
export async function untilDone(step: ServerStep, until: () => boolean = () => false): Promise<'done' | 'stopped'> {
  for (let round = 0; ; round += 1) {
    const end = await tryOnServer(step);
    if (end.kind !== 'failed') {
      step.stage.goOn(step.what);
      return 'done';
    }
    if (until()) {
      step.stage.goOn(step.what);
      return 'stopped';
    }
    step.stage.tell(`${step.what}: ${end.failure.message}`);
    const reason = { code: end.failure.code, message: `${step.what}: ${end.failure.message}` };
    step.stage.wait(reason, step.what);
    await step.stage.note?.(reason);
    startOverWhenLong();
    const summary = `${step.what}: ${end.failure.message}`.slice(0, 200);
    await pause(Math.min(300_000, 1_000 * 2 ** Math.min(round, 9)), summary, until);
  }
}

async function answerOf(call: () => Promise<ServerAnswer>): Promise<ServerAnswer> {
  try {
    return await call();
  } catch (error) {
    // A worker that died in the middle, or a time that ran out: the server may have done it.
    return { kind: 'unknown', failure: failureOf(error) };
  }
}
