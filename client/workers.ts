import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { taskQueue } from '../workflows/contract.ts';
import type { Deployment } from '../worker/deployment.ts';
import { IptallyError } from '../worker/iptally-error.ts';

/** Temporal's number for workers that get the work of their version alone. */
const versionedMode = 2;

/** What looking after workers needs. */
export interface Watch {
  readonly client: Client;
  readonly namespace: string;
  readonly warn: (text: string) => void;
  /** How long a wait goes on while no worker polls. */
  readonly noWorkerAfterMs: number;
}

/** A poll lasts a minute at most: a worker that has not asked for longer is gone, though Temporal lists it for five. */
const pollMs = 75_000;

export interface Poller {
  readonly identity: string;
  /** Nothing where it is not versioned. */
  readonly version: Deployment | undefined;
}

/** The workers that poll our task queue now, by identity. */
export async function pollingWorkers(watch: Pick<Watch, 'client' | 'namespace'>): Promise<readonly string[]> {
  return (await pollersOf(watch)).map(({ identity }) => identity);
}

export async function pollersOf(watch: Pick<Watch, 'client' | 'namespace'>): Promise<readonly Poller[]> {
  // Without a type Temporal tells of the workflow task queue, which every worker polls.
  const { pollers } = await watch.client.workflowService.describeTaskQueue({
    namespace: watch.namespace,
    taskQueue: { name: taskQueue },
  });
  const oldest = Date.now() - pollMs;
  return (pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > oldest)
    .map(({ identity, deploymentOptions }) => {
      const { deploymentName, buildId, workerVersioningMode } = deploymentOptions ?? {};
      const versioned = Number(workerVersioningMode) === versionedMode && deploymentName && buildId;
      return { identity: identity ?? 'unnamed', version: versioned ? { deploymentName, buildId } : undefined };
    });
}

/**
 * Runs a wait and looks now and then whether a worker is there at all: without one nothing would ever answer. Says so
 * at once on the way of warnings, and ends the wait when none comes. The request itself stays in Temporal.
 */
export async function watched<Answer>(
  watch: Watch & { readonly workflowId: string; readonly watch: boolean },
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const controller = new AbortController();
  const signal = outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal]);
  const done = new AbortController();
  const work = run(signal).finally(() => {
    done.abort();
  });
  if (!watch.watch) return work;
  const lonely = lookForWorkers(watch, done.signal);
  const first = await Promise.race([work.then((answer) => ({ answer })), lonely]);
  if (first !== undefined) return first.answer;
  if (done.signal.aborted) return work;
  controller.abort();
  await work.catch(() => undefined);
  throw noWorker(watch);
}

/** Answers when no worker was seen for too long, or when the work is done. */
async function lookForWorkers(watch: Watch, done: AbortSignal): Promise<undefined> {
  let lonelySince: number | undefined;
  let told = false;
  for (let look = 0; ; look += 1) {
    await sleep(look === 0 ? 1_500 : 5_000, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return undefined;
    const workers = await pollingWorkers(watch).catch(() => ['unknown']);
    if (workers.length > 0) {
      lonelySince = undefined;
      continue;
    }
    lonelySince ??= Date.now();
    if (Date.now() - lonelySince > watch.noWorkerAfterMs) return undefined;
    if (!told) watch.warn(`no worker polls the task queue ${taskQueue}; start one with "iptally worker"`);
    told = true;
  }
}

function noWorker(watch: Watch & { readonly workflowId: string }): IptallyError {
  return new IptallyError({
    code: 'no-worker',
    message: `${watch.workflowId} waits in Temporal: no worker polls the task queue ${taskQueue} in namespace ${watch.namespace}`,
    next: 'start one with "iptally worker" (or "iptally up"); the request is kept and goes on then. The same command shows its end',
    exitStatus: 4,
  });
}
