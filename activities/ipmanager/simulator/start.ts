import { createFaults, type FaultOptions, type Faults, type Purpose } from '../../http/simulator/faults.ts';
import type { CallRecord } from '../../http/simulator/call-record.ts';
import { startPanelServer } from '../../coremanager/simulator/server.ts';
import { createStateFile, readState } from '../../http/simulator/state-file.ts';
import { panelFunctions, type WorldEvents } from './functions/panel-functions.ts';
import { restore, stateText } from './state.ts';
import { createWorld, type World } from './world.ts';

export interface IpManagerSimulatorOptions {
  readonly port?: number;
  /** Kept up to date with every answered change, so that a kill loses nothing a client was told. */
  readonly stateFile?: string;
  readonly world?: World;
  readonly hooks?: FaultOptions & WorldEvents;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface IpManagerSimulator {
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly faults: Faults;
  /** Every request that came, oldest first. */
  readonly log: readonly CallRecord[];
  /** How many addresses were really taken, by the note or host label sent along: I7 counts them against attempts. */
  allocations(): ReadonlyMap<string, number>;
  /** Forgets all sessions, as a restart of the panel does. */
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** An IPmanager on this machine, for tests and the demo: a real HTTP server, as faithful as reference section 6 asks. */
export async function startIpManagerSimulator(options: IpManagerSimulatorOptions = {}): Promise<IpManagerSimulator> {
  const world = options.world ?? createWorld({ networks: ['203.0.113.0/24'], users: [] });
  restore(world, readState(options.stateFile));
  const faults = createFaults(options.hooks);
  const state = createStateFile({
    file: options.stateFile,
    revision: () => world.revision,
    text: () => stateText(world),
  });
  const server = await startPanelServer({
    panel: {
      binary: 'ipmgr',
      version: '5.131.0',
      knobs: world.knobs,
      functions: panelFunctions({ world, events: options.hooks ?? {} }),
      userOf: (name) => world.users.get(name),
      purposeOf: (func, parameters) => purposeOf(world, func, parameters),
      saved: () => state.saved(),
    },
    faults,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  return {
    url: server.url,
    port: server.port,
    world,
    faults,
    log: server.log,
    allocations: () => allocations(server.log),
    loseSessions: () => server.sessions.loseAll(),
    lateWorkDone: () => server.lateWorkDone(),
    close: () => server.close(),
  };
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
