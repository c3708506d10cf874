import { beforeAll, expect, test } from '@jest/globals';
import { report } from '../../support/seed.ts';
import { killAtEachStep, type KillOptions, type Kills } from './kills.ts';

/** The claims of both lengths. */
export function claimKilledAtEachStep(options: KillOptions): void {
  let ended: Kills;

  beforeAll(async () => {
    ended = await killAtEachStep(options);
    const { violations, reached, unreached: _unreached, ...figures } = ended;
    report('killed at each step', { times: options.times, broken: violations.length, ...figures, reached });
  }, 3_000_000);

  test('nothing leaks, nothing is doubled, every workflow ends as it would have', () => {
    expect(ended.violations).toEqual([]);
  });

  test('each place was reached', () => {
    expect(ended.unreached).toEqual([]);
  });
}
