import type { PanelMutation } from '../../coremanager/client.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { RemoteError, type NoAnswer } from '../ip-manager.ts';

/** What the panel's client throws, as the port's own error. Anything else is a mistake of ours and stays as it is. */
export function asRemoteError(error: unknown): unknown {
  if (!(error instanceof PanelReadError)) return error;
  return new RemoteError(error.failure, { retryable: error.retryable, notLoggedIn: error.notLoggedIn });
}

export async function asRemote<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asRemoteError(error);
  }
}

/** The panel says that there is no such object; that it has no such function is another word. */
export function isMissed(error: unknown): boolean {
  return error instanceof PanelReadError && error.said === 'missed';
}

/** A mutation that came to nothing clear, as the port says it. */
export function noAnswer(mutation: Exclude<PanelMutation, { kind: 'ok' }>): NoAnswer {
  return { kind: mutation.kind, failure: mutation.failure };
}
