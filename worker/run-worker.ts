import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions as WorkerRuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities, type Activities } from '../activities/index.ts';
import { taskQueue } from '../workflows/contract.ts';
import { compose } from './compose.ts';
import { requireTemporal, type Config } from './config.ts';
import { watchNights } from './night-watch.ts';
import { runsOf } from './runs.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Told once when it polls. */
  readonly ready: () => void;
  /** Ends the worker: what is under way may end, nothing new begins. */
  readonly stop: AbortSignal;
  /** Made before (tests, replay): a file with all workflows. */
  readonly workflowBundle?: string;
  readonly taskQueue?: string;
  /** Activities changed on the way in (tests of what happens when one is killed in the middle). */
  readonly wrap?: (activities: Activities) => Activities;
}

/** Long enough that what is on its way to a panel mostly ends by itself; the rest is found by its tag. */
const shutdownGraceTime = '8s';

/** One worker, until it is told to stop. Any number of them may run against one Temporal and one ledger. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { config, log } = options;
  const address = requireTemporal(config);
  const { tls, metadata, apiKey } = config.temporalOptions;
  const connecting = {
    address,
    ...(tls === undefined || tls === null ? {} : { tls }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(typeof apiKey === 'string' ? { apiKey } : {}),
  };
  const composition = await compose(config, { poolSize: 20, warn: (text) => log.warn(text) });
  const connection = await NativeConnection.connect(connecting);
  const asking = await Connection.connect(connecting);
  try {
    const client = new Client({ connection: asking, namespace: config.namespace });
    const activities = createActivities({ ...composition, runs: runsOf(client), now: Date.now }, (error) =>
      log.error(
        { error: error instanceof Error ? error.name : 'unknown', stack: placesOf(error) },
        'an error of iptally itself',
      ),
    );
    const worker = await Worker.create({
      connection,
      namespace: config.namespace,
      taskQueue: options.taskQueue ?? taskQueue,
      activities: options.wrap?.(activities) ?? activities,
      ...workflowsOf(options),
      ...versionOf(process.env),
      shutdownGraceTime,
      shutdownForceTime: '10s',
      maxConcurrentActivityTaskExecutions: 100,
      maxCachedWorkflows: 500,
    });
    const run = worker.run();
    const end = () => worker.getState() === 'RUNNING' && worker.shutdown();
    if (options.stop.aborted) end();
    options.stop.addEventListener('abort', end, { once: true });
    options.ready();
    // A worker on a queue of its own (tests) is not the one the nights are for.
    const nights =
      options.taskQueue === undefined ? watchNights({ ...options, client, ledger: composition.ledger }) : undefined;
    await run;
    await nights;
  } finally {
    await asking.close();
    await connection.close();
    await composition.close();
  }
}

function workflowsOf({ workflowBundle }: WorkerOptions) {
  if (workflowBundle !== undefined) return { workflowBundle: { codePath: workflowBundle } };
  return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) };
}

/**
 * With a deployment version (`IPTALLY_DEPLOYMENT`, `IPTALLY_BUILD_ID`) runs in flight move to the current version by
 * themselves, which patches in the workflows make safe. Without one the worker is not versioned: such a worker gets no task
 * until its version is made current, which nobody does on one machine.
 */
function versionOf(env: NodeJS.ProcessEnv): Pick<WorkerRuntimeOptions, 'workerDeploymentOptions'> {
  const { IPTALLY_DEPLOYMENT: deploymentName, IPTALLY_BUILD_ID: buildId } = env;
  if (!deploymentName || !buildId) return {};
  const version = { deploymentName, buildId };
  return { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' } };
}

/** Where it stood, without the message: a message may carry what must not be logged (I11). */
function placesOf(error: unknown): readonly string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => line.trimStart().startsWith('at ')).slice(0, 8);
}
