import type { ServerConnection } from '../../../activities/servers/server-module.ts';
import { startVmManager6Simulator } from '../../../activities/servers/vmmanager6/simulator/start.ts';
import { createVmWorld, type VmKnobs, type VmWorld } from '../../../activities/servers/vmmanager6/simulator/world.ts';
import { canary, type Panels } from './panels.ts';
import { connectionTo, moduleNamed } from './server-row.ts';
import { stepsOf } from './usual-service.ts';

export { addresses, done, service } from './usual-service.ts';

export const login = 'root@example.com';
export const settings = { cluster: '1', os: '2', preset: '1' };

export function smallWorld(knobs: Partial<VmKnobs> = {}): VmWorld {
  return createVmWorld({ logins: [{ email: login, password: canary }], knobs: { taskMs: 20, ...knobs } });
}

/** A VMmanager 6 of one test, with a module at it. */
export async function openVmManager6(panels: Panels, knobs: Partial<VmKnobs> = {}) {
  const world = smallWorld(knobs);
  const server = panels.keep(await startVmManager6Simulator({ world }));
  const make = (connection: Partial<ServerConnection> = {}) =>
    panels.keep(moduleNamed('vmmanager6', connectionTo(server.url, { login, settings, ...connection })));
  const module = make();
  return {
    world,
    server,
    make,
    module,
    ...stepsOf(module),
    asked: (func: string) => server.log.filter((call) => call.func === func),
    machines: () => [...world.hosts.values()],
  };
}

export function ipsOf(world: VmWorld): readonly string[] {
  return [...world.ips.keys()].toSorted();
}
