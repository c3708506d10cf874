import { vmidsOf } from '../../../../activities/servers/proxmox-ve/guest-name.ts';
import { startProxmoxVeSimulator } from '../../../../activities/servers/proxmox-ve/simulator/start.ts';
import type { PveWorld, PveWorldOptions, SimGuest } from '../../../../activities/servers/proxmox-ve/simulator/world.ts';
import type { ServerConnection, ServerModule } from '../../../../activities/servers/server-module.ts';
import type { Panels } from '../panels.ts';
import { connectionTo, moduleNamed } from '../server-row.ts';
import { untilClear } from '../settled.ts';
import { addresses, service, stepsOf } from '../usual-service.ts';
import { pveSettings, pveWorld } from './proxmox-ve.ts';

export { addresses, done, service } from '../usual-service.ts';

/** The VMIDs of the service, in the usual range. */
export const vmids = vmidsOf(service, { first: 10_000_000, last: 99_999_999 });

type Kind = keyof typeof pveSettings;

/** A cluster of one test's own, and a module that works on it. */
export async function openPve(panels: Panels, kind: Kind = 'lxc', knobs: PveWorldOptions['knobs'] = {}) {
  const world = pveWorld({ ...(kind === 'openvz' ? { version: '3.4' } : {}), ...knobs });
  return { world, ...(await servePve(panels, { world, kind })) };
}

interface Served {
  readonly world: PveWorld;
  readonly kind: Kind;
  readonly stateFile?: string;
}

export async function servePve(panels: Panels, { kind, ...options }: Served) {
  const server = panels.keep(await startProxmoxVeSimulator(options));
  const make = (more: Partial<ServerConnection> = {}): ServerModule => {
    const usual = { login: 'root@pam', settings: pveSettings[kind], ...more };
    return panels.keep(moduleNamed('proxmox-ve', connectionTo(server.url, usual)));
  };
  const module = make();
  const { setUp } = stepsOf(module);
  return { server, make, module, setUp, address: (ip: string) => ({ service, ip, ptr: null }) };
}

/** The same set-up from two modules at once, each as the workflow does it. */
export function twice(make: () => ServerModule) {
  const clear = (one: ServerModule) =>
    untilClear(
      one,
      () => one.setUp({ service, addresses }),
      () => Promise.resolve(),
    );
  return Promise.all([make(), make()].map(clear));
}

/** What was made since the beginning. */
export function made(world: PveWorld): readonly SimGuest[] {
  return [...world.guests.values()].filter(({ vmid }) => vmid !== 100 && vmid !== 9000);
}

/** The first of it. */
export function guestOf(world: PveWorld): SimGuest {
  const [first] = made(world);
  if (first === undefined) throw new Error('no guest was made');
  return first;
}

/** What a guest is without our line: somebody wrote something else over it. */
export function withoutLine(guest: SimGuest): void {
  guest.config = { ...guest.config, description: 'VIP, call first' };
}

/** Somebody else's container. */
export function stranger(vmid: number, more: Partial<SimGuest> = {}): SimGuest {
  const config = { hostname: 'elsewhere', description: 'iptally svc-9' };
  return { vmid, node: 'pve1', type: 'lxc', status: 'running', lock: '', template: false, madeAt: 0, config, ...more };
}

/** One more login, with these rights only. */
export function addLogin(world: PveWorld, name: string, rights: readonly string[]): void {
  const root = world.logins.get('root@pam');
  if (root !== undefined) world.logins.set(name, { ...root, name, rights });
}
