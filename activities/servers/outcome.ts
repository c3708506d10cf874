import type { Failure } from '../../workflows/domain/failure.ts';
import { PanelReadError } from '../http/panel-read-error.ts';
import { ServerError, type ServerOutcome } from './server-module.ts';

/** What a panel's client says of a mutation that did not go through. */
interface PanelNo {
  readonly kind: 'refused' | 'not-logged-in' | 'not-sent' | 'unknown';
  readonly failure: Failure;
}

export const done: ServerOutcome = { kind: 'done' };

export function refused(failure: Failure): Extract<ServerOutcome, { kind: 'refused' }> {
  return { kind: 'refused', failure };
}

/** A mutation that came to nothing clear, or to a clear no. */
export function mutationOutcome(answer: PanelNo): ServerOutcome {
  // A new session was tried by now: what is refused is the right.
  return { kind: answer.kind === 'not-logged-in' ? 'refused' : answer.kind, failure: answer.failure };
}

/**
 * Runs one of the port's mutations: looks that fail become outcomes. Once something was changed in this call, a step that
 * fails leaves the outcome unknown; before that, nothing was sent.
 */
export async function asOutcome(run: (sent: () => void) => Promise<ServerOutcome>): Promise<ServerOutcome> {
  let any = false;
  try {
    const outcome = await run(() => {
      any = true;
    });
    return any && outcome.kind === 'not-sent' ? { ...outcome, kind: 'unknown' } : outcome;
  } catch (error) {
    if (!(error instanceof PanelReadError)) throw error;
    if (any) return { kind: 'unknown', failure: error.failure };
    const refusedLook = error.notLoggedIn || error.said !== undefined;
    return refusedLook ? { ...refused(error.failure), unseen: true } : { kind: 'not-sent', failure: error.failure };
  }
}

export async function asServerRead<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof PanelReadError ? new ServerError(error.failure, error.retryable) : error;
  }
}
