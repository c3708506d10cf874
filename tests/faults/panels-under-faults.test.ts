import { describe } from '@jest/globals';
import { claimPanelsUnderFaults, everyPanel, serverKills } from './support/server-storm-claims.ts';

describe('orders on every kind of server, its panel failing in every way, the workers killed', () => {
  claimPanelsUnderFaults({
    panels: everyPanel,
    each: 4,
    weather: { onChange: [1, 3], onLook: [10, 40] },
    kills: 1,
    killEveryMs: 4_000,
    hit: ['vmmanager6'],
    // After each effect, whose answer is then lost; the long one has all.
    places: serverKills.filter(({ when }) => when === 'after'),
  });
});
