import type { Activities } from '../../../activities/index.ts';

export type ActivityName = keyof Activities;

/** Activities with something around each call; `call` runs the real one. */
export function around(
  activities: Activities,
  change: (name: ActivityName, args: readonly unknown[], call: () => Promise<unknown>) => Promise<unknown>,
): Activities {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(activities);
  const wrapped = entries.map(([name, activity]) => {
    const real = activity as (...args: readonly unknown[]) => Promise<unknown>;
    const changed = (...args: readonly unknown[]) => change(name as ActivityName, args, () => real(...args));
    return [name, changed];
  });
  return Object.fromEntries(wrapped) as Activities;
}
