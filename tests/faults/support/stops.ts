import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { abandonUpdate, workflowIds } from '../../../workflows/contract.ts';
import type { Activities } from '../../../activities/index.ts';
import { around, type ActivityName } from './wrap.ts';

/** Stops a run in the moment after an activity has had its effect and before the run hears of it. */
export interface Stops {
  readonly wrap: (activities: Activities) => Activities;
  after(activity: ActivityName, service: string, stop: () => Promise<unknown>): void;
  /** How many were reached. */
  readonly reached: ReadonlySet<string>;
}

export function createStops(): Stops {
  const planned = new Map<string, () => Promise<unknown>>();
  const reached = new Set<string>();
  return {
    reached,
    after: (activity, service, stop) => void planned.set(`${activity} ${service}`, stop),
    wrap: (activities) =>
      around(activities, async (name, args, call) => {
        const result = await call();
        const text = JSON.stringify(args);
        for (const [key, stop] of planned) {
          const [activity = '', service = ''] = key.split(' ');
          const about = [`"${service}"`, `"${service}/`, `/${service}"`].some((word) => text.includes(word));
          if (activity !== name || !about) continue;
          planned.delete(key);
          reached.add(key);
          await stop();
        }
        return result;
      }),
  };
}

export type HowToStop = 'cancel' | 'abandon';

/** The stop is with Temporal when this is over; an update is accepted once the run's next task is done, so it is not awaited. */
export async function stopRun(handle: WorkflowHandle, how: HowToStop): Promise<void> {
  if (how === 'cancel') await handle.cancel();
  else {
    handle.executeUpdate(abandonUpdate).catch(() => undefined);
    await sleep(150);
  }
}

export function runOf(service: string): string {
  return workflowIds.provisionService(service);
}
