import { z } from 'zod';
import { startPanelServer } from '../../../coremanager/simulator/server.ts';
import type { CallRecord } from '../../../http/simulator/call-record.ts';
import { createFaults, type FaultOptions, type Faults, type Purpose } from '../../../http/simulator/faults.ts';
import { createStateFile, readState } from '../../../http/simulator/state-file.ts';
import { vdsFunctions } from './functions.ts';
import { createVdsWorld, type VdsWorld } from './world.ts';

export interface VdsManager4SimulatorOptions {
  readonly port?: number;
  readonly stateFile?: string;
  readonly world?: VdsWorld;
  readonly hooks?: FaultOptions;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface VdsManager4Simulator {
  readonly url: string;
  readonly port: number;
  readonly world: VdsWorld;
  readonly faults: Faults;
  readonly log: readonly CallRecord[];
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** A VDSmanager 4 on this machine: XML only, errors by number. */
export async function startVdsManager4Simulator(
  options: VdsManager4SimulatorOptions = {},
): Promise<VdsManager4Simulator> {
  const world = options.world ?? createVdsWorld({ logins: [] });
  restore(world, readState(options.stateFile));
  const faults = createFaults(options.hooks);
  const state = createStateFile({
    file: options.stateFile,
    revision: () => world.revision,
    text: () => JSON.stringify({ format: 1, lastId: world.lastId, vdss: [...world.vdss] }),
  });
  const server = await startPanelServer({
    panel: {
      binary: 'vdsmgr',
      version: '4.4',
      knobs: world.knobs,
      functions: vdsFunctions(world),
      userOf: (name) => world.logins.get(name),
      purposeOf,
      saved: () => state.saved(),
    },
    faults,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  return {
    url: `${server.origin}/manager/vdsmgr`,
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
  vds: 'list',
  'vds.ip': 'list',
  vdspreset: 'list',
  disktempl: 'list',
  'vds.edit': 'create',
  'vds.ip.edit': 'write',
  'vds.ip.delete': 'release',
  'vds.delete': 'release',
};

/** Forms are looked at without `sok`; a changed VDS is no new one. */
function purposeOf(func: string, parameters: ReadonlyMap<string, string>): Purpose {
  if (func.endsWith('.edit') && !parameters.get('sok')) return 'form';
  return func === 'vds.edit' && parameters.get('elid') ? 'write' : (purposes[func] ?? 'other');
}

const stored = z.object({
  format: z.literal(1),
  lastId: z.number(),
  vdss: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      owner: z.string(),
      addresses: z.array(z.object({ ip: z.string(), ptr: z.string() })),
      sizes: z.record(z.string(), z.string()),
      work: z.object({ endsAt: z.number(), hangs: z.boolean(), failure: z.string().nullable() }),
    }),
  ),
});

/** Logins, presets and templates are always those the caller gives. */
function restore(world: VdsWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.lastId = read.lastId;
  world.vdss.clear();
  for (const vds of read.vdss) world.vdss.add(vds);
}
