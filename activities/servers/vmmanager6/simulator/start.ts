import { startSimulator, type Simulator, type SimulatorOptions } from '../../../http/simulator/start.ts';
import { VmPanel } from './panel.ts';
import { restore, stateText } from './state.ts';
import { createVmWorld, type VmWorld } from './world.ts';

export type VmManager6SimulatorOptions = SimulatorOptions<VmWorld>;
export type VmManager6Simulator = Simulator<VmWorld>;

/** A VMmanager 6 on this machine: a real HTTP server with its paths, tokens, tasks and error forms. */
export function startVmManager6Simulator(options: VmManager6SimulatorOptions = {}): Promise<VmManager6Simulator> {
  const world = options.world ?? createVmWorld({ logins: [] });
  return startSimulator(options, {
    world,
    restore,
    stateText,
    path: '',
    panel: (saved) => new VmPanel(world, saved),
  });
}
