import { afterAll, expect, test } from '@jest/globals';
import { demoVmManager6World } from '../../activities/servers/vmmanager6/simulator/demo-world.ts';
import { startVmManager6Simulator } from '../../activities/servers/vmmanager6/simulator/start.ts';
import { password } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import { add, eventually, heldFor, openDesk, release, remove } from './support/desk.ts';

const engine = await openDesk();
const { ledger } = engine;

const world = demoVmManager6World({ admin: password });
world.knobs.taskMs = 100;
const panel = await startVmManager6Simulator({ world });
afterAll(() => panel.close());

await engine.addServer(
  'node-6',
  {
    module: 'vmmanager6',
    url: panel.url,
    login: 'admin@demo.example',
    settings: { cluster: '1', os: '1', preset: '1' },
    requestTimeoutMs: 5_000,
  },
  password,
);

const old = world.hosts.size;
const ipsOf = (name: RegExp) =>
  [...world.ips.values()].filter(({ host }) => name.test(world.hosts.get(host ?? 0)?.name ?? '')).map(({ ip }) => ip);

test('a VPS gets its machine with both addresses, one more, gives one back, and goes with all of them', async () => {
  const { answer, handle } = await orderService(engine, service('v-1', { server: 'node-6', tariff: 'vps-2' }));
  const ips = answer.addresses.map(({ ip }) => ip);
  expect(await handle.result()).toMatchObject({ outcome: 'allocated' });
  expect(ipsOf(/^v-1-/).toSorted()).toEqual(ips.toSorted());

  const more = await add(engine, { order: 'v-1-more', service: 'v-1', family: 'ipv4' });
  await more.handle.result();
  const [extra = ''] = more.answer.addresses.map(({ ip }) => ip);
  expect(ipsOf(/^v-1-/)).toContain(extra);

  await (await release(engine, extra)).result();
  expect(ipsOf(/^v-1-/).toSorted()).toEqual(ips.toSorted());

  const removal = await (await remove(engine, 'v-1')).result();
  expect(removal).toEqual({ service: 'v-1', released: ips.toSorted(), kept: [] });
  expect(ipsOf(/^v-1-/)).toEqual([]);
  expect(await heldFor(engine, 'v-1/1/ipv4/1', 'v-1/1/ipv6/1', 'v-1-more')).toEqual([]);
  expect(await ledger.services.find('v-1')).toMatchObject({ state: 'removed' });
  await eventually(() => expect(world.hosts.size).toBe(old));
});
