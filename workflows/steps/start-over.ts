import { allHandlersFinished, workflowInfo } from '@temporalio/workflow';

/** Thrown in a long wait when the history has grown enough: the story continues as new, and the ledger tells it where. */
export class StartOver extends Error {
  constructor() {
    super('the history is long: continuing as new');
    this.name = 'StartOver';
  }
}

/** Waits that may last for days call this between their rounds. Never while a caller waits for an answer. */
export function startOverWhenLong(): void {
  if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) throw new StartOver();
}
