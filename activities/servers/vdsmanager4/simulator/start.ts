import { z } from 'zod';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../http/simulator/start.ts';
import { coreManagerPanel } from '../../../coremanager/simulator/core-manager-panel.ts';
import type { Purpose } from '../../../http/simulator/faults.ts';
import { vdsFunctions } from './functions.ts';
import { createVdsWorld, type VdsWorld } from './world.ts';

export type VdsManager4SimulatorOptions = SimulatorOptions<VdsWorld>;
export type VdsManager4Simulator = Simulator<VdsWorld>;

/** A VDSmanager 4 on this machine: XML only, errors by number. */
export function startVdsManager4Simulator(options: VdsManager4SimulatorOptions = {}): Promise<VdsManager4Simulator> {
  const world = options.world ?? createVdsWorld({ logins: [] });
  return startSimulator(options, {
    world,
    restore,
    stateText,
    path: '/manager/vdsmgr',
    panel: (saved) =>
      coreManagerPanel({
        binary: 'vdsmgr',
        version: '4.4',
        knobs: world.knobs,
        functions: vdsFunctions(world),
        userOf: (name) => world.logins.get(name),
        purposeOf,
        saved,
      }),
  });
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

function stateText({ lastId, vdss }: VdsWorld): string {
  return JSON.stringify({ format: 1, lastId, vdss: [...vdss] });
}

/** Logins, presets and templates are always those the caller gives. */
function restore(world: VdsWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.lastId = read.lastId;
  world.vdss.clear();
  for (const vds of read.vdss) world.vdss.add(vds);
}
