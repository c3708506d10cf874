import { allHandlersFinished, condition, patched, workflowInfo } from '@temporalio/workflow';
import { patches } from './patches.ts';

/** Thrown in a long wait when the history has grown enough: the story continues as new, and the ledger tells it where. */
export class StartOver extends Error {
  constructor() {
    super('the history is long: continuing as new');
    this.name = 'StartOver';
  }
}

/** Waits that may last for days call this between their rounds. */
export function startOverWhenLong(): void {
  if (isLong()) throw new StartOver();
}

/** The same for a wait in which versions before did not. */
export function startOverWhenLongSince(patch: string): void {
  if (isLong() && patched(patch)) throw new StartOver();
}

/** A wait for a person, without rounds: messages alone, of which a run takes two thousand at most, may make it start over. */
export async function untilTold(told: () => boolean): Promise<void> {
  await condition(() => told() || isLong());
  if (!told() && patched(patches.toldStartsOver)) startOverWhenLong();
  await condition(told);
}

/** Never while a caller waits for an answer. */
function isLong(): boolean {
  return workflowInfo().continueAsNewSuggested && allHandlersFinished();
}
