import type { RestRequest } from '../../rest/exchange.ts';
import type { Settings } from './settings.ts';
import type { Fields } from './values.ts';

export type GuestType = 'lxc' | 'qemu' | 'openvz';

/** Fields of a change of a guest's configuration. */
export interface ConfigChange {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/** What a guest is made of. */
export interface NewGuest {
  readonly vmid: number;
  readonly node: string;
  /** Where the template is; elsewhere than `node` only for a clone on shared storage. */
  readonly templateNode: string;
  readonly name: string;
  readonly notes: string;
  readonly addresses: readonly string[];
  readonly settings: Settings;
}

/** What differs between containers, virtual machines and the containers of old versions. */
export interface GuestKind {
  readonly type: GuestType;
  addressesIn(config: Fields): readonly string[];
  /** A running guest keeps the addresses it was started with until it is started again, whatever is written. */
  readonly changesAtBoot: boolean;
  /** The change that leaves exactly these addresses; nothing when the guest cannot carry so many. */
  planAddresses(config: Fields, wanted: readonly string[], settings: Settings): ConfigChange | undefined;
  /** What else a new guest's configuration lacks before its first start. */
  planRest(config: Fields, settings: Settings): ConfigChange;
  creation(guest: NewGuest): RestRequest;
  /** A disk to grow before the first start. */
  growth(config: Fields, settings: Settings): { readonly disk: string; readonly size: string } | undefined;
}

export const noChange: ConfigChange = { set: {}, remove: [] };

export function isEmpty({ set, remove }: ConfigChange): boolean {
  return Object.keys(set).length === 0 && remove.length === 0;
}

export function both(one: ConfigChange, other: ConfigChange): ConfigChange {
  return { set: { ...one.set, ...other.set }, remove: [...one.remove, ...other.remove] };
}

/** Without what is not set. */
export function given(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
