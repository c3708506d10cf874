import { startProxmoxVeSimulator } from '../../../activities/servers/proxmox-ve/simulator/start.ts';
import { settleTasks } from '../../../activities/servers/proxmox-ve/simulator/tasks.ts';
import { proofLine } from '../../../activities/servers/service-label.ts';
import { inForceOf } from '../../../activities/servers/proxmox-ve/simulator/world.ts';
import { commentOf } from '../../../activities/servers/vmmanager6/vm-name.ts';
import { startVmManager6Simulator } from '../../../activities/servers/vmmanager6/simulator/start.ts';
import { endTasks } from '../../../activities/servers/vmmanager6/simulator/tasks.ts';
import { createVmWorld, type VmWorld } from '../../../activities/servers/vmmanager6/simulator/world.ts';
import { canary } from '../../contract/support/panels.ts';
import { pveSettings, pveWorld } from '../../contract/support/servers/proxmox-ve.ts';
import { password } from '../../support/engine.ts';
import { taskMs, type ServerPanel } from './server-panel.ts';

const email = 'admin@example.com';

/** VMmanager 6: a machine with one address, each further one a task of its own. */
export async function openVmManager6(): Promise<ServerPanel> {
  const world = createVmWorld({
    logins: [{ email, password }],
    machines: [{ name: 'oldvm', comment: 'Old Site Ltd', ips: ['198.51.100.5'] }],
    knobs: { taskMs },
  });
  const simulator = await startVmManager6Simulator({ world });
  const settings = { cluster: '1', os: '1', preset: '1' };
  return {
    name: 'vmmanager6',
    kind: 'vps',
    fields: { module: 'vmmanager6', url: simulator.url, login: email, settings },
    secret: password,
    simulator,
    things() {
      endTasks(world);
      const ips = [...world.ips.values()];
      return [...world.hosts.values()].map(({ id, comment }) => ({
        proof: comment,
        addresses: ips.flatMap(({ ip, host }) => (host === id ? [ip] : [])),
      }));
    },
    proofOf: commentOf,
    beside: () =>
      [...world.ips.values()].map(({ ip, host }) => ({
        proof: world.hosts.get(host ?? 0)?.comment ?? `nobody, for ${ip}`,
        addresses: [],
      })),
    failNext: (words) => (world.knobs.failNext = words),
    mend: () => removeHalfMade(world),
  };
}

/** As the module's words say: the machine is removed there, or installed again. */
function removeHalfMade(world: VmWorld): void {
  for (const { name, host, status } of world.tasks.values()) {
    if (name !== 'host_create' || status !== 'fail' || !world.hosts.delete(host)) continue;
    for (const { ip, host: holder } of world.ips.values()) if (holder === host) world.ips.delete(ip);
  }
}

/** Proxmox VE: the panel itself lets two guests carry one address, so nothing but our looks keeps them apart. */
export async function openProxmoxVe(type: keyof typeof pveSettings): Promise<ServerPanel> {
  const world = pveWorld({ taskMs, ...(type === 'openvz' ? { version: '3.4' } : {}) });
  const simulator = await startProxmoxVeSimulator({ world });
  return {
    name: `proxmox-${type}`,
    kind: 'vps',
    fields: { module: 'proxmox-ve', url: simulator.url, login: 'root@pam', settings: pveSettings[type] },
    secret: canary,
    simulator,
    things() {
      settleTasks(world);
      return [...world.guests.values()].map((guest) => ({
        proof: guest.config['description']?.split('\n')[0] ?? `nobody, at ${guest.vmid}`,
        addresses: [...new Set([guest.config, inForceOf(guest)].flatMap(addressesIn))],
      }));
    },
    proofOf: proofLine,
    failNext: (words) => {
      if (world.knobs.failNext.length === 0) world.knobs.failNext.push(words);
    },
  };
}

function addressesIn(config: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(config).flatMap(([name, value]) => addressesOf(name, value));
}

function addressesOf(name: string, value: string): readonly string[] {
  if (name === 'ip_address') return value.split(/\s+/).filter((ip) => ip !== '');
  return /^(net|ipconfig)\d/.test(name) ? [...value.matchAll(/ip6?=([^,/]*)\//g)].map(([, ip = '']) => ip) : [];
}
