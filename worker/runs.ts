import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { newestRun, type Runs } from '../activities/deps.ts';
import type { RunRef } from '../activities/ledger/records.ts';

/** Temporal is asked who still runs: the owner of every lock and of every open order (I6). */
export function runsOf(client: Client): Runs {
  return {
    async closedAt(run) {
      // The newest run of this id tells whether the chain the owner began goes on.
      const newest = await describe(client, { workflowId: run.workflowId });
      if (run.runId === newestRun) return newest === undefined ? new Date(0) : newest.closedAt;
      if (newest?.firstRunId === run.runId) return newest.closedAt;
      const owner = await describe(client, run);
      // Its chain went on in runs after it, and ended before another chain of this id began: that is when it was over at the latest.
      if (owner?.wentOn === true && newest !== undefined) return startOf(client, run.workflowId, newest);
      // Gone from Temporal: its retention is far longer than any fence.
      return owner?.closedAt ?? newest?.startedAt ?? new Date(0);
    },
    async abandon(workflowId) {
      const found = await describe(client, { workflowId });
      if (found === undefined || found.closedAt !== undefined) return 'closed';
      try {
        await client.workflow.getHandle(workflowId).startUpdate('abandon', { waitForStage: 'ACCEPTED' });
        return 'asked';
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError) return 'refused';
        if (error instanceof WorkflowNotFoundError) return 'closed';
        throw error;
      }
    },
  };
}

interface Described {
  readonly firstRunId: string;
  readonly startedAt: Date;
  readonly closedAt: Date | undefined;
  /** It closed by continuing as new: the end of this run is not the end of its chain. */
  readonly wentOn: boolean;
}

/** When a chain of runs began, which its first run tells. */
async function startOf(client: Client, workflowId: string, { firstRunId, startedAt }: Described): Promise<Date> {
  return (await describe(client, { workflowId, runId: firstRunId }))?.startedAt ?? startedAt;
}

async function describe(
  client: Client,
  run: Partial<RunRef> & { readonly workflowId: string },
): Promise<Described | undefined> {
  try {
    const found = await client.workflow.getHandle(run.workflowId, run.runId).describe();
    return {
      firstRunId: found.raw.workflowExecutionInfo?.firstRunId ?? found.runId,
      startedAt: found.startTime,
      closedAt: found.status.name === 'RUNNING' ? undefined : found.closeTime,
      wentOn: found.status.name === 'CONTINUED_AS_NEW',
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
