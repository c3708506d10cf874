import { startPanelServer } from '../../../coremanager/simulator/server.ts';
import { hashPassword } from '../../../coremanager/simulator/sessions.ts';
import type { CallRecord } from '../../../http/simulator/call-record.ts';
import { createFaults, type FaultOptions, type Faults, type Purpose } from '../../../http/simulator/faults.ts';
import { createStateFile, readState } from '../../../http/simulator/state-file.ts';
import { vmFunctions } from './functions.ts';
import { restore, stateText } from './state.ts';
import { createVmWorld, type VmWorld } from './world.ts';

export interface VmManager5SimulatorOptions {
  readonly port?: number;
  readonly stateFile?: string;
  readonly world?: VmWorld;
  readonly hooks?: FaultOptions;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface VmManager5Simulator {
  readonly url: string;
  readonly port: number;
  readonly world: VmWorld;
  readonly faults: Faults;
  readonly log: readonly CallRecord[];
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** A VMmanager 5 on this machine. */
export async function startVmManager5Simulator(options: VmManager5SimulatorOptions = {}): Promise<VmManager5Simulator> {
  const world = options.world ?? createVmWorld({ logins: [] });
  restore(world, readState(options.stateFile));
  const faults = createFaults(options.hooks);
  const state = createStateFile({
    file: options.stateFile,
    revision: () => world.revision,
    text: () => stateText(world),
  });
  const server = await startPanelServer({
    panel: {
      binary: 'vmmgr',
      version: '5.250.0',
      knobs: world.knobs,
      functions: vmFunctions(world),
      userOf: (name) => world.logins.get(name) ?? customerNamed(world, name),
      purposeOf,
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
    loseSessions: () => server.sessions.loseAll(),
    lateWorkDone: () => server.lateWorkDone(),
    close: () => server.close(),
  };
}

/** Users of the panel can be acted as; their passwords are known to nobody here. */
function customerNamed(world: VmWorld, name: string) {
  const known = [...world.users.values()].some((user) => user.name === name);
  return known ? { name, passwordHash: hashPassword(`${Math.random()}`), level: 16 } : undefined;
}

const purposes: Readonly<Record<string, Purpose>> = {
  user: 'list',
  preset: 'list',
  osmgr: 'list',
  vmhostnode: 'list',
  vm: 'list',
  iplist: 'list',
  'user.edit': 'create',
  'vm.edit': 'create',
  'iplist.edit': 'write',
  'iplist.delete': 'release',
  'vm.delete': 'release',
  'user.delete': 'release',
};

/** Forms are looked at without `sok`. */
function purposeOf(func: string, parameters: ReadonlyMap<string, string>): Purpose {
  if (func.endsWith('.edit') && !parameters.get('sok')) return 'form';
  return purposes[func] ?? 'other';
}
