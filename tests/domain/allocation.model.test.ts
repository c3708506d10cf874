import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, begin, type Event, type Progress, type Step } from '../../workflows/domain/allocation.ts';
import { report, seed } from '../support/seed.ts';
import { play, type Fault, type Known, type Protocol, type Scene } from './support/allocation-model.ts';

/** `npm run test:faults` asks for more. */
const runs = Number(process.env['IPTALLY_MODEL_RUNS'] ?? 100_000);

const faults = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fault>('none') },
  { weight: 4, arbitrary: fc.constantFrom<Fault>('lost-after', 'lost-before', 'late') },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Fault>('not-sent', 'not-logged-in', 'untagged', 'cut', 'ptr-refused', 'removing'),
  },
);

const kinds = fc.constantFrom<Known>('free', 'free', 'busy', 'quarantined');

const scenes: fc.Arbitrary<Scene> = fc
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

function check(protocol: Protocol, many: number): fc.RunDetails<[Scene]> {
  return fc.check(
    fc.property(scenes, (scene) => {
      const { broken } = play(scene, protocol);
      if (broken.length > 0) throw new Error(broken.join('; '));
    }),
    { seed, numRuns: many },
  );
}

describe('the protocol of one order, against a model', () => {
  test('whatever the panel does and whenever it is stopped: it ends, holds one address or none, and nothing leaks', () => {
    const details = check({ begin, advance }, runs);
    report('allocation model', { runs: details.numRuns, failed: details.failed });
    expect(fc.defaultReportMessage(details)).toBeUndefined();
  });

  test('the model reaches every end and every step', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(scenes, (scene) => {
        const watched: Protocol = {
          begin,
          advance: (progress, event, stop) => {
            seen.add(`${event.kind}${stop ? ' stopped' : ''}`);
            return advance(progress, event, stop);
          },
        };
        seen.add(`ends ${play(scene, watched).step.do}`);
      }),
      { seed, numRuns: 5_000 },
    );
    const first = ['allocated', 'refused', 'not-logged-in', 'not-sent', 'unknown', 'fence-over', 'found', 'claimed'];
    const more = ['not-ours', 'tag-cut', 'withheld', 'removing', 'in-use', 'ptr-written', 'ptr-refused'];
    const last = ['given-back', 'backed-off', 'marked', 'allocated stopped', 'unknown stopped', 'found stopped'];
    const all = [...first, ...more, ...last, 'ends done', 'ends close', 'ends stopped'];
    expect(all.filter((one) => !seen.has(one))).toEqual([]);
  });

  test.each(Object.entries(plantedBugs()))('a planted bug is found: %s', (_name, planted) => {
    const details = check({ begin, advance, ...planted }, runs);
    expect(details.failed).toBe(true);
  });
});

type Advance = Protocol['advance'];

/** Each changes one decision of the real protocol; the model has to see it (reference/reliability.md 3.3). */
function plantedBugs(): Readonly<Record<string, Partial<Protocol>>> {
  const instead = (change: (next: Progress, event: Event, before: Progress, stop: boolean) => Progress): Advance => {
    return (before, event, stop) => change(advance(before, event, stop), event, before, stop);
  };
  const step = (progress: Progress, next: Step): Progress => ({ ...progress, step: next });
  const again = (progress: Progress): Progress => {
    const attempt = progress.attempt + 1;
    return { ...progress, attempt, unsettled: false, step: { do: 'request', attempt, freshSession: false } };
  };
  return {
    'unknown is asked again at once': {
      advance: instead((next, event) => (event.kind === 'unknown' ? again(next) : next)),
    },
    'it looks before the fence is over': {
      advance: instead((next, event) => (event.kind === 'unknown' ? step(next, { do: 'find' }) : next)),
    },
    'what else carries the tag is forgotten': {
      advance: instead((next, event) => (event.kind === 'found' ? { ...next, spare: [] } : next)),
    },
    'a stop forgets the address just given': {
      advance: instead((next, event, _before, stop) =>
        stop && event.kind === 'allocated' ? step(next, { do: 'stopped' }) : next,
      ),
    },
    'a stop does not wait for what is on its way': {
      advance: instead((next, event, _before, stop) =>
        stop && event.kind === 'unknown' ? step(next, { do: 'stopped' }) : next,
      ),
    },
    'it closes without a last look': {
      advance: instead((next, event, before) =>
        event.kind === 'refused' && before.doubted ? step(next, { do: 'close', failure: event.failure }) : next,
      ),
    },
    'attempts are not counted': {
      advance: instead((next) => ({ ...next, fruitless: 0 })),
    },
    'conflicts are not counted': {
      advance: instead((next, event) =>
        event.kind === 'in-use' ? { ...next, conflicts: [], ending: undefined } : next,
      ),
    },
    'a conflict is not recorded but taken': {
      advance: instead((next, event, before) =>
        event.kind === 'in-use' && before.step.do === 'claim'
          ? step(next, { do: 'write-ptr', ip: before.step.ip })
          : next,
      ),
    },
    'an address is used without a claim': {
      advance: instead((next, event, _before, stop) =>
        event.kind === 'allocated' && !stop ? step(next, { do: 'write-ptr', ip: event.ip }) : next,
      ),
    },
    'an earlier run is not looked for': {
      begin: ({ attempts, ...order }) => ({ ...begin({ ...order, attempts: 0 }), attempt: attempts + 1 }),
    },
    'a refused PTR ends the order with its address held': {
      advance: instead((next, event) =>
        event.kind === 'ptr-refused' ? step(next, { do: 'close', failure: event.failure }) : next,
      ),
    },
    'an address in doubt is not looked for again after its claim': {
      advance: instead((next, event, _before, stop) => (event.kind === 'not-ours' && !stop ? again(next) : next)),
    },
  };
}
