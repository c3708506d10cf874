import { z } from 'zod';
import { refill } from '../../../http/simulator/refill.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../http/simulator/start.ts';
import type { Purpose } from '../../../http/simulator/faults.ts';
import { coreManagerPanel } from '../../../coremanager/simulator/core-manager-panel.ts';
import { ispFunctions } from './functions.ts';
import { createIspWorld, type IspWorld } from './world.ts';

export type IspManagerSimulatorOptions = SimulatorOptions<IspWorld>;
export type IspManagerSimulator = Simulator<IspWorld>;

/** An ispmanager on this machine: the same protocol code and the same faults as the IPmanager simulator. */
export function startIspManagerSimulator(options: IspManagerSimulatorOptions = {}): Promise<IspManagerSimulator> {
  const world = options.world ?? createIspWorld({ logins: [] });
  return startSimulator(options, {
    world,
    restore,
    stateText,
    path: '/ispmgr',
    panel: (saved) =>
      coreManagerPanel({
        binary: 'ispmgr',
        version: '6.101.0',
        knobs: world.knobs,
        functions: ispFunctions(world),
        userOf: (name) => world.logins.get(name),
        purposeOf,
        saved,
      }),
  });
}

const purposes: Readonly<Record<string, Purpose>> = {
  user: 'list',
  preset: 'list',
  ipaddr: 'list',
  'user.add.finish': 'create',
  'ipaddr.edit': 'write',
  'ipaddr.free': 'write',
  'ipaddr.delete': 'release',
  'user.delete': 'release',
};

function purposeOf(func: string): Purpose {
  return purposes[func] ?? 'other';
}

const stored = z.object({
  format: z.literal(1),
  presets: z.array(z.string()),
  users: z.array(z.object({ name: z.string(), fullname: z.string(), preset: z.string(), domain: z.string() })),
  addresses: z.array(
    z.object({
      ip: z.string(),
      role: z.enum(['shared', 'assigned', 'mutual', 'free', 'reserved']),
      owner: z.string(),
      onInterface: z.boolean(),
    }),
  ),
});

function stateText(world: IspWorld): string {
  const users = [...world.users.values()];
  return JSON.stringify({ format: 1, presets: world.presets, users, addresses: [...world.addresses.values()] });
}

/** Logins are always those the caller gives. */
function restore(world: IspWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.presets = read.presets;
  refill(world.users, read.users, ({ name }) => name);
  refill(world.addresses, read.addresses, ({ ip }) => ip);
}
