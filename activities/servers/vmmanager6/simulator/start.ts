import type { CallRecord } from '../../../http/simulator/call-record.ts';
import { createFaults, type FaultOptions, type Faults } from '../../../http/simulator/faults.ts';
import { startSimulatorServer } from '../../../http/simulator/server.ts';
import { createStateFile, readState } from '../../../http/simulator/state-file.ts';
import { VmPanel } from './panel.ts';
import { restore, stateText } from './state.ts';
import { createVmWorld, type VmWorld } from './world.ts';

export interface VmManager6SimulatorOptions {
  readonly port?: number;
  readonly stateFile?: string;
  readonly world?: VmWorld;
  readonly hooks?: FaultOptions;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface VmManager6Simulator {
  /** The panel's base, as a hoster gives it. */
  readonly url: string;
  readonly port: number;
  readonly world: VmWorld;
  readonly faults: Faults;
  readonly log: readonly CallRecord[];
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** A VMmanager 6 on this machine: a real HTTP server with its paths, tokens, tasks and error forms. */
export async function startVmManager6Simulator(options: VmManager6SimulatorOptions = {}): Promise<VmManager6Simulator> {
  const world = options.world ?? createVmWorld({ logins: [] });
  restore(world, readState(options.stateFile));
  const faults = createFaults(options.hooks);
  const state = createStateFile({
    file: options.stateFile,
    revision: () => world.revision,
    text: () => stateText(world),
  });
  const panel = new VmPanel(world, () => state.saved());
  const server = await startSimulatorServer({
    panel,
    faults,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  return {
    url: server.origin,
    port: server.port,
    world,
    faults,
    log: server.log,
    loseSessions: () => panel.loseSessions(),
    lateWorkDone: () => server.lateWorkDone(),
    close: () => server.close(),
  };
}
