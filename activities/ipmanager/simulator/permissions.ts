import { SimError } from '../../coremanager/simulator/sim-error.ts';
import type { SimUser } from '../../coremanager/simulator/sessions.ts';
import { contains, parsePool } from './ip-number.ts';
import type { IpmUser, Permission, SimAddress, World } from './world.ts';

export function isAdministrator(user: SimUser): boolean {
  return user.level >= 29;
}

/** What a user may take from; an administrator from every network, in every group. */
export function permissionsOf(world: World, user: SimUser): readonly Permission[] {
  if (isAdministrator(user)) return world.networks.map((pool) => ({ pool, groups: world.groups }));
  return ipmUser(world, user)?.permissions ?? [];
}

function ipmUser(world: World, user: SimUser): IpmUser | undefined {
  return world.users.get(user.name);
}

/** The groups a form offers: those of the user's permissions. */
export function groupsOf(world: World, user: SimUser): readonly string[] {
  return [...new Set(permissionsOf(world, user).flatMap((permission) => permission.groups))];
}

/** A permission must hold the address and allow the group (documented: 2.5). */
export function mayHold(world: World, user: SimUser, wanted: { readonly ip: string; readonly group: string }): boolean {
  return permissionsOf(world, user).some((permission) => {
    const range = parsePool(permission.pool);
    return range !== undefined && contains(range, wanted.ip) && permission.groups.includes(wanted.group);
  });
}

/** The address a call names, when this user may see and change it. */
export function ownAddress(world: World, user: SimUser, ip: string): SimAddress {
  const address = world.addresses.get(ip);
  if (address === undefined) throw new SimError('missed', 'ip', ip);
  if (isAdministrator(user)) return address;
  if (address.owner !== user.name) throw new SimError(world.knobs.foreignAddress, 'ip', ip);
  // A user gave it back: to them it is gone, whatever the panel still does with it.
  if (address.state !== 'allocated') throw new SimError('missed', 'ip', ip);
  return address;
}
