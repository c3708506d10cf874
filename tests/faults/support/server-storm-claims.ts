import { beforeAll, expect, test } from '@jest/globals';
import { report } from '../../support/seed.ts';
import { openIspManager, openVdsManager4, openVmManager5 } from './coremanager-panels.ts';
import { openProxmoxVe, openVmManager6 } from './rest-panels.ts';
import { serverStorm, type KillPlace, type ServerStorm, type ServerStormOptions } from './server-storm.ts';

/** Every module that works on a server of its own. */
export const everyPanel = [
  openIspManager,
  openVdsManager4,
  openVmManager5,
  openVmManager6,
  () => openProxmoxVe('lxc'),
] as const;

/** Around each step on a server. */
export const serverKills: readonly KillPlace[] = (
  ['setUpService', 'progressOfTask', 'removeFromServer'] as const
).flatMap((activity) => (['before', 'after'] as const).map((when) => ({ activity, when })));

/** The claims of both lengths. */
export function claimPanelsUnderFaults(options: ServerStormOptions): void {
  let ended: ServerStorm;

  beforeAll(async () => {
    ended = await serverStorm(options);
    const { violations, unfired: _unfired, ...figures } = ended;
    const orders = options.panels.length * options.each;
    report('panels under faults', { orders, broken: violations.length, ...figures });
  }, 3_000_000);

  test('no service is twice on a server, no address on two, nothing leaks, every order has an end', () => {
    expect(ended.violations).toEqual([]);
  });

  test('every fault fired, and every panel met at least one for two orders', () => {
    expect(ended.unfired).toEqual([]);
    for (const fired of Object.values(ended.fired)) {
      expect(Object.values(fired).reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(options.each / 2);
    }
  });

  test('the workers died wherever they were to die', () => {
    const places = options.places.map(({ when, activity }) => [`${when} ${activity}`, options.hit.length]);
    expect(ended.reached).toEqual(Object.fromEntries(places));
    expect(ended.killed).toBeGreaterThan(options.kills);
  });
}
