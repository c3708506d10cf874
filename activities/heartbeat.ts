import { Context } from '@temporalio/activity';

/** A worker that dies is noticed within this time, not only when the activity's own time is over. */
export const heartbeatTimeoutMs = 20_000;

/**
 * Beats while one call to a panel hangs. The call is never aborted by a cancel of the workflow: a request that was sent
 * is waited for (design.md 3, "Cancel and abandon"); only a worker that shuts down past its grace time ends it.
 */
export async function heartbeating<Result>(call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const pump = setInterval(() => context.heartbeat(), heartbeatTimeoutMs / 4);
  try {
    return await call(context.cancellationSignal);
  } finally {
    clearInterval(pump);
  }
}
