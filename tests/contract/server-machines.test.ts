import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { serverModules } from '../../activities/servers/index.ts';
import type { ServiceOnServer } from '../../activities/servers/server-module.ts';
import { serviceLabel } from '../../activities/servers/service-label.ts';
import { demoVdsWorld } from '../../activities/servers/vdsmanager4/simulator/demo-world.ts';
import { startVdsManager4Simulator } from '../../activities/servers/vdsmanager4/simulator/start.ts';
import { demoVmWorld } from '../../activities/servers/vmmanager5/simulator/demo-world.ts';
import { startVmManager5Simulator } from '../../activities/servers/vmmanager5/simulator/start.ts';
import { canary, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { settled } from './support/settled.ts';

/** What the two panels of machines have in common: settings, names, and simulators that outlive a restart. */
const panels = new Panels();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iptally-machines-'));
});
afterEach(async () => {
  await panels.close();
  rmSync(folder, { recursive: true });
});

const service: ServiceOnServer = {
  installation: '0123456789ab',
  id: 'svc-1001',
  kind: 'vps',
  domain: 'www.example.com',
  customer: 'c-7',
};
const addresses = ['198.51.100.10', '2001:db8:100::10'];

const vds = { preset: 'OVZ-1', template: 'centos-5-x86_64' };
const vm = { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' };

describe('settings', () => {
  const said = (module: string, given: object) =>
    serverModules[module]?.settings
      .safeParse(given)
      .error?.issues.map(({ path, message }) => `${path.join()}: ${message}`);

  test.each([
    ['vdsmanager4', vds],
    ['vdsmanager4', { ...vds, owner: 'admin', lists: 'whole', ipmanager: 'none' }],
    ['vmmanager5', vm],
    ['vmmanager5', { ...vm, node: 'auto', user: 'hoster', group: 'public' }],
  ])('of %s may be %j', (module, given) => {
    expect(said(module, given)).toBeUndefined();
  });

  test.each([
    ['vdsmanager4', { template: vds.template }, /^preset: the name of a VDS template/],
    ['vdsmanager4', { preset: vds.preset }, /^template: the name of a disk template/],
    ['vdsmanager4', { ...vds, preset: '' }, /^preset: the name of a VDS template/],
    ['vdsmanager4', { ...vds, template: 'a b' }, /^template: the name of a disk template/],
    ['vdsmanager4', { ...vds, owner: 'a b' }, /^owner: the user of the panel who is to own all VDSs/],
    ['vdsmanager4', { ...vds, lists: 'yes' }, /^lists: counted: lists say how many rows there are/],
    ['vdsmanager4', { ...vds, ipmanager: 'X!' }, /^ipmanager: .* ipmgr unless named, or none/],
    ['vdsmanager4', { ...vds, colour: 'red' }, /colour/],
    ['vmmanager5', { template: vm.template }, /^preset: the name of a preset/],
    ['vmmanager5', { preset: vm.preset }, /^template: the id of an operating system template/],
    ['vmmanager5', { ...vm, preset: ' ' }, /^preset: the name of a preset/],
    ['vmmanager5', { ...vm, template: 'a b' }, /^template: .* like ISPsystem__Debian-11-x86_64/],
    ['vmmanager5', { ...vm, node: '-' }, /^node: auto, which is the default, or the name or number/],
    ['vmmanager5', { ...vm, user: 'a:b' }, /^user: the name of a user of the panel/],
    ['vmmanager5', { ...vm, group: '' }, /^group: the group \(iptype\)/],
    ['vmmanager5', { ...vm, colour: 'red' }, /colour/],
  ])('of %s may not be %j, and the words say what may', (module, given, words) => {
    expect(said(module, given)).toEqual([expect.stringMatching(words)]);
  });
});

test('the label of a service fits host names, logins and names of machines, whatever the id; no two ids share one', () => {
  const ids = ['1', '...', 'A'.repeat(100), '2024-09-01', 'svc:1@x', 'svc-1', 'svc:1', 'svc.1', 'SVC-1'];
  const labels = ids.map((id) => serviceLabel({ ...service, id }));
  for (const label of labels) expect(label).toMatch(/^(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*-[0-9a-f]{16}$/);
  expect(new Set(labels).size).toBe(ids.length);
});

const simulators = [
  {
    name: 'vdsmanager4',
    settings: vds,
    start: async (stateFile: string) => {
      const world = demoVdsWorld({ root: canary });
      const server = await startVdsManager4Simulator({ world, stateFile });
      return { server, knobs: world.knobs, names: () => [...world.vdss].map((one) => one.name) };
    },
  },
  {
    name: 'vmmanager5',
    settings: vm,
    start: async (stateFile: string) => {
      const world = demoVmWorld({ root: canary });
      const server = await startVmManager5Simulator({ world, stateFile });
      return { server, knobs: world.knobs, names: () => [...world.vms.values()].map((one) => one.name) };
    },
  },
];

describe.each(simulators)('the simulated $name of the demo', ({ name, settings, start }) => {
  test('keeps its machines over a restart, one being installed too, and the next process goes on with it', async () => {
    const stateFile = join(folder, 'state.json');
    const first = await start(stateFile);
    first.knobs.taskMs = 30;
    const module = panels.keep(moduleNamed(name, connectionTo(first.server.url, { settings })));
    expect((await module.test()).missing).toEqual([]);
    expect(await module.setUp({ service, addresses })).toMatchObject({ kind: 'started' });
    await first.server.close();
    const again = await start(stateFile);
    panels.keep(again.server);
    const after = panels.keep(moduleNamed(name, connectionTo(again.server.url, { settings })));
    expect(await settled(after, () => after.setUp({ service, addresses }))).toEqual({ kind: 'done' });
    expect(again.names().filter((one) => one.startsWith(serviceLabel(service)))).toHaveLength(1);
    expect(again.names()).toHaveLength(2);
  });

  test('never makes us show a secret, whatever goes wrong', async () => {
    const { server, knobs } = await start(join(folder, 'state.json'));
    panels.keep(server);
    knobs.taskMs = 20;
    const module = panels.keep(moduleNamed(name, connectionTo(server.url, { settings })));
    const told: unknown[] = [await settled(module, () => module.setUp({ service, addresses }))];
    for (const kind of ['html-after', 'truncated-after', 'status-after', 'foreign-json-after'] as const) {
      server.faults.hook = () => ({ kind });
      told.push(await module.setUp({ service, addresses: ['198.51.100.11'] }), await module.test().catch(String));
    }
    server.faults.hook = undefined;
    knobs.failNext = `login root:${canary} failed`;
    const other = { service: { ...service, id: 'svc-1002' }, addresses: ['198.51.100.12'] };
    told.push(await settled(module, () => module.setUp(other)), await module.setUp(other), server.log);
    expect(told).toContainEqual(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'server-half-made' }) }),
    );
    const text = JSON.stringify(told);
    for (const form of [canary, JSON.stringify(canary).slice(1, -1), encodeURIComponent(canary)])
      expect(text).not.toContain(form);
  });
});
