import { isCancellation } from '@temporalio/workflow';
import type { Failure } from '../domain/failure.ts';
import type { Stage } from './stage.ts';
import { failureOf, pause } from './waiting.ts';

export interface Patience {
  readonly stage: Stage;
  readonly what: string;
  /** How long failures in a row are put up with. */
  readonly ms: number;
  readonly stopped: () => boolean;
}

/**
 * Like `insist`, for work that must not wait for ever: a panel that stays away ends the run with that reason, and the
 * next night tries anew.
 */
export async function patiently<Answer>(
  { stage, what, ms, stopped }: Patience,
  step: () => Promise<Answer>,
): Promise<{ readonly answer: Answer } | { readonly failure: Failure }> {
  const began = Date.now();
  for (let round = 0; ; round += 1) {
    try {
      const answer = await step();
      stage.goOn(what);
      return { answer };
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(error);
      stage.tell(`${what}: ${failure.message}`);
      if (stopped() || Date.now() - began >= ms) return { failure };
      stage.wait({ code: failure.code, message: failure.message }, what);
      await pause(
        Math.min(120_000, 5_000 * 2 ** Math.min(round, 6)),
        `${what}: ${failure.message}`.slice(0, 200),
        stopped,
      );
    }
  }
}
