import type { Purpose } from '../../../activities/http/simulator/faults.ts';
import type { ActivityName } from './wrap.ts';

/** What a case does before and around the kill. */
export type Story =
  | 'provision'
  /** The answer to the allocation is lost, so that the order looks for its tag. */
  | 'lost-answer'
  /** The panel offers an address that is on a service. */
  | 'conflict'
  /** The panel has nothing to give. */
  | 'refused'
  /** Abandoned once its addresses are answered. */
  | 'abandoned'
  | 'release'
  /** A release that lets its lock go for a cool-down. */
  | 'cooled';

/** Where a worker is killed: around an activity, or while its request is at the panel. */
export type Place =
  | { readonly activity: ActivityName; readonly when: 'before' | 'after' }
  /** The effect lands `now`, with nobody left to hear of it, or `late`, with another worker at it already. */
  | { readonly at: Purpose; readonly lands: 'now' | 'late' };

export interface KillCase {
  readonly story: Story;
  readonly place: Place;
}

const steps: Readonly<Record<Story, readonly ActivityName[]>> = {
  provision: ['openProvision', 'requestAddress', 'claimAddress', 'writePtr', 'setUpService', 'activateService'],
  'lost-answer': ['findByTag'],
  conflict: ['markConflict'],
  refused: ['closeOrder', 'endService'],
  abandoned: ['removeFromServer', 'giveBack'],
  release: ['lookForRelease', 'takeOffService', 'unbind', 'deleteAddress'],
  cooled: ['unbind', 'deleteAddress'],
};

const atPanel: readonly (readonly [Story, Purpose])[] = [
  ['provision', 'create'],
  ['provision', 'write'],
  ['conflict', 'write'],
  ['abandoned', 'release'],
  ['release', 'release'],
];

/** Every named step of allocation and release (design.md 3), before and after its effect, and each mutation on its way. */
export const killCases: readonly KillCase[] = [
  ...(Object.keys(steps) as Story[]).flatMap((story) =>
    steps[story].flatMap((activity) =>
      (['before', 'after'] as const).map((when) => ({ story, place: { activity, when } })),
    ),
  ),
  ...atPanel.flatMap(([story, at]) => (['now', 'late'] as const).map((lands) => ({ story, place: { at, lands } }))),
];

/** For `npm test`: after each effect, whose answer is then lost, and each mutation landing late. */
export const shortKillCases: readonly KillCase[] = killCases.filter(({ place }) =>
  'at' in place ? place.lands === 'late' : place.when === 'after' || place.activity === 'requestAddress',
);

export function nameOf({ story, place }: KillCase): string {
  if ('at' in place) return `${story}: ${place.at} at the panel, ${place.lands}`;
  const where = `${place.when} ${place.activity}`;
  return story === 'cooled' ? `${story}: ${where}` : where;
}
