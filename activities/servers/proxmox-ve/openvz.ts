import { canonicalIp } from '../../../workflows/domain/address.ts';
import { containerCreation } from './container.ts';
import { given, noChange, type ConfigChange, type GuestKind, type NewGuest } from './guest-kind.ts';
import type { RestRequest } from '../../rest/exchange.ts';
import { textIn, type Fields } from './values.ts';

/** Containers of versions 2 and 3: the whole list of addresses in `ip_address` (documented: reference 5.4). */
export const openvz: GuestKind = {
  type: 'openvz',
  changesAtBoot: false,
  addressesIn,
  planAddresses,
  planRest: () => noChange,
  growth: () => undefined,
  creation,
};

function addressesIn(config: Fields): readonly string[] {
  const entries = (textIn(config, 'ip_address') ?? '').split(/[\s,;]+/);
  return entries.flatMap((entry) => canonicalIp(entry.replace(/\/\d+$/, '')) ?? []);
}

function planAddresses(config: Fields, wanted: readonly string[]): ConfigChange {
  const now = addressesIn(config);
  if (now.length === wanted.length && wanted.every((ip) => now.includes(ip))) return noChange;
  // What is there already keeps its place; an entry left out is taken off by the panel.
  const kept = now.filter((ip) => wanted.includes(ip));
  return { set: { ip_address: [...kept, ...wanted.filter((ip) => !kept.includes(ip))].join(' ') }, remove: [] };
}

function creation(guest: NewGuest): RestRequest {
  const { storage, pool, memory, disk, cores } = guest.settings;
  return containerCreation('openvz', guest, {
    ip_address: guest.addresses.join(' '),
    ...given({ storage, pool, memory, disk, cpus: cores }),
  });
}
