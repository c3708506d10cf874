import { CancelledFailure, CancellationScope, condition } from '@temporalio/workflow';
import { failWith } from './waiting.ts';

/** Why a run stops before its end. The first that was accepted wins. */
export type Stop = 'cancelled' | 'abandoned';

export interface Interruption {
  readonly stop: Stop | undefined;
  request(stop: Stop): void;
  /** Past the moment to stop: who asked is passed over, and so is who asks from here on. */
  passOver(): void;
  /** What ends it all the same: its service is being removed. */
  overrule(stop: Stop): void;
}

/**
 * Runs a story so that a cancel never aborts a request already sent: it becomes a value the story looks at between its
 * steps, and everything that follows, the giving back too, runs to its end (design.md 3, "Cancel and abandon").
 */
export async function interruptible<Result>(story: (interruption: Interruption) => Promise<Result>): Promise<Result> {
  let stop: Stop | undefined;
  let past = false;
  const interruption: Interruption = {
    get stop() {
      return stop;
    },
    request(asked) {
      if (!past) stop ??= asked;
    },
    passOver() {
      past = true;
      stop = undefined;
    },
    overrule(by) {
      stop = by;
    },
  };
  CancellationScope.current().cancelRequested.catch(() => interruption.request('cancelled'));
  return CancellationScope.nonCancellable(() => story(interruption));
}

/**
 * Waits in a message handler. A cancel of the run would end the wait with a bare `Cancelled`, while the caller is to hear what
 * becomes of the run: it is stopped, or was past that.
 */
export async function hearOut(holds: () => boolean): Promise<void> {
  await CancellationScope.nonCancellable(() => condition(holds));
}

/** How a stopped run ends: `Cancelled` for Temporal, or a failure of type `Abandoned`. */
export function stopped(stop: Stop, what: string): Error {
  if (stop === 'cancelled') return new CancelledFailure(`${what} was cancelled; nothing of it is held`);
  return failWith({
    code: 'Abandoned',
    message: `${what} was abandoned; its addresses went back`,
    next: 'order it anew when it is wanted after all',
  });
}
