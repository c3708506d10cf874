import { z } from 'zod';
import { refill } from '../../http/simulator/refill.ts';
import type { World } from './world.ts';

const address = z.object({
  ip: z.string(),
  owner: z.string(),
  group: z.string(),
  domain: z.string(),
  note: z.string(),
  state: z.enum(['allocated', 'pending', 'problem', 'blocked']),
  freeAt: z.number().nullable(),
});

const permission = z.object({ pool: z.string(), groups: z.array(z.string()), hidden: z.boolean().default(false) });

const stored = z.object({
  format: z.literal(1),
  networks: z.array(z.string()),
  groups: z.array(z.string()),
  users: z.array(
    z.object({ name: z.string(), passwordHash: z.string(), level: z.number(), permissions: z.array(permission) }),
  ),
  addresses: z.array(address),
});

export function stateText(world: World): string {
  return JSON.stringify({
    format: 1,
    networks: world.networks,
    groups: world.groups,
    users: [...world.users.values()],
    addresses: [...world.addresses.values()],
  });
}

/** Puts what an earlier run left into a world. Users the caller gives keep the password the caller gives. */
export function restore(world: World, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.networks = read.networks;
  world.groups = read.groups;
  for (const user of read.users) if (!world.users.has(user.name)) world.users.set(user.name, user);
  refill(world.addresses, read.addresses, ({ ip }) => ip);
  world.nextFreeAt = 0;
}
