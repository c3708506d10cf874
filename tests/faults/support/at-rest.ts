import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../support/engine.ts';

export interface OpenRun {
  readonly workflowId: string;
  readonly state: string | undefined;
  readonly reason: string | undefined;
}

/** Runs of this suite's task queue that are open, with what an operator sees of them. */
export async function openRuns(engine: Engine): Promise<readonly OpenRun[]> {
  const runs: OpenRun[] = [];
  // Lanes have task queues of their own, named after the engine's.
  const query = `TaskQueue STARTS_WITH '${engine.taskQueue}' AND ExecutionStatus = 'Running'`;
  for await (const run of engine.client.workflow.list({ query })) {
    // Visibility lags behind: the run itself is asked.
    const found = await engine.client.workflow.getHandle(run.workflowId, run.runId).describe();
    if (found.status.name !== 'RUNNING') continue;
    const attributes = found.raw.workflowExecutionInfo?.searchAttributes?.indexedFields ?? {};
    const read = (name: string): string | undefined => {
      const data = attributes[name]?.data;
      if (data === undefined || data === null) return undefined;
      const value: unknown = JSON.parse(Buffer.from(data).toString());
      return typeof value === 'string' ? value : undefined;
    };
    runs.push({ workflowId: run.workflowId, state: read('IptallyState'), reason: read('IptallyReason') });
  }
  return runs;
}

/** Waits until every run has ended or waits visibly, and until nothing is on its way to the panel. */
export async function untilAtRest(engine: Engine, timeoutMs: number): Promise<readonly OpenRun[]> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const runs = await openRuns(engine);
    if (runs.every(({ state }) => state === 'waiting') || Date.now() > until) {
      await engine.simulator.lateWorkDone();
      return runs;
    }
    await sleep(250);
  }
}
