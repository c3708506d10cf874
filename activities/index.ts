import { allocationActivities } from './allocation.ts';
import { conflictActivities } from './conflicts.ts';
import type { Deps } from './deps.ts';
import { guarded } from './failures.ts';
import { healingActivities } from './healing.ts';
import { openingActivities } from './opening.ts';
import { ptrActivities } from './ptr.ts';
import { releaseActivities } from './release.ts';
import { removalActivities } from './removal.ts';
import { serviceActivities } from './services.ts';
import { setUpActivities } from './set-up.ts';
import { syncApplyActivities } from './sync/apply.ts';
import { compareActivities } from './sync/compare.ts';
import { syncRunActivities } from './sync/run.ts';

/** All activities, by the names operators see in the Web UI. `log` is told of errors of our own, which go no further. */
export function createActivities(deps: Deps, log: (error: unknown) => void) {
  return guarded(
    {
      ...openingActivities(deps),
      ...allocationActivities(deps),
      ...conflictActivities(deps),
      ...healingActivities(deps),
      ...ptrActivities(deps),
      ...setUpActivities(deps),
      ...releaseActivities(deps),
      ...serviceActivities(deps),
      ...removalActivities(deps),
      ...compareActivities(deps),
      ...syncRunActivities(deps),
      ...syncApplyActivities(deps),
    },
    log,
  );
}

export type Activities = ReturnType<typeof createActivities>;
