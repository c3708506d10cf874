import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WithStartWorkflowOperation,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { abandonUpdate, addressesUpdate, setupFinishedUpdate, workflowIds } from '../../../workflows/contract.ts';
import type { ProvisionServiceInput } from '../../../workflows/inputs/inputs.ts';
import type { provisionService } from '../../../workflows/index.ts';
import type { Engine } from '../../support/engine.ts';
import { startOperation } from '../../support/orders.ts';

/** How an order goes on after it was sent. */
export type Way =
  /** `setupFinished` is sent at once, before there are addresses. */
  | 'reports-early'
  | 'reports-later'
  /** Its workflow is cancelled after a while. */
  | 'cancels'
  | 'abandons'
  /** Abandoned once its addresses are answered. */
  | 'abandons-served';

export interface Outcome {
  readonly service: string;
  /** `active`, or the type of the failure it ended with. */
  readonly end: string;
  readonly addresses: readonly string[];
}

/** A provisioning system as design.md 7 tells it to behave: what is not answered is asked again, and attached to. */
export async function orderAsCustomer(
  engine: Engine,
  input: ProvisionServiceInput,
  { way, patienceMs }: { readonly way: Way; readonly patienceMs: number },
): Promise<Outcome> {
  const service = input.service.id;
  const handle = await started(engine, input);
  if (way === 'abandons-served') {
    await answered(() => attach(engine, input));
    await stop(handle, 'abandons');
  } else if (way === 'cancels' || way === 'abandons') {
    await sleep(patienceMs);
    await stop(handle, way);
  } else {
    const report = randomUUID();
    const finish = () => handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }], updateId: report });
    if (way === 'reports-later') await answered(() => attach(engine, input));
    await answered(finish);
  }
  try {
    const { addresses } = await persistently(() => handle.result());
    return { service, end: 'active', addresses: addresses.map(({ ip }) => ip) };
  } catch (error) {
    return { service, end: typeOf(error), addresses: [] };
  }
}

export async function started(
  engine: Engine,
  input: ProvisionServiceInput,
): Promise<WorkflowHandle<typeof provisionService>> {
  return engine.client.workflow.start<typeof provisionService>('provisionService', {
    workflowId: workflowIds.provisionService(input.service.id),
    taskQueue: engine.taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    // A worker that was killed in the middle of a workflow task is noticed after this time.
    workflowTaskTimeout: '5s',
  });
}

export async function attach(engine: Engine, input: ProvisionServiceInput): Promise<unknown> {
  const startWorkflowOperation: WithStartWorkflowOperation<typeof provisionService> = startOperation(engine, input);
  return engine.client.workflow.executeUpdateWithStart(addressesUpdate, {
    startWorkflowOperation,
    updateId: randomUUID(),
    args: [input],
  });
}

async function stop(handle: WorkflowHandle<typeof provisionService>, way: 'cancels' | 'abandons'): Promise<void> {
  const updateId = randomUUID();
  if (way === 'cancels') await answered(() => handle.cancel());
  else await answered(() => handle.executeUpdate(abandonUpdate, { updateId }));
}

/** An update that fails has answered, and so has a run that was over before: why shows in its end. */
export async function answered(ask: () => Promise<unknown>): Promise<void> {
  try {
    await persistently(ask);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError) && !isOver(error)) throw error;
  }
}

/** What Temporal did not answer is asked again, for minutes if it must be; what it answered is taken. */
export async function persistently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const until = Date.now() + 300_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const clear = error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError;
      if (clear || isOver(error) || Date.now() > until) throw error;
      await sleep(300);
    }
  }
}

function isOver(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowNotFoundError';
}

export function typeOf(error: unknown): string {
  if (!(error instanceof WorkflowFailedError)) return error instanceof Error ? error.name : 'unknown';
  const { cause } = error;
  const type: unknown = cause !== undefined && 'type' in cause ? cause.type : undefined;
  return typeof type === 'string' ? type : (cause?.name ?? 'unknown');
}
