import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  type Connection,
  type Workflow,
  type WorkflowHandle,
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { taskQueue } from '../workflows/contract.ts';
import { asIptallyError } from './failures.ts';
import { type Watch, watched } from './workers.ts';

/** What a call needs: one connection, kept for the life of the client. */
export interface Line extends Watch {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
}

/** A workflow to be started, or joined when it runs. Names are texts: no workflow code is loaded here. */
export interface Start {
  readonly workflow: string;
  readonly workflowId: string;
  readonly input: object;
  readonly summary: string;
  readonly details?: string;
}

/** One way in for all: a running one is joined, a closed one does not stand in the way (design.md 3). */
function startOptions(start: Start) {
  return {
    workflowId: start.workflowId,
    taskQueue,
    args: [start.input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: start.summary,
    ...(start.details === undefined ? {} : { staticDetails: start.details }),
  } as const;
}

/** How often a call whose answer was not seen is sent again, with the same update id. */
const reattachments = 5;

/**
 * Update-with-Start. The update id is fresh for each attempt; it is used again only to re-attach to this attempt when
 * the call itself broke.
 */
export async function updateWithStart<Answer>(
  line: Line,
  start: Start,
  how: { readonly update: string; readonly signal?: AbortSignal | undefined },
): Promise<Answer> {
  const updateId = randomUUID();
  const once = (): Promise<Answer> =>
    line.client.workflow.executeUpdateWithStart<Workflow, Answer, unknown[]>(how.update, {
      startWorkflowOperation: new WithStartWorkflowOperation(start.workflow, startOptions(start)),
      updateId,
      args: [start.input],
    });
  const run = (signal: AbortSignal): Promise<Answer> => reattaching(once, signal);
  return call(line, start.workflowId, { run, signal: how.signal });
}

/** The same without its answer: ends as soon as the workflow has taken the update. */
export async function acceptedWithStart(
  line: Line,
  start: Start,
  how: { readonly update: string; readonly signal: AbortSignal },
): Promise<void> {
  const updateId = randomUUID();
  const once = (): Promise<unknown> =>
    line.client.workflow.startUpdateWithStart<Workflow, unknown, unknown[]>(how.update, {
      startWorkflowOperation: new WithStartWorkflowOperation(start.workflow, startOptions(start)),
      updateId,
      args: [start.input],
      waitForStage: 'ACCEPTED',
    });
  await call(line, start.workflowId, { run: (signal) => reattaching(once, signal), signal: how.signal });
}

/** The answer, or nothing when the caller's signal ended the wait. */
export async function unlessLeft<Answer>(
  signal: AbortSignal | undefined,
  work: Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  }
}

async function reattaching<Answer>(once: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (let again = 0; ; again += 1) {
    try {
      return await once();
    } catch (error) {
      if (signal.aborted || again >= reattachments || !brokeOff(error)) throw error;
      await sleep(200 * 2 ** again);
    }
  }
}

/** gRPC: DEADLINE_EXCEEDED and UNAVAILABLE. */
const brokenOff: ReadonlySet<number> = new Set([4, 14]);

/** The call ended without an answer; what it asked for may go on. */
function brokeOff(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].some((one) => isGrpcServiceError(one) && brokenOff.has(one.code));
}

/** Starts a workflow, or joins the one that runs. */
export function startOrJoin(line: Line, start: Start): Promise<WorkflowHandle> {
  const run = (): Promise<WorkflowHandle> => line.client.workflow.start(start.workflow, startOptions(start));
  return call(line, start.workflowId, { run, watch: false });
}

/** Waits for the end of the chain of runs. */
export function resultOf<Result>(line: Line, handle: WorkflowHandle, signal?: AbortSignal): Promise<Result> {
  const run = (): Promise<Result> => handle.result();
  return call(line, handle.workflowId, { run, signal });
}

/** An update of a workflow that runs. */
export async function updateRunning<Answer>(
  line: Line,
  workflowId: string,
  how: { readonly update: string; readonly updateId?: string; readonly arg?: unknown; readonly firstRun?: string },
): Promise<Answer> {
  const updateId = how.updateId ?? randomUUID();
  const chain = how.firstRun === undefined ? {} : { firstExecutionRunId: how.firstRun };
  const handle = line.client.workflow.getHandle(workflowId, undefined, chain);
  const once = (): Promise<Answer> =>
    how.arg === undefined
      ? handle.executeUpdate<Answer, []>(how.update, { updateId })
      : handle.executeUpdate<Answer, [unknown]>(how.update, { updateId, args: [how.arg] });
  return call(line, workflowId, { run: (signal) => reattaching(once, signal) });
}

interface Call<Answer> {
  readonly run: (signal: AbortSignal) => Promise<Answer>;
  readonly signal?: AbortSignal | undefined;
  /** Look after workers while it waits; on unless told otherwise. */
  readonly watch?: boolean;
}

async function call<Answer>(line: Line, workflowId: string, how: Call<Answer>): Promise<Answer> {
  const place = { address: line.address, namespace: line.namespace, workflowId };
  const watch = how.watch ?? true;
  try {
    return await watched({ ...line, workflowId, watch }, how.signal, (signal) =>
      line.connection.withAbortSignal(signal, () => how.run(signal)),
    );
  } catch (error) {
    throw asIptallyError(error, place);
  }
}
