import { canonicalIp, familyOf, type Family } from '../../../workflows/domain/address.ts';
import type { Properties } from './property-string.ts';
import type { Links } from './settings.ts';

/** An interface of a guest, with what it carries of each family: one address at most (documented: reference 5.4). */
export interface Interface {
  readonly number: number;
  /** `ip gw ip6 gw6`, wherever the kind of guest keeps them. */
  readonly carries: Properties;
  readonly bridge: string | undefined;
}

/** How interfaces must change so that they carry exactly what is wanted; numbers not named stay as they are. */
export interface InterfacePlan {
  readonly set: ReadonlyMap<number, Properties>;
  readonly remove: readonly number[];
}

/** `net0` to `net31` (documented: 5.4). */
const mostInterfaces = 32;
const keys = { ipv4: { ip: 'ip', gateway: 'gw' }, ipv6: { ip: 'ip6', gateway: 'gw6' } } as const;
const families: readonly Family[] = ['ipv4', 'ipv6'];

export function addressesOn(interfaces: readonly Interface[]): readonly string[] {
  return interfaces.flatMap(({ carries }) => families.flatMap((family) => addressIn(carries, family) ?? []));
}

/**
 * The smallest change that leaves exactly the wanted addresses; what is there already stays where it is. Nothing when
 * there are more than interfaces can carry. A further address stands on an interface of its own, without a gateway
 * (inferred: 5.4); when the one with the gateway goes, another takes it over in the same change.
 */
export function planInterfaces(
  now: readonly Interface[],
  wanted: readonly string[],
  links: Links,
): InterfacePlan | undefined {
  const after = new Map(now.map((one) => [one.number, { ...one, carries: new Map(one.carries) }]));
  for (const { carries } of after.values()) {
    for (const family of families) {
      const ip = addressIn(carries, family);
      if (ip !== undefined && !wanted.includes(ip)) takeOff(carries, family);
    }
  }
  const there = new Set(addressesOn([...after.values()]));
  for (const ip of wanted.filter((one) => !there.has(one))) {
    const carries = roomFor(after, familyOf(ip), links);
    if (carries === undefined) return undefined;
    carries.set(keys[familyOf(ip)].ip, `${ip}/${links[familyOf(ip)].prefix}`);
  }
  for (const family of families) giveGateway(after, family, links[family].gateway);
  return difference(now, after);
}

type Draft = Map<number, { number: number; carries: Map<string, string>; bridge: string | undefined }>;

function addressIn(carries: Properties, family: Family): string | undefined {
  const text = carries.get(keys[family].ip) ?? ''; // `dhcp`, `auto` and `manual` are no addresses
  return canonicalIp(text.replace(/\/\d+$/, ''));
}

function takeOff(carries: Map<string, string>, family: Family): void {
  carries.delete(keys[family].ip);
  carries.delete(keys[family].gateway);
}

/** The first interface, or one of ours that carries the other family only, or a new one. */
function roomFor(draft: Draft, family: Family, links: Links): Map<string, string> | undefined {
  const other: Family = family === 'ipv4' ? 'ipv6' : 'ipv4';
  for (let number = 0; number < mostInterfaces; number += 1) {
    const one = draft.get(number);
    if (one === undefined) {
      const carries = new Map<string, string>();
      draft.set(number, { number, carries, bridge: links.bridge });
      return carries;
    }
    const ours = number === 0 || (one.bridge === links.bridge && addressIn(one.carries, other) !== undefined);
    if (ours && !one.carries.has(keys[family].ip)) return one.carries;
  }
  return undefined;
}

function giveGateway(draft: Draft, family: Family, gateway: string | undefined): void {
  const withAddress = [...draft.values()]
    .filter(({ carries }) => addressIn(carries, family) !== undefined)
    .toSorted((one, other) => one.number - other.number);
  const first = withAddress[0];
  const has = [...draft.values()].some(({ carries }) => carries.has(keys[family].gateway));
  if (gateway !== undefined && first !== undefined && !has) first.carries.set(keys[family].gateway, gateway);
}

function difference(now: readonly Interface[], after: Draft): InterfacePlan {
  const set = new Map<number, Properties>();
  const remove: number[] = [];
  const before = new Map(now.map(({ number, carries }) => [number, carries]));
  for (const { number, carries } of after.values()) {
    const was = before.get(number);
    if (was !== undefined && same(was, carries)) continue;
    const emptied = was !== undefined && families.every((family) => !carries.has(keys[family].ip));
    if (emptied && number > 0) remove.push(number);
    else set.set(number, carries);
  }
  return { set, remove };
}

function same(one: Properties, other: Properties): boolean {
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}
