import type { Family } from '../../../workflows/domain/address.ts';
import type { SimUser } from '../../coremanager/simulator/sessions.ts';
import { parsePool, type IpRange } from './ip-number.ts';
import { permissionsOf } from './permissions.ts';
import type { World } from './world.ts';

export interface Wanted {
  readonly user: SimUser;
  readonly family: Family;
  readonly group: string;
  /** Any address of this network, in a hidden range too. */
  readonly network?: IpRange;
}

/**
 * The lowest free address inside a permission of the caller whose groups contain the group and whose family fits,
 * hidden ranges left out unless a network is named (documented: 2.5; the order "lowest first" is inferred).
 */
export function chooseAddress(world: World, wanted: Wanted): string | undefined {
  for (const permission of permissionsOf(world, wanted.user)) {
    if (!permission.groups.includes(wanted.group)) continue;
    if (permission.hidden === true && wanted.network === undefined) continue;
    const pool = parsePool(permission.pool);
    if (pool === undefined || pool.family !== wanted.family) continue;
    for (const network of world.networks) {
      const found = lowestFree(world, [pool, parsePool(network), wanted.network ?? pool]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function lowestFree(world: World, ranges: readonly (IpRange | undefined)[]): string | undefined {
  const [pool, network] = ranges;
  if (pool === undefined || network === undefined || pool.family !== network.family) return undefined;
  const first = ranges.reduce(
    (most, range) => (range !== undefined && range.first > most ? range.first : most),
    usable(network).first,
  );
  const last = ranges.reduce(
    (least, range) => (range !== undefined && range.last < least ? range.last : least),
    usable(network).last,
  );
  return first > last ? undefined : world.addresses.lowestFree({ family: network.family, first, last });
}

/** Without network address, gateway (the first) and broadcast. Small networks are used whole. */
function usable(network: IpRange): IpRange {
  if (network.last - network.first < 4n) return network;
  return { ...network, first: network.first + 2n, last: network.family === 'ipv4' ? network.last - 1n : network.last };
}
