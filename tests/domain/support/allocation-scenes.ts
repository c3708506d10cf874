import fc from 'fast-check';
import { seed } from '../../support/seed.ts';
import { play, type Fault, type Known, type Protocol, type Scene } from './allocation-model.ts';

const faults = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>('none') },
  { weight: 4, arbitrary: fc.constantFrom<Fault>('lost-after', 'lost-before', 'late') },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Fault>(
      'not-sent',
      'not-logged-in',
      'untagged',
      'cut',
      'replaced',
      'ptr-refused',
      'removing',
      'other-family',
    ),
  },
);

const kinds = fc.constantFrom<Known>('free', 'free', 'busy', 'quarantined');

export const scenes: fc.Arbitrary<Scene> = fc
  .record({
    pool: fc.array(kinds, { maxLength: 6 }),
    left: fc.array(kinds, { maxLength: 2 }),
    attempts: fc.constantFrom(0, 0, 1, 3),
    wanted: fc.boolean(),
    limits: fc.record({ maxAttempts: fc.integer({ min: 1, max: 4 }), maxConflicts: fc.integer({ min: 1, max: 3 }) }),
    faults: fc.array(faults, { maxLength: 24 }),
    stopAfter: fc.option(fc.nat({ max: 14 })),
  })
  .map((scene) => ({
    ...scene,
    // Only an earlier run of the same order can have left something, and it wrote its attempts first.
    left: scene.attempts === 0 ? [] : scene.left,
    pool: scene.wanted && scene.pool.length === 0 ? (['free'] as const) : scene.pool,
  }));

/** Plays `many` scenes from this seed; red with the smallest scene that breaks a rule. */
export function check(protocol: Protocol, many: number, from = seed): fc.RunDetails<[Scene]> {
  return fc.check(
    fc.property(scenes, (scene) => {
      const { broken } = play(scene, protocol);
      if (broken.length > 0) throw new Error(broken.join('; '));
    }),
    { seed: from, numRuns: many },
  );
}
