import { noWork, phaseOf } from '../../../activities/coremanager/simulator/slow-work.ts';
import { fullNameOf } from '../../../activities/servers/ispmanager/panel-user.ts';
import { startIspManagerSimulator } from '../../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld } from '../../../activities/servers/ispmanager/simulator/world.ts';
import { serviceLabel } from '../../../activities/servers/service-label.ts';
import { startVdsManager4Simulator } from '../../../activities/servers/vdsmanager4/simulator/start.ts';
import { createVdsWorld } from '../../../activities/servers/vdsmanager4/simulator/world.ts';
import { startVmManager5Simulator } from '../../../activities/servers/vmmanager5/simulator/start.ts';
import { createVmWorld } from '../../../activities/servers/vmmanager5/simulator/world.ts';
import { password } from '../../support/engine.ts';
import { taskMs, type ServerPanel } from './server-panel.ts';

const logins = [{ name: 'root', password }];

/** ispmanager business: a user for each service; no tasks. */
export async function openIspManager(): Promise<ServerPanel> {
  const world = createIspWorld({
    logins,
    addresses: [{ ip: '198.51.100.2', role: 'shared' }],
    users: [{ name: 'oldsite', fullname: 'Old Site Ltd', preset: 'start', domain: 'oldsite.example' }],
  });
  const simulator = await startIspManagerSimulator({ world });
  const rows = () => [...world.addresses.values()];
  return {
    name: 'ispmanager-business',
    kind: 'hosting',
    fields: { module: 'ispmanager-business', url: simulator.url, login: 'root' },
    secret: password,
    simulator,
    things: () =>
      [...world.users.values()].map(({ name, fullname }) => ({
        proof: fullname,
        addresses: rows().flatMap(({ ip, owner }) => (owner === name ? [ip] : [])),
      })),
    proofOf: fullNameOf,
    beside: () =>
      rows().flatMap(({ ip, owner, role }) =>
        role === 'shared' ? [] : [{ proof: world.users.get(owner)?.fullname ?? `nobody, for ${ip}`, addresses: [] }],
      ),
  };
}

/** VDSmanager 4: a VDS by its main address, its template unpacked after the answer. */
export async function openVdsManager4(): Promise<ServerPanel> {
  const old = [{ name: 'oldvds.example', addresses: ['198.51.100.4'] }];
  const world = createVdsWorld({ logins, vdss: old, knobs: { taskMs } });
  const simulator = await startVdsManager4Simulator({ world });
  const settings = { preset: 'OVZ-1', template: 'centos-5-x86_64' };
  return {
    name: 'vdsmanager4',
    kind: 'vps',
    fields: { module: 'vdsmanager4', url: simulator.url, login: 'root', settings },
    secret: password,
    simulator,
    things: () =>
      [...world.vdss].map(({ name, addresses }) => ({
        proof: name.split('.')[0] ?? '',
        addresses: addresses.map(({ ip }) => ip),
      })),
    proofOf: serviceLabel,
    failNext: (words) => (world.knobs.failNext = words),
    mend() {
      for (const vds of world.vdss) {
        if (phaseOf(vds.work) !== 'failed') continue;
        world.vdss.delete(vds);
        world.vdss.add({ ...vds, work: noWork() });
      }
    },
  };
}

/** VMmanager 5: a machine and its owner, two requests. */
export async function openVmManager5(): Promise<ServerPanel> {
  const world = createVmWorld({
    logins,
    vms: [{ name: 'oldvm', domain: 'oldvm.example', addresses: ['198.51.100.3'] }],
    knobs: { taskMs, deleteMs: taskMs },
  });
  const simulator = await startVmManager5Simulator({ world });
  const settings = { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' };
  return {
    name: 'vmmanager5',
    kind: 'vps',
    fields: { module: 'vmmanager5', url: simulator.url, login: 'root', settings },
    secret: password,
    simulator,
    things: () =>
      [...world.vms.values()].map(({ name, addresses }) => ({
        proof: name,
        addresses: addresses.map(({ ip }) => ip),
      })),
    proofOf: serviceLabel,
    beside: () => [...world.users.values()].map(({ name }) => ({ proof: name, addresses: [] })),
    failNext: (words) => (world.knobs.failNext = words),
    mend() {
      for (const vm of world.vms.values()) if (phaseOf(vm.work) === 'failed') vm.work = noWork();
    },
  };
}
