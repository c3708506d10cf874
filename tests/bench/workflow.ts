import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Deps } from '../../activities/deps.ts';
import { createActivities } from '../../activities/index.ts';
import type { syncIntegration } from '../../workflows/index.ts';

/** A sync of integration `panel` as a workflow, on a worker in this process that has begun to poll. */
export interface BenchWorker {
  /** A dry run: lists, compares, plans, and changes nothing. */
  readonly sync: () => Promise<Readonly<Record<string, unknown>>>;
  /** Of that run: events in its history, and the ranges it listed and compared. */
  readonly history: () => Promise<{ readonly events: number; readonly ranges: number }>;
  readonly end: () => Promise<void>;
}

export async function startBenchWorker(deps: Deps, address: string): Promise<BenchWorker> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const taskQueue = `bench-${randomUUID()}`;
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace: 'iptally' });
  const worker = await Worker.create({
    connection: native,
    namespace: 'iptally',
    taskQueue,
    activities: createActivities(deps, (error) => console.error(error)),
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
  });
  const ended = worker.run();
  return {
    async sync() {
      const { counts, verdict, reason } = await client.workflow.execute<typeof syncIntegration>('syncIntegration', {
        workflowId: 'sync/panel',
        taskQueue,
        args: [{ integration: 'panel', dryRun: true, policy: 'all' }],
      });
      return { counts, verdict, reason: reason?.code ?? null };
    },
    async history() {
      const { events } = await client.workflow.getHandle('sync/panel').fetchHistory();
      const types = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      return { events: types.length, ranges: types.filter((type) => type === 'compareRange').length };
    },
    async end() {
      worker.shutdown();
      await ended;
      await connection.close();
      await native.close();
    },
  };
}
