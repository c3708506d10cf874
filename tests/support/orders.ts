import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import { addressesUpdate, workflowIds, type AllocationResult } from '../../workflows/contract.ts';
import type { ProvisionServiceInput } from '../../workflows/inputs/inputs.ts';
import type { provisionService } from '../../workflows/index.ts';
import type { Engine } from './engine.ts';

/**
 * A service as a small hoster would order it; `more` changes it. Each has a customer of its own: what one gives back within
 * a test would otherwise be the next order's of the same customer, quarantine or not, while the test still looks at it.
 */
export function service(id: string, more: Partial<ProvisionServiceInput['service']> = {}): ProvisionServiceInput {
  return {
    service: {
      id,
      kind: 'vps',
      domain: `${id}.example.com`,
      customer: `customer-of-${id}`.slice(0, 100),
      server: 'desk',
      tariff: 'vps-1',
      ...more,
    },
  };
}

export interface Ordered {
  readonly answer: AllocationResult;
  readonly handle: WorkflowHandle<typeof provisionService>;
}

/** Orders as the recipe of design.md 7 says: Update-with-Start, USE_EXISTING, ALLOW_DUPLICATE, a fresh update id. */
export async function orderService(
  engine: Engine,
  input: ProvisionServiceInput,
  updateId: string = randomUUID(),
): Promise<Ordered> {
  const startWorkflowOperation = startOperation(engine, input);
  const answer = await engine.client.workflow.executeUpdateWithStart(addressesUpdate, {
    startWorkflowOperation,
    updateId,
    args: [input],
  });
  return { answer, handle: await startWorkflowOperation.workflowHandle() };
}

export function startOperation(engine: Engine, input: ProvisionServiceInput) {
  return new WithStartWorkflowOperation<typeof provisionService>('provisionService', {
    workflowId: workflowIds.provisionService(input.service.id),
    taskQueue: engine.taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}
