import { z } from 'zod';
import { refill } from '../../../http/simulator/refill.ts';
import type { VmWorld } from './world.ts';

const work = z.object({ endsAt: z.number(), hangs: z.boolean(), failure: z.string().nullable() });

const stored = z.object({
  format: z.literal(1),
  lastId: z.number(),
  users: z.array(z.object({ id: z.string(), name: z.string() })),
  vms: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      domain: z.string(),
      user: z.string(),
      vmi: z.string(),
      hostnode: z.string(),
      addresses: z.array(z.object({ id: z.string(), ip: z.string(), domain: z.string() })),
      work,
      deleting: work.nullable(),
    }),
  ),
});

export function stateText(world: VmWorld): string {
  const { lastId } = world;
  return JSON.stringify({ format: 1, lastId, users: [...world.users.values()], vms: [...world.vms.values()] });
}

/** Logins, presets and templates are always those the caller gives. */
export function restore(world: VmWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.lastId = read.lastId;
  refill(world.users, read.users, ({ id }) => id);
  refill(world.vms, read.vms, ({ id }) => id);
}
