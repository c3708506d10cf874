import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions as WorkerRuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities, type Activities } from '../activities/index.ts';
import { taskQueue } from '../workflows/contract.ts';
import { compose, type Composition } from './compose.ts';
import { requireTemporal, type Config } from './config.ts';
import { deploymentIn, type Deployment, whyIdle } from './deployment.ts';
import { inTime } from './in-time.ts';
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
/**
 * Then calls to panels are cut off: all in all it ends sooner than who started it loses patience. Not by the SDK's own
 * `shutdownForceTime`, which fails the worker and tells Temporal nothing.
 */
const patienceMs = 8_500;
const mostToEndMs = 1_000;
const mostToCloseMs = 1_500;

/** One worker, until it is told to stop. Any number of them may run against one Temporal and one ledger. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { config, log } = options;
  const version = deploymentIn(process.env);
  const connecting = { ...config.temporalOptions, address: requireTemporal(config) };
  const composition = await compose(config, { poolSize: 20, warn: (text) => log.warn(text) });
  const connection = await NativeConnection.connect(connecting);
  const asking = await Connection.connect(connecting);
  try {
    const client = new Client({ connection: asking, namespace: config.namespace });
    const worker = await Worker.create({
      connection,
      namespace: config.namespace,
      taskQueue: options.taskQueue ?? taskQueue,
      activities: activitiesOn(composition, client, options),
      ...workflowsOf(options),
      ...versioning(version),
      shutdownGraceTime,
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
    const told = version === undefined ? undefined : tellIdle(client, version, options);
    await ended(run, composition, options);
    await inTime(Promise.all([nights, told]), mostToCloseMs);
  } finally {
    await inTime(closed([asking, connection, composition]), mostToCloseMs);
  }
}

function activitiesOn(composition: Composition, client: Client, { log, wrap }: WorkerOptions): Activities {
  const activities = createActivities({ ...composition, runs: runsOf(client), now: Date.now }, (error) =>
    log.error(
      { error: error instanceof Error ? error.name : 'unknown', stack: placesOf(error) },
      'an error of iptally itself',
    ),
  );
  return wrap?.(activities) ?? activities;
}

/**
 * Until the worker has ended. A panel that answers too late for who stops it is no failure: the call is cut off, which is an
 * answer that was lost, and the workflow goes on from there at the next worker.
 */
async function ended(
  run: Promise<void>,
  { panels, servers }: Composition,
  { stop, log }: WorkerOptions,
): Promise<void> {
  const over = new AbortController();
  const late = stopped(stop)
    .then(() => sleep(patienceMs, 'late', { signal: over.signal }))
    .catch(() => undefined);
  try {
    if ((await Promise.race([run, late])) !== 'late') return;
  } finally {
    over.abort();
  }
  log.info(
    'a call to a panel is still under way and is cut off: its effect is waited out by its fence, then looked for',
  );
  await inTime(Promise.all([run, panels.close(), servers.close()]), mostToEndMs);
}

function stopped(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** One after the other, as each may be used by those before it; what cannot be closed ends with the process. */
async function closed(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close().catch(() => undefined);
}

/** A version gets new work only once it is the current one of its deployment, which nobody does by itself. */
async function tellIdle(client: Client, version: Deployment, { log }: WorkerOptions): Promise<void> {
  const idle = await client.withDeadline(Date.now() + 10_000, () => whyIdle(client, version)).catch(() => undefined);
  if (idle !== undefined) log.warn({ code: 'not-current', next: idle.next }, idle.message);
}

function workflowsOf({ workflowBundle }: WorkerOptions) {
  if (workflowBundle !== undefined) return { workflowBundle: { codePath: workflowBundle } };
  return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) };
}

/** Runs in flight move to the current version by themselves, which patches in the workflows make safe. */
function versioning(version: Deployment | undefined): Pick<WorkerRuntimeOptions, 'workerDeploymentOptions'> {
  if (version === undefined) return {};
  return { workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' } };
}

/** Where it stood, without the message: a message may carry what must not be logged (I11). */
function placesOf(error: unknown): readonly string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.filter((line) => line.trimStart().startsWith('at ')).slice(0, 8);
}
