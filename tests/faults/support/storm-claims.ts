import { beforeAll, expect, test } from '@jest/globals';
import { report, seed } from '../../support/seed.ts';
import { leaksOfNaiveClient } from './naive-client.ts';
import { requestTimeoutMs, storm, stormMix, type Storm, type StormOptions } from './storm.ts';

/** The claims of both lengths of the same storm. */
export function claimOrdersUnderFaults(options: StormOptions): void {
  let ended: Storm;

  beforeAll(async () => {
    ended = await storm(options);
    const { violations, fired, unfired: _unfired, ...figures } = ended;
    report('orders under faults', { orders: options.orders, broken: violations.length, ...figures, fired });
  }, 1_800_000);

  test('nothing leaks, nothing is doubled, every order has an end', () => {
    expect(ended.violations).toEqual([]);
  });

  test('no more addresses were taken than were asked for', () => {
    expect(ended.taken).toBeLessThanOrEqual(ended.attempts);
  });

  test('every fault fired and the worker died as often as it was killed', () => {
    expect(ended.unfired).toEqual([]);
    expect(ended.killed).toBe(options.kills);
  });

  test('a client that just asks again leaks under the same faults', async () => {
    const leaked = await leaksOfNaiveClient(options.orders, stormMix(options.rate), requestTimeoutMs);
    report('naive client', { orders: options.orders, leaked, seed });
    expect(leaked).toBeGreaterThan(options.orders / 10);
  }, 300_000);
}
