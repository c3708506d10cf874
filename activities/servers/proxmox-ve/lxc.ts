import type { RestRequest } from '../../rest/exchange.ts';
import { containerCreation } from './container.ts';
import { given, noChange, type ConfigChange, type GuestKind, type NewGuest } from './guest-kind.ts';
import { addressesOn, planInterfaces, type Interface } from './interfaces.ts';
import { parseProperties, printProperties, type Properties } from './property-string.ts';
import type { Links, Settings } from './settings.ts';
import { textIn, type Fields } from './values.ts';

const carried = ['ip', 'gw', 'ip6', 'gw6'];

/** Containers since version 4: `netN` says the interface and its addresses (documented: reference 5.4). */
export const lxc: GuestKind = {
  type: 'lxc',
  changesAtBoot: false,
  addressesIn: (config) => addressesOn(interfacesIn(config)),
  planAddresses: (config, wanted, settings) => planAddresses(config, wanted, settings.links),
  planRest: () => noChange,
  growth: () => undefined,
  creation,
};

function interfacesIn(config: Fields): readonly Interface[] {
  return numbered(config, 'net').map(([number, text]) => {
    const all = parseProperties(text);
    return { number, bridge: all.get('bridge'), carries: only(all, (name) => carried.includes(name)) };
  });
}

function planAddresses(config: Fields, wanted: readonly string[], links: Links): ConfigChange | undefined {
  const plan = planInterfaces(interfacesIn(config), wanted, links);
  if (plan === undefined) return undefined;
  const set = [...plan.set].map(([number, carries]) => {
    const was = textIn(config, `net${number}`);
    const rest =
      was === undefined ? linkOf(number, links) : only(parseProperties(was), (one) => !carried.includes(one));
    return [`net${number}`, printProperties(new Map([...rest, ...carries]))];
  });
  return { set: Object.fromEntries(set), remove: plan.remove.map((number) => `net${number}`) };
}

function linkOf(number: number, { bridge, vlan }: Links): Properties {
  return new Map([
    ['name', `eth${number}`],
    ['bridge', bridge],
    ...(vlan === undefined ? [] : ([['tag', vlan]] as const)),
  ]);
}

function creation(guest: NewGuest): RestRequest {
  const { storage, pool, memory, cores, nesting, links } = guest.settings;
  return containerCreation('lxc', guest, {
    unprivileged: '1',
    ...given({ storage, pool, memory, cores }),
    ...(nesting ? { features: 'nesting=1' } : {}),
    ...rootfs(guest.settings),
    ...planAddresses({}, guest.addresses, links)?.set,
  });
}

/** `STORAGE:GiB` makes a new volume; a number alone takes the default storage (seen: pve-container API2/LXC.pm). */
function rootfs({ storage, disk }: Settings): Record<string, string> {
  if (disk === undefined) return {};
  return { rootfs: storage === undefined ? disk : `${storage}:${disk}` };
}

/** `net0`, `net1` … with their numbers, in order. */
export function numbered(config: Fields, prefix: string): readonly (readonly [number, string])[] {
  return Object.keys(config)
    .flatMap((name) => {
      const number = new RegExp(`^${prefix}(\\d{1,2})$`).exec(name)?.[1];
      return number === undefined ? [] : [[Number(number), textIn(config, name) ?? ''] as const];
    })
    .toSorted(([one], [other]) => one - other);
}

function only(all: Properties, wanted: (name: string) => boolean): Properties {
  return new Map([...all].filter(([name]) => wanted(name)));
}
