import type { Failure } from '../../workflows/domain/failure.ts';

/** What one mutation may still take. */
export interface MutationTime {
  readonly timeoutMs: number;
  readonly sendWithinMs: number;
}

/**
 * What is left for a mutation of a call that began then: it leaves within the first half of the request timeout and is
 * over at its end, so that a fence of twice that time can hold. Nothing when the first half is gone.
 */
export function mutationTime(requestTimeoutMs: number, began: number): MutationTime | undefined {
  const elapsed = performance.now() - began;
  const sendWithinMs = requestTimeoutMs / 2 - elapsed;
  return sendWithinMs > 0 ? { timeoutMs: requestTimeoutMs - elapsed, sendWithinMs } : undefined;
}

/** Why a mutation was not sent. */
export const sentTooLate: Failure = {
  code: 'panel-too-slow',
  message: 'Nothing was sent: what comes before it took more than half of the request timeout',
  next: 'It is tried again; --request-timeout gives the panel more time.',
};
