import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Deps } from '../../activities/deps.ts';
import type { ServerModule, SetUpRequest } from '../../activities/servers/server-module.ts';
import { setUpActivities } from '../../activities/set-up.ts';
import { workflowIds } from '../../workflows/contract.ts';
import { aReserved, aRun, aService, lock, openWorld, type World } from '../ledger/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** One set-up with what the run holds, and the addresses its module was told. */
async function setUp(service: string, held: readonly string[], closed: readonly string[] = []) {
  const told: SetUpRequest[] = [];
  const module: Pick<ServerModule, 'setUp'> = {
    setUp: async (request) => {
      told.push(request);
      return { kind: 'done' };
    },
  };
  const { ledger } = world;
  const runs = {
    closedAt: async ({ workflowId }: { readonly workflowId: string }) =>
      closed.includes(workflowId) ? new Date() : undefined,
  };
  const deps = { ledger, servers: { of: async () => module }, runs } as unknown as Deps;
  const { setUpService } = setUpActivities(deps);
  await new MockActivityEnvironment().run(setUpService, service, held);
  return told;
}

/** A service with an address of its own run, and one that was added since. */
async function withTwo() {
  const service = await aService(world);
  const { ip: own } = await aReserved(world, service);
  const added = await aReserved(world, service);
  return { id: service.id, own, ...added };
}

async function activate({ id, ip, order }: Awaited<ReturnType<typeof withTwo>>): Promise<void> {
  await world.ledger.services.activate({ service: id, ips: [ip], run: order.run, addressesOnly: true });
}

describe('a set-up', () => {
  test('keeps an address that was added and is not active yet: it is on the server, or will be in a moment', async () => {
    const { id, own, ip, order } = await withTwo();
    await lock(world, ip, order.run);
    await world.ledger.addresses.savePtr({ ip, ptrSeen: 'a.example.com', unlock: true, run: order.run });
    const [told] = await setUp(id, [own]);
    expect(told?.addresses.toSorted()).toEqual([own, ip].toSorted());
    expect(told?.service).toMatchObject({ id, installation: await world.ledger.installation() });
  });

  test('leaves out one whose order has not come to its PTR: it may end without the address (I4)', async () => {
    const { id, own } = await withTwo();
    const [told] = await setUp(id, [own]);
    expect(told?.addresses).toEqual([own]);
  });

  test('keeps one that is active by now', async () => {
    const two = await withTwo();
    await activate(two);
    const [told] = await setUp(two.id, [two.own]);
    expect(told?.addresses.toSorted()).toEqual([two.own, two.ip].toSorted());
  });

  test('does not put back what a running release is taking off (I4)', async () => {
    const two = await withTwo();
    await activate(two);
    await lock(world, two.ip, aRun(workflowIds.releaseAddress(two.ip)));
    const [told] = await setUp(two.id, [two.own]);
    expect(told?.addresses).toEqual([two.own]);
  });

  test('keeps what a release that ended in the middle left active', async () => {
    const two = await withTwo();
    await activate(two);
    const release = workflowIds.releaseAddress(two.ip);
    await lock(world, two.ip, aRun(release));
    const [told] = await setUp(two.id, [two.own], [release]);
    expect(told?.addresses.toSorted()).toEqual([two.own, two.ip].toSorted());
  });
});
