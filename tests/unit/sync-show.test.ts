import { expect, test } from '@jest/globals';
import { showRun } from '../../client/cli/actions/sync-show.ts';
import type { Session } from '../../client/cli/session.ts';

test.each(['foo', '10.0.0.0/24', '10.0.0.256', ''])(
  'a part of a plan after %j, which is no address and no row of it, is refused',
  async (after) => {
    const syncs = { find: async () => ({ run: 'r-1' }), hasItem: async () => false };
    const session = { parts: async () => ({ ledger: { syncs } }) } as unknown as Session;
    await expect(showRun(session, 'r-1', { after })).rejects.toMatchObject({
      code: 'invalid-input',
      field: 'after',
      value: after,
      accepted: expect.stringContaining('an address'),
      exitStatus: 2,
    });
  },
);
