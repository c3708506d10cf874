import { z } from 'zod';
import { createFaults, type FaultOptions, type Faults, type Purpose } from '../../../http/simulator/faults.ts';
import type { CallRecord } from '../../../http/simulator/call-record.ts';
import { startPanelServer } from '../../../coremanager/simulator/server.ts';
import { createStateFile, readState } from '../../../http/simulator/state-file.ts';
import { ispFunctions } from './functions.ts';
import { createIspWorld, type IspWorld } from './world.ts';

export interface IspManagerSimulatorOptions {
  readonly port?: number;
  readonly stateFile?: string;
  readonly world?: IspWorld;
  readonly hooks?: FaultOptions;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface IspManagerSimulator {
  readonly url: string;
  readonly port: number;
  readonly world: IspWorld;
  readonly faults: Faults;
  readonly log: readonly CallRecord[];
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** An ispmanager on this machine: the same protocol code and the same faults as the IPmanager simulator. */
export async function startIspManagerSimulator(options: IspManagerSimulatorOptions = {}): Promise<IspManagerSimulator> {
  const world = options.world ?? createIspWorld({ logins: [] });
  restore(world, readState(options.stateFile));
  const faults = createFaults(options.hooks);
  const state = createStateFile({
    file: options.stateFile,
    revision: () => world.revision,
    text: () => stateText(world),
  });
  const server = await startPanelServer({
    panel: {
      binary: 'ispmgr',
      version: '6.101.0',
      knobs: world.knobs,
      functions: ispFunctions(world),
      userOf: (name) => world.logins.get(name),
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
  world.users.clear();
  for (const user of read.users) world.users.set(user.name, user);
  world.addresses.clear();
  for (const row of read.addresses) world.addresses.set(row.ip, row);
}
