import { describe, expect, test } from '@jest/globals';
import { openDesk } from '../../workflows/support/desk.ts';
import { syncBesideOrders, syncKilled } from '../../workflows/support/sync-claims.ts';
import { wideWorld } from '../../workflows/support/sync-desk.ts';

const engine = await openDesk({ world: wideWorld(), integration: { fenceMs: 2_000 }, unread: true });

describe('a sync', () => {
  test('during 200 live allocations and releases breaks no invariant', async () => {
    expect(await syncBesideOrders(engine, 200)).toEqual({
      states: ['applied', 'applied', 'applied'],
      releases: [],
      distinct: 100,
      notHeld: [],
      violations: [],
    });
  }, 900_000);

  test('whose worker is killed at ten moments nobody chose does nothing twice, and starts over no more than a range', async () => {
    expect(await syncKilled(engine, { listing: 4, applying: 6 })).toEqual({
      state: 'applied',
      done: '142 of 142',
      stillHeld: [],
      stillMissing: [],
      twice: [],
      locks: [],
      killed: { listing: 4, applying: 6 },
      startedOverMore: false,
    });
  }, 900_000);
});
