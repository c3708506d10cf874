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

  test('whose worker is killed at ten moments nobody chose does nothing twice', async () => {
    const { killed, ...rest } = await syncKilled(engine, { kills: 10, strays: 140 });
    expect(rest).toEqual({ state: 'applied', done: 142, stillHeld: [], stillMissing: [], twice: [], locks: [] });
    expect(killed).toBeGreaterThanOrEqual(3);
  }, 900_000);
});
