import { z } from 'zod';
import { refill } from '../../../http/simulator/refill.ts';
import type { VmWorld } from './world.ts';

const stored = z.object({
  format: z.literal(1),
  lastId: z.number(),
  hosts: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      comment: z.string(),
      domain: z.string(),
      account: z.number(),
      cluster: z.number(),
      node: z.number(),
      os: z.number(),
      state: z.string(),
    }),
  ),
  ips: z.array(
    z.object({
      id: z.number(),
      ip: z.string(),
      host: z.number().nullable(),
      state: z.string(),
      pending: z.boolean(),
    }),
  ),
  tasks: z.array(
    z.object({
      id: z.number(),
      consulId: z.number(),
      name: z.string(),
      host: z.number(),
      ip: z.string().nullable(),
      fails: z.string().nullable(),
      endsAt: z.number().nullable(),
      status: z.enum(['running', 'complete', 'fail']),
    }),
  ),
});

/** Machines, addresses and tasks survive a restart, tasks under way included. */
export function stateText(world: VmWorld): string {
  const { lastId, hosts, ips, tasks } = world;
  const values = { hosts: [...hosts.values()], ips: [...ips.values()], tasks: [...tasks.values()] };
  return JSON.stringify({ format: 1, lastId, ...values });
}

/** Logins and what the panel is made of are always those the caller gives. */
export function restore(world: VmWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.lastId = read.lastId;
  refill(world.hosts, read.hosts, ({ id }) => id);
  refill(world.ips, read.ips, ({ ip }) => ip);
  refill(world.tasks, read.tasks, ({ id }) => id);
}
