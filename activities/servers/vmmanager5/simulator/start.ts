import { startSimulator, type Simulator, type SimulatorOptions } from '../../../http/simulator/start.ts';
import { coreManagerPanel } from '../../../coremanager/simulator/core-manager-panel.ts';
import { hashPassword } from '../../../coremanager/simulator/sessions.ts';
import type { Purpose } from '../../../http/simulator/faults.ts';
import { vmFunctions } from './functions.ts';
import { restore, stateText } from './state.ts';
import { createVmWorld, type VmWorld } from './world.ts';

export type VmManager5SimulatorOptions = SimulatorOptions<VmWorld>;
export type VmManager5Simulator = Simulator<VmWorld>;

/** A VMmanager 5 on this machine. */
export function startVmManager5Simulator(options: VmManager5SimulatorOptions = {}): Promise<VmManager5Simulator> {
  const world = options.world ?? createVmWorld({ logins: [] });
  return startSimulator(options, {
    world,
    restore,
    stateText,
    path: '/vmmgr',
    panel: (saved) =>
      coreManagerPanel({
        binary: 'vmmgr',
        version: '5.250.0',
        knobs: world.knobs,
        functions: vmFunctions(world),
        userOf: (name) => world.logins.get(name) ?? customerNamed(world, name),
        purposeOf,
        saved,
      }),
  });
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
