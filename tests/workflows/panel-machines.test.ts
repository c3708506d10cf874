import { afterAll, describe, expect, test } from '@jest/globals';
import { startVdsManager4Simulator } from '../../activities/servers/vdsmanager4/simulator/start.ts';
import { createVdsWorld } from '../../activities/servers/vdsmanager4/simulator/world.ts';
import { startVmManager5Simulator } from '../../activities/servers/vmmanager5/simulator/start.ts';
import { createVmWorld } from '../../activities/servers/vmmanager5/simulator/world.ts';
import { keepUpdate, workflowIds } from '../../workflows/contract.ts';
import { password } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import { eventually, heldFor, openDesk, release, remove } from './support/desk.ts';

const engine = await openDesk();
const { ledger } = engine;

const login = { name: 'root', password };
const vds = createVdsWorld({ logins: [login], knobs: { taskMs: 200 } });
const vms = createVmWorld({ logins: [login], knobs: { taskMs: 200, deleteMs: 200 } });
const vdsPanel = await startVdsManager4Simulator({ world: vds });
const vmPanel = await startVmManager5Simulator({ world: vms });
afterAll(() => Promise.all([vdsPanel.close(), vmPanel.close()]));

const panels = [
  {
    module: 'vdsmanager4',
    url: vdsPanel.url,
    settings: { preset: 'OVZ-1', template: 'centos-5-x86_64' },
    machines: () => [...vds.vdss],
  },
  {
    module: 'vmmanager5',
    url: vmPanel.url,
    settings: { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' },
    machines: () => [...vms.vms.values()],
  },
];

const requestTimeoutMs = 5_000;
for (const { module, url, settings } of panels) {
  await engine.addServer(`on-${module}`, { module, url, login: 'root', settings, requestTimeoutMs }, password);
}

describe.each(panels)('a service on $module', ({ module, machines }) => {
  test('is set up with its addresses, and removed with all of them, its main address included', async () => {
    const id = `m-${module}`;
    const { answer, handle } = await orderService(engine, service(id, { server: `on-${module}`, tariff: 'vps-2' }));
    const ips = answer.addresses.map(({ ip }) => ip);
    expect(await handle.result()).toMatchObject({ outcome: 'allocated' });
    expect(machines().map(({ addresses }) => addresses.map(({ ip }) => ip).toSorted())).toEqual([ips.toSorted()]);
    const removal = await (await remove(engine, id)).result();
    expect(removal).toEqual({ service: id, released: ips.toSorted(), kept: [] });
    expect(machines()).toEqual([]);
    expect(await heldFor(engine, `${id}/1/ipv4/1`, `${id}/1/ipv6/1`)).toEqual([]);
    expect(await ledger.services.find(id)).toMatchObject({ state: 'removed' });
  });
});

test('the only address of a VDS is not taken off it: its release waits with that reason, and keep ends the wait', async () => {
  const { answer, handle } = await orderService(engine, service('m-only', { server: 'on-vdsmanager4' }));
  await handle.result();
  const ip = answer.addresses[0]?.ip ?? '';
  const releasing = await release(engine, ip);
  await eventually(async () => {
    const told = await engine.client.workflow
      .getHandle(workflowIds.releaseAddress(ip))
      .query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
    expect(told.currentDetails).toContain('main-address-stays');
  });
  expect(await releasing.executeUpdate(keepUpdate)).toMatchObject({ address: ip, kept: true });
  expect([...vds.vdss].map(({ addresses }) => addresses.map((row) => row.ip))).toEqual([[ip]]);
});
