import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, begin, type Progress } from '../../workflows/domain/allocation.ts';
import type { Event, Step } from '../../workflows/domain/allocation-steps.ts';
import { report, seed } from '../support/seed.ts';
import { play, type Protocol } from './support/allocation-model.ts';
import { check, scenes } from './support/allocation-scenes.ts';

/** `npm run test:faults` plays more. */
const runs = 100_000;

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
    const more = [
      'not-ours',
      'tag-cut',
      'withheld',
      'removing',
      'wrong-family',
      'in-use',
      'ptr-written',
      'ptr-refused',
    ];
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
    'what else the panel gives is taken for what was asked for': {
      begin: (order) => ({ ...begin(order), exact: false }),
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
