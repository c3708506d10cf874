import { type SyncView, workflowIds } from '../workflows/contract.ts';
import { type ApproveInput, approveInput, type SyncIntegrationInput } from '../workflows/inputs/sync.ts';
import { IptallyError } from '../worker/iptally-error.ts';
import { accepted } from './accepted.ts';
import { type Line, resultOf, unlessLeft, updateRunning, updateWithStart } from './calls.ts';
import { asIptallyError } from './failures.ts';
import * as starts from './starts.ts';

/** Syncs by hand. `workflowId` is that of the run's view: what the schedule starts has a time in it. */
export interface SyncClient {
  /**
   * Starts a sync and answers as soon as its run is known. One that works is joined; one that waits for approval is
   * superseded.
   */
  run(input: SyncIntegrationInput): Promise<SyncView>;
  /** Waits for the end of a run; nothing when the signal ended the wait. */
  end(workflowId: string, signal?: AbortSignal): Promise<SyncView | undefined>;
  /** What a run knows of its plan so far. */
  plan(workflowId: string): Promise<SyncView | null>;
  /** Lets a waiting plan be applied: exactly the one with this checksum. Answers at once; the end comes by `end`. */
  approve(workflowId: string, approval: ApproveInput): Promise<SyncView>;
  /** Ends a waiting plan; nothing of it is applied. With its first run, no plan of a run that took its place meanwhile. */
  reject(workflowId: string, firstRun?: string): Promise<SyncView>;
}

/** How often a run that is superseded under our hands is followed by a new start before we give up. */
const mostStarts = 5;

export function syncsOn(line: Line): SyncClient {
  return {
    run: (input) => begun(line, input),
    end: (workflowId, signal) => unlessLeft(signal, resultOf<SyncView>(line, handleOf(line, workflowId), signal)),
    plan: async (workflowId) => {
      try {
        return await handleOf(line, workflowId).query<SyncView | null>('plan');
      } catch (error) {
        throw asIptallyError(error, { address: line.address, namespace: line.namespace, workflowId });
      }
    },
    approve: async (workflowId, approval) => {
      const arg = accepted(approveInput, approval, 'approve');
      return updateRunning<SyncView>(line, workflowId, { update: 'approve', arg });
    },
    reject: (workflowId, firstRun) =>
      updateRunning<SyncView>(line, workflowId, { update: 'reject', ...(firstRun === undefined ? {} : { firstRun }) }),
  };
}

function handleOf(line: Line, workflowId: string) {
  return line.client.workflow.getHandle(workflowId);
}

async function begun(line: Line, input: SyncIntegrationInput): Promise<SyncView> {
  const start = starts.syncIntegration(input);
  for (let tries = 0; tries < mostStarts; tries += 1) {
    const view = await updateWithStart<SyncView>(line, start, { update: 'begun' });
    if (view.state !== 'superseded') return view;
    // It makes room for us; its id is free once it is closed.
    await resultOf(line, handleOf(line, view.workflowId)).catch(() => undefined);
  }
  throw new IptallyError({
    code: 'sync-contended',
    message: `syncs of ${input.integration} supersede each other again and again: somebody else starts them too`,
    next: `see "iptally sync runs ${input.integration}" and run the command again; ${workflowIds.syncIntegration(input.integration)} was not started`,
    exitStatus: 3,
  });
}
