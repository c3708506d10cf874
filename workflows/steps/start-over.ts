import { allHandlersFinished, workflowInfo } from '@temporalio/workflow';

/** Thrown in a long wait when the history has grown enough: the story continues as new, and the ledger tells it where. */
export class StartOver extends Error {
  constructor() {
    super('the history is long: continuing as new');
    this.name = 'StartOver';
  }
}

/** Grown long by events or by messages, of which a run takes two thousand at most. Never while a caller waits for an answer. */
export function isLong(): boolean {
  return workflowInfo().continueAsNewSuggested && allHandlersFinished();
}

/** Waits that may last for days call this between their rounds, or wait for {@link isLong} too. */
export function startOverWhenLong(): void {
  if (isLong()) throw new StartOver();
}
