import { demoWorld } from '../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator } from '../activities/ipmanager/simulator/start.ts';
import { demoIspWorld } from '../activities/servers/ispmanager/simulator/demo-world.ts';
import { startIspManagerSimulator } from '../activities/servers/ispmanager/simulator/start.ts';
import type { Simulator, SimulatorContext } from './local/stack-parts.ts';

/**
 * Logins at the simulators of `up`. They guard nothing: the simulators listen on 127.0.0.1 and hold documentation
 * addresses. They are printed, so that anybody can try an integration of their own.
 */
export const simulatorLogins = {
  ipmanager: { billing: 'demo-billing', admin: 'demo-admin', dummy: 'demo-dummy' },
  ispmanager: { root: 'demo-root' },
} as const;

/** What a small hoster has, on this machine: an IPmanager and a shared hosting server. Both keep what they hold. */
export async function startSimulators(context: SimulatorContext): Promise<Readonly<Record<string, Simulator>>> {
  const [ipmanager, ispmanager] = await Promise.all([
    startIpManagerSimulator({
      port: await context.port('ipmanager'),
      stateFile: context.stateFile('ipmanager'),
      world: demoWorld(simulatorLogins.ipmanager),
    }),
    startIspManagerSimulator({
      port: await context.port('ispmanager'),
      stateFile: context.stateFile('ispmanager'),
      world: demoIspWorld(simulatorLogins.ispmanager),
    }),
  ]);
  return { ipmanager, ispmanager };
}
