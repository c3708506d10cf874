import type { ServerAnswer } from '../../activities/set-up.ts';
import type { Failure } from '../domain/failure.ts';
import { looking } from './activity-profiles.ts';
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

/** One try: the call, then its task polled by durable timers, never by a busy activity, until the server has ended it. */
export async function tryOnServer(step: ServerStep): Promise<ServerEnd> {
  let answer = await answerOf(() => step.call(step.what));
  while (answer.kind === 'started') {
    const { task, pollMs } = answer;
    await pause(pollMs, `${step.what}: the server works on it (task ${task})`);
    const summary = `ask how task ${task} stands`;
    answer = await answerOf(() => looking(step.requestTimeoutMs, summary).progressOfTask(step.service, task));
    // The look failed, not the task: its outcome is still to come.
    if (answer.kind === 'unknown' || answer.kind === 'not-sent')
      answer = { kind: 'started', task, pollMs: Math.min(60_000, pollMs * 2) };
  }
  switch (answer.kind) {
    case 'done':
    case 'awaiting-report':
      return { kind: answer.kind };
    case 'refused':
      return { kind: 'failed', failure: answer.failure, left: 'nothing' };
    case 'not-sent':
      return { kind: 'failed', failure: answer.failure, left: 'as-before' };
    case 'unknown':
      step.stage.tell(`${step.what}: no clear answer; looking again when the fence is over`);
      await pause(2 * step.requestTimeoutMs, `fence of "${step.what}": what was sent may still land`);
      return { kind: 'failed', failure: answer.failure, left: 'something' };
  }
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
    step.stage.wait({ code: end.failure.code, message: `${step.what}: ${end.failure.message}` }, step.what);
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
