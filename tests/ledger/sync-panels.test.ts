import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PlanRow } from '../../workflows/domain/plan.ts';
import { aRun, openWorld, panel, type World } from './world.ts';

let world: World;
let last: string | undefined;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('another panel', () => {
  const secrets = { password: 'pw', adminPassword: null };
  const integration = 'moving';
  const login = 'moving';
  const remote = { tag: null, group: 'public', ptr: 'a.example.com' };
  const seen: PlanRow = {
    ip: '10.66.0.1',
    discrepancy: 'unknown-holder',
    action: 'release',
    reason: 'a test',
    remote,
    version: null,
  };

  /** A run that was approved, with one sighting, on a date of its own: on how many dates it was seen. */
  async function approved(localDate: string): Promise<number | undefined> {
    const { syncs } = world.ledger;
    const request = { integration, policy: 'all', dryRun: false, login, scheduledFor: null } as const;
    const begun = await syncs.begin({ ...request, run: aRun(`sync/${integration}`) });
    ({ run: last } = begun.run);
    const { run, progress } = begun.run;
    const moved = { ...progress, nextPage: 2, rows: 1, total: 1, lastIp: seen.ip };
    await syncs.saveRange({ run, fromPage: 1, progress: moved, plan: [seen], firstReads: [], ledgerRows: 1 });
    const { checksum } = await syncs.finishPlan({ run, verdict: 'needs-approval', reason: null });
    const dates = await syncs.sight(run, [seen], localDate);
    await syncs.setState(run, 'needs-approval', null);
    await syncs.approve(run, checksum ?? '');
    await syncs.setState(run, 'applied', null);
    return dates.get(seen.ip);
  }
  const known = async () => [
    await world.ledger.syncs.everApproved(integration),
    (await world.ledger.syncs.baseline(integration, login))?.run,
  ];
  const nothing = [false, undefined];

  test.each([
    ['its URL', { url: 'https://other-panel.example/ipmgr' }],
    ['its login', { login: 'moving-too' }],
  ])('with %s changed nothing approved, counted or seen before holds; other edits keep it', async (_what, change) => {
    const { integrations } = world.ledger.settings;
    await integrations.add(integration, { ...panel, login }, secrets);
    expect(await known()).toEqual(nothing);
    expect(await approved('2027-03-01')).toBe(1);
    expect(await approved('2027-03-02')).toBe(2);
    await integrations.edit(integration, { policy: 'owned', releaseLimit: 3, url: panel.url }, secrets);
    expect(await known()).toEqual([true, last]);
    await integrations.edit(integration, change, {});
    expect(await known()).toEqual(nothing);
    expect(await approved('2027-03-03')).toBe(1);
    expect(await known()).toEqual([true, last]);
    await integrations.remove(integration);
  });

  test('nor can a plan be approved that was made of the former one', async () => {
    const { integrations } = world.ledger.settings;
    const { syncs } = world.ledger;
    await integrations.add(integration, { ...panel, login }, secrets);
    const request = { integration, policy: 'all', dryRun: false, login, scheduledFor: null } as const;
    const { run } = (await syncs.begin({ ...request, run: aRun(`sync/${integration}`) })).run;
    const { checksum } = await syncs.finishPlan({ run, verdict: 'needs-approval', reason: null });
    await syncs.setState(run, 'needs-approval', null);
    expect(await syncs.isOfItsPanel({ run, integration })).toBe(true);
    await integrations.edit(integration, { url: 'https://other-panel.example/ipmgr' }, {});
    expect(await syncs.approve(run, checksum ?? '')).toBe('other-panel');
    expect(await syncs.isOfItsPanel({ run, integration })).toBe(false);
    await syncs.setState(run, 'rejected', null);
    await integrations.remove(integration);
  });

  test('nor does anything of an integration that was removed, when one of its name is added', async () => {
    const { integrations } = world.ledger.settings;
    await integrations.add(integration, { ...panel, login }, secrets);
    expect(await approved('2027-04-01')).toBe(1);
    await integrations.remove(integration);
    await integrations.add(integration, { ...panel, login }, secrets);
    expect(await known()).toEqual(nothing);
    expect(await approved('2027-04-02')).toBe(1);
    await integrations.remove(integration);
  });
});
