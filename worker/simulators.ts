import { demoWorld } from '../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator } from '../activities/ipmanager/simulator/start.ts';
import { demoIspWorld } from '../activities/servers/ispmanager/simulator/demo-world.ts';
import { startIspManagerSimulator } from '../activities/servers/ispmanager/simulator/start.ts';
import { demoPveWorld } from '../activities/servers/proxmox-ve/simulator/demo-world.ts';
import { startProxmoxVeSimulator } from '../activities/servers/proxmox-ve/simulator/start.ts';
import { demoVdsWorld } from '../activities/servers/vdsmanager4/simulator/demo-world.ts';
import { startVdsManager4Simulator } from '../activities/servers/vdsmanager4/simulator/start.ts';
import { demoVmWorld } from '../activities/servers/vmmanager5/simulator/demo-world.ts';
import { startVmManager5Simulator } from '../activities/servers/vmmanager5/simulator/start.ts';
import { demoVmManager6World } from '../activities/servers/vmmanager6/simulator/demo-world.ts';
import { startVmManager6Simulator } from '../activities/servers/vmmanager6/simulator/start.ts';
import type { Simulator, SimulatorContext } from './local/stack-parts.ts';

interface Login {
  readonly login: string;
  readonly password: string;
}

/**
 * Logins at the simulators of `up`. They guard nothing: the simulators listen on 127.0.0.1 and hold documentation
 * addresses. They are printed, so that anybody can try a server or an integration of their own.
 */
export const simulatorLogins = {
  ipmanager: { login: 'billing', password: 'demo-billing' },
  ispmanager: { login: 'root', password: 'demo-root' },
  vdsmanager4: { login: 'root', password: 'demo-root' },
  vmmanager5: { login: 'root', password: 'demo-root' },
  vmmanager6: { login: 'admin@demo.example', password: 'demo-admin' },
  'proxmox-ve': { login: 'root@pam!iptally', password: 'demo-token' },
} as const satisfies Readonly<Record<string, Login>>;

/** Other logins at the simulated IPmanager: the administrator, and one without a right to any address. */
export const ipmanagerLogins = { admin: 'demo-admin', dummy: 'demo-dummy' } as const;

export { demoPveSettings } from '../activities/servers/proxmox-ve/simulator/demo-world.ts';

type Place = { readonly port: number; readonly stateFile: string };

const starts: Readonly<Record<keyof typeof simulatorLogins, (place: Place) => Promise<Simulator>>> = {
  ipmanager: (place) => {
    const world = demoWorld({ billing: simulatorLogins.ipmanager.password, ...ipmanagerLogins });
    return startIpManagerSimulator({ ...place, world });
  },
  ispmanager: (place) =>
    startIspManagerSimulator({ ...place, world: demoIspWorld({ root: simulatorLogins.ispmanager.password }) }),
  vdsmanager4: (place) =>
    startVdsManager4Simulator({ ...place, world: demoVdsWorld({ root: simulatorLogins.vdsmanager4.password }) }),
  vmmanager5: (place) =>
    startVmManager5Simulator({ ...place, world: demoVmWorld({ root: simulatorLogins.vmmanager5.password }) }),
  vmmanager6: (place) =>
    startVmManager6Simulator({ ...place, world: demoVmManager6World({ admin: simulatorLogins.vmmanager6.password }) }),
  'proxmox-ve': (place) => {
    const token = simulatorLogins['proxmox-ve'].password;
    return startProxmoxVeSimulator({ ...place, world: demoPveWorld({ root: 'demo-root', token }) });
  },
};

/** What a hoster has, on this machine: an IPmanager, and a server under each panel. All keep what they hold. */
export async function startSimulators(context: SimulatorContext): Promise<Readonly<Record<string, Simulator>>> {
  const started = await Promise.all(
    Object.entries(starts).map(async ([name, start]) => {
      const place = { port: await context.port(name), stateFile: context.stateFile(name) };
      return [name, await start(place)] as const;
    }),
  );
  return Object.fromEntries(started);
}
