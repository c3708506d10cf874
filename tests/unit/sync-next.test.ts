import { expect, test } from '@jest/globals';
import { nextStep } from '../../client/cli/render/sync-next.ts';
import type { SyncRunView } from '../../client/views/sync.ts';

type Told = Pick<SyncRunView, 'counts' | 'outcomes'>;

const none = { done: 0, failed: 0, denied: 0, changed: 0 };
const applied = (told: Told): readonly string[] =>
  nextStep({ run: '7', integration: 'main', state: 'applied', ...told } as SyncRunView);

const overLimit = '4 of these are releases over the limit of one run (--release-limit)';

test.each<[string, Told, readonly string[]]>([
  ['nothing was planned', { counts: { report: 2 }, outcomes: none }, ['nothing to do']],
  ['all is done', { counts: { release: 3, report: 2 }, outcomes: { ...none, done: 3 } }, ['3 done, nothing is left']],
  [
    'the release limit left some',
    { counts: { release: 7, tag: 1 }, outcomes: { ...none, done: 4 } },
    ['4 done, 4 left for the next run', overLimit, 'next: iptally sync run main'],
  ],
  [
    'some did not go well',
    { counts: { release: 3, occupy: 2 }, outcomes: { done: 2, failed: 1, denied: 1, changed: 1 } },
    ['2 done, 3 left for the next run', 'next: mend what is told above, then iptally sync run main'],
  ],
  [
    'both',
    { counts: { release: 8 }, outcomes: { ...none, done: 3, failed: 1 } },
    ['3 done, 5 left for the next run', overLimit, 'next: mend what is told above, then iptally sync run main'],
  ],
])('a sync that was applied says what is left: %s', (_what, told, lines) => {
  expect(applied(told)).toEqual(lines);
});
