import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';

/**
 * How activities are called: whole profiles, never a partial override, which would silently give endless retries. Each
 * call to a panel is an activity of its own with its summary; what touches the ledger alone is local.
 */

const waitForOutcome = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

const severalTries = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '15s',
  maximumAttempts: 5,
} as const;

/** Ledger only: idempotent, milliseconds. */
export const ledger = proxyLocalActivities<Activities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '2s', maximumAttempts: 4 },
});

/** One request that must not be repeated: one attempt, whatever happens (design.md 3, step 2). */
export function once(requestTimeoutMs: number, summary: string): Activities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: requestTimeoutMs + 5_000,
    heartbeatTimeout: '20s',
    cancellationType: waitForOutcome,
    retry: { maximumAttempts: 1 },
  });
}

/**
 * Steps that look before they act. They give up after five tries or about a minute of trying; then the workflow waits
 * visibly and asks again. `requests` is how many the step makes, one after the other. One that was not heard of again is
 * not tried again by Temporal: what its worker sent may still land, so the workflow waits out the fence first (`untilClear`).
 */
export function looking(requestTimeoutMs: number, summary: string, requests = 3): Activities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: requests * requestTimeoutMs + 5_000,
    heartbeatTimeout: '20s',
    cancellationType: waitForOutcome,
    retry: { ...severalTries, nonRetryableErrorTypes: ['TemporalTimeout:StartToClose', 'TemporalTimeout:Heartbeat'] },
  });
}

/** Reads alone: nothing of them can land later, so a lost worker is no reason to wait. */
export function reading(requestTimeoutMs: number, summary: string, requests = 3): Activities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: requests * requestTimeoutMs + 5_000,
    heartbeatTimeout: '20s',
    cancellationType: waitForOutcome,
    retry: severalTries,
  });
}

/** A complete listing: as long as it beats, it goes on. */
export function listing(summary: string): Activities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: '1h',
    heartbeatTimeout: '20s',
    cancellationType: waitForOutcome,
    retry: severalTries,
  });
}

/**
 * A piece of a sync's plan: rows of it, each looked at before it is touched. It may take long and beats meanwhile; one that
 * was not heard of again is a case for the fence (as with `looking`).
 */
export function mending(summary: string): Activities {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: '1h',
    heartbeatTimeout: '20s',
    cancellationType: waitForOutcome,
    retry: { ...severalTries, nonRetryableErrorTypes: ['TemporalTimeout:StartToClose', 'TemporalTimeout:Heartbeat'] },
  });
}
