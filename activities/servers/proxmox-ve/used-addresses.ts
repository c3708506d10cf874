import type { Failure } from '../../../workflows/domain/failure.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { guestPath, type ClusterList, type ListedGuest } from './cluster-view.ts';
import type { Panel } from './panel.ts';
import { arrayOrRecord } from './values.ts';

const atOnce = 6;

/**
 * Why an address may not be given: another guest carries it. Proxmox has no list of addresses, so the configurations are
 * read, one request each, for a quarter of the request timeout at most: IPmanager decides who has an address, this is a
 * second look at what people did by hand. `scan=off` leaves it out.
 */
export async function usedElsewhere(
  panel: Panel,
  list: ClusterList,
  asking: { readonly addresses: readonly string[]; readonly except: number | undefined },
): Promise<Failure | undefined> {
  const online = new Set(list.nodes.filter((node) => node.online).map(({ name }) => name));
  const others = list.guests.filter(
    ({ vmid, node, template }) => vmid !== asking.except && !template && online.has(node),
  );
  const until = panel.began + panel.requestTimeoutMs / 4;
  for (let at = 0; at < others.length && performance.now() < until; at += atOnce) {
    const some = others.slice(at, at + atOnce);
    const carried = await Promise.all(some.map(async (one) => ({ one, ips: await addressesOf(panel, one) })));
    for (const { one, ips } of carried) {
      const ip = asking.addresses.find((address) => ips.includes(address));
      if (ip !== undefined) return used(ip, one);
    }
  }
  return undefined;
}

/** A guest that went meanwhile, that the login may not read, or whose node does not answer says nothing. */
async function addressesOf(panel: Panel, guest: ListedGuest): Promise<readonly string[]> {
  try {
    return guest.kind.addressesIn(arrayOrRecord(await panel.read(`${guestPath(guest)}/config`)) ?? {});
  } catch (error) {
    if (error instanceof PanelReadError && !error.notLoggedIn) return [];
    throw error;
  }
}

function used(ip: string, { vmid, name, node }: ListedGuest): Failure {
  return {
    code: 'address-used-on-server',
    message: `${ip} is used on the server already, by guest ${vmid}${name === undefined ? '' : ` (${name})`} on ${node}`,
    next: 'Take it off there, or let the address be marked as in conflict and order again.',
    field: 'address',
    value: ip,
  };
}
