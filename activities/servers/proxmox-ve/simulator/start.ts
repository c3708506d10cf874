import { z } from 'zod';
import { refill } from '../../../http/simulator/refill.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../http/simulator/start.ts';
import { PvePanel } from './panel.ts';
import { createTickets } from './sessions.ts';
import { createPveWorld, type PveWorld } from './world.ts';

export type ProxmoxVeSimulatorOptions = SimulatorOptions<PveWorld>;
export type ProxmoxVeSimulator = Simulator<PveWorld>;

/** A Proxmox VE cluster on this machine, seen through one of its nodes. */
export function startProxmoxVeSimulator(options: ProxmoxVeSimulatorOptions = {}): Promise<ProxmoxVeSimulator> {
  const world = options.world ?? createPveWorld({ logins: [] });
  return startSimulator(options, {
    world,
    restore,
    stateText,
    path: '',
    panel: (saved) => new PvePanel(world, createTickets(world), saved),
  });
}

const config = z.record(z.string(), z.string());
const vmid = z.number();

const stored = z.object({
  format: z.literal(1),
  guests: z.array(
    z.object({
      vmid,
      node: z.string(),
      type: z.enum(['lxc', 'qemu', 'openvz']),
      status: z.enum(['running', 'stopped']),
      lock: z.string(),
      config,
      inForce: config.optional(),
      template: z.boolean(),
      madeAt: z.number(),
    }),
  ),
  tasks: z.array(
    z.object({
      upid: z.string(),
      node: z.string(),
      type: z.string(),
      id: z.string(),
      user: z.string(),
      work: z.discriminatedUnion('kind', [
        z.object({ kind: z.enum(['create', 'clone']), vmid, config }),
        z.object({ kind: z.enum(['start', 'stop', 'destroy']), vmid }),
        z.object({ kind: z.literal('resize'), vmid, disk: z.string(), size: z.string() }),
      ]),
      startedAt: z.number(),
      endsAt: z.number().nullable(),
      failure: z.string().nullable(),
      exit: z.string().nullable(),
    }),
  ),
});

function stateText({ guests, tasks }: PveWorld): string {
  return JSON.stringify({ format: 1, guests: [...guests.values()], tasks });
}

/** Logins, nodes and storages are always those the caller gives. */
function restore(world: PveWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  refill(world.guests, read.guests, (guest) => guest.vmid);
  world.tasks.splice(0, world.tasks.length, ...read.tasks);
}
