import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BeginRun, RunState } from '../../activities/ledger/sync/sync-store.ts';
import { aRun, openWorld, panel, type World } from './world.ts';

const secrets = { password: 'pw', adminPassword: null };

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** A run that came to its end; answers when. */
async function ended(integration: string, state: RunState, fields: Partial<BeginRun> = {}): Promise<string | null> {
  const { syncs } = world.ledger;
  const usual = { policy: 'all', dryRun: false, login: 'billing', scheduledFor: null } as const;
  const begun = await syncs.begin({ integration, ...usual, run: aRun(`sync/${integration}`), ...fields });
  if (begun.kind !== 'begun') throw new Error(`not begun: ${begun.kind}`);
  return (await syncs.setState(begun.run.run, state, null)).endedAt;
}

const lastGood = (integration: string) => world.ledger.syncs.lastGood(integration);

test('the last good sync is the newest that was applied; dry runs, however many, neither count nor hide it', async () => {
  expect(await lastGood('nights')).toBeNull();
  await ended('nights', 'planned', { dryRun: true });
  expect(await lastGood('nights')).toBeNull();
  const applied = await ended('nights', 'applied');
  for (let n = 0; n < 12; n += 1) await ended('nights', 'planned', { dryRun: true });
  expect(await lastGood('nights')).toBe(applied);
});

test.each(['refused', 'rejected', 'failed', 'expired', 'superseded'] as const)(
  'a run that was %s is not good',
  async (state) => {
    await ended(`ended-${state}`, state);
    expect(await lastGood(`ended-${state}`)).toBeNull();
  },
);

test('a run under the policy observe is good where the integration is to observe, under whatever login', async () => {
  const { integrations } = world.ledger.settings;
  await integrations.add('observed', { ...panel, login: 'observer', policy: 'observe' }, secrets);
  const observed = await ended('observed', 'planned', { policy: 'observe', login: 'somebody' });
  expect(observed).not.toBeNull();
  expect(await lastGood('observed')).toBe(observed);
});

test('a look under observe, by hand, is no good sync of an integration that is to mend', async () => {
  await ended('panel', 'planned', { policy: 'observe' });
  expect(await lastGood('panel')).toBeNull();
});
