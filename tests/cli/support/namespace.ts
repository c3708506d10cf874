import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

/**
 * A namespace of one suite's own: `iptally worker` polls the task queue of the contract, and two suites with databases
 * of their own must not take each other's tasks. It knows none of our search attributes before `iptally migrate`.
 */
export async function createNamespace(address: string): Promise<string> {
  const namespace = `cli-${randomBytes(4).toString('hex')}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    for (let look = 0; look < 300; look += 1) {
      const known = await connection.workflowService
        .listOpenWorkflowExecutions({ namespace, maximumPageSize: 1, startTimeFilter: {} })
        .then(() => true)
        .catch(() => false);
      if (known) return namespace;
      await sleep(100);
    }
    throw new Error(`namespace ${namespace} is not usable after 30 s`);
  } finally {
    await connection.close();
  }
}
