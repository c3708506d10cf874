import { coreManagerPanel } from '../../coremanager/simulator/core-manager-panel.ts';
import type { CallRecord } from '../../http/simulator/call-record.ts';
import type { FaultOptions, Purpose } from '../../http/simulator/faults.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../http/simulator/start.ts';
import { panelFunctions, type WorldEvents } from './functions/panel-functions.ts';
import { restore, stateText } from './state.ts';
import { createWorld, type World } from './world.ts';

export type IpManagerSimulatorOptions = SimulatorOptions<World, FaultOptions & WorldEvents>;

export interface IpManagerSimulator extends Simulator<World> {
  /** How many addresses were really taken, by the note or host label sent along: I7 counts them against attempts. */
  allocations(): ReadonlyMap<string, number>;
}

/** An IPmanager on this machine, for tests and the demo: a real HTTP server, as faithful as reference section 6 asks. */
export async function startIpManagerSimulator(options: IpManagerSimulatorOptions = {}): Promise<IpManagerSimulator> {
  const world = options.world ?? createWorld({ networks: ['203.0.113.0/24'], users: [] });
  const simulator = await startSimulator(options, {
    world,
    restore,
    stateText,
    path: '/ipmgr',
    panel: (saved) =>
      coreManagerPanel({
        binary: 'ipmgr',
        version: '5.131.0',
        knobs: world.knobs,
        functions: panelFunctions({ world, events: options.hooks ?? {} }),
        userOf: (name) => world.users.get(name),
        purposeOf: (func, parameters) => purposeOf(world, func, parameters),
        saved,
      }),
  });
  return { ...simulator, allocations: () => allocations(simulator.log) };
}

function purposeOf(world: World, func: string, parameters: ReadonlyMap<string, string>): Purpose {
  if (func === 'ip') return 'list';
  if (func === world.knobs.releaseFunction) return 'release';
  if (func !== 'ip.edit') return 'other';
  const held = (parameters.get('elid') ?? '') !== '';
  const submitted = (parameters.get('sok') ?? '') !== '';
  if (submitted) return held ? 'write' : 'create';
  return held ? 'read' : 'form';
}

function allocations(log: readonly CallRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const record of log) {
    if (record.purpose !== 'create' || !record.worked) continue;
    const mark = record.parameters['note'] ?? record.parameters['domain'] ?? '';
    counts.set(mark, (counts.get(mark) ?? 0) + 1);
  }
  return counts;
}
