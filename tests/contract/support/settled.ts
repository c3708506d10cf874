import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerModule, ServerOutcome } from '../../../activities/servers/server-module.ts';

type Call = () => Promise<ServerOutcome>;
type Ended = Exclude<ServerOutcome, { kind: 'started' }>;

/** As the workflow does: follows the tasks, calling again after each that ended well. */
export async function settled(module: ServerModule, call: Call): Promise<Ended> {
  for (let tasks = 0; tasks < 12; tasks += 1) {
    const answer = await call();
    if (answer.kind !== 'started') return answer;
    const ended = await followed(module, answer.task);
    if (ended.kind !== 'done') return ended;
  }
  throw new Error('more tasks than any step needs');
}

/** Asks until the task has ended; a look that failed says nothing about the task. */
async function followed(module: ServerModule, task: string): Promise<Ended> {
  for (let looks = 0; looks < 500; looks += 1) {
    const answer = await module.progressOf(task);
    if (answer.kind !== 'started' && answer.kind !== 'unknown' && answer.kind !== 'not-sent') return answer;
    await sleep(10);
  }
  throw new Error(`task ${task} did not end`);
}

/** As the workflow does: waits one fence after an unclear outcome, and calls again. */
export async function untilClear(module: ServerModule, call: Call, fence: () => Promise<void>): Promise<Ended> {
  let outcome = await settled(module, call);
  for (let tries = 0; tries < 12 && (outcome.kind === 'unknown' || outcome.kind === 'not-sent'); tries += 1) {
    await fence();
    outcome = await settled(module, call);
  }
  return outcome;
}
