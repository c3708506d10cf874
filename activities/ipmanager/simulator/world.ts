import { panelKnobs, type PanelKnobs } from '../../coremanager/simulator/panel.ts';
import { AddressBook } from './address-book.ts';
import { hashPassword, type SimUser } from '../../coremanager/simulator/sessions.ts';

/** Part of a network that a user may take addresses from (documented: reference/ispsystem-protocol.md 2.5). */
export interface Permission {
  /** One address, `first-last`, or `network/length`. */
  readonly pool: string;
  readonly groups: readonly string[];
  /** Left out of automatic choice; an address in it can be asked for. */
  readonly hidden?: boolean;
}

export interface IpmUser extends SimUser {
  permissions: readonly Permission[];
}

/** `allocated` is held; the others are held by nobody and free to nobody (documented: 2.3). */
type SimState = 'allocated' | 'pending' | 'problem' | 'blocked';

export interface SimAddress {
  readonly ip: string;
  owner: string;
  group: string;
  /** Without a trailing dot. */
  domain: string;
  note: string;
  state: SimState;
  /** When a pending address becomes free. */
  freeAt: number | null;
}

export interface WorldKnobs extends PanelKnobs {
  /** `create`: the form of a new address has a note; `later`: only that of a held one; `absent`: nowhere. */
  note: 'create' | 'later' | 'absent';
  /** Notes are cut to this many characters. */
  noteLength: number | null;
  /** Whether the form says so. */
  tellNoteLength: boolean;
  /** A released address is checked first (a switch, as the vendor's pages contradict each other: 2.3). */
  pendingAfterRelease: boolean;
  pendingMs: number;
  /** Whether users, too, see pending addresses in `ip` (open question 4). */
  pendingListed: boolean;
  /** The pings and look-ups before a candidate is given out. */
  checkMs: number;
  /** What is answered when nothing is free, and for another user's address: undocumented, so a switch. */
  nothingFree: { type: string; object: string };
  foreignAddress: 'access' | 'missed';
  /** How the column `ip` is sorted (not known of the real panel). */
  sortedAs: 'number' | 'text';
  /** What carries the new address in the answer to a create. */
  createAnswer: 'both' | 'ip' | 'id' | 'elid' | 'none';
  releaseFunction: string;
}

export interface WorldOptions {
  readonly networks: readonly string[];
  readonly users: readonly {
    readonly name: string;
    readonly password: string;
    readonly level?: number;
    readonly permissions?: readonly Permission[];
  }[];
  readonly addresses?: readonly (Pick<SimAddress, 'ip' | 'owner' | 'group'> & Partial<SimAddress>)[];
  readonly groups?: readonly string[];
  readonly knobs?: Partial<WorldKnobs>;
}

/** Everything a simulated IPmanager knows. Inspect and change it at any time; `touch` after a change made by hand. */
export interface World {
  readonly knobs: WorldKnobs;
  networks: string[];
  groups: string[];
  readonly users: Map<string, IpmUser>;
  readonly addresses: AddressBook;
  /** Addresses that answer a ping though they are free: skipped, and found to be a problem. */
  readonly answering: Set<string>;
  /** Addresses on a blacklist. */
  readonly listed: Set<string>;
  /** Rises with every change. */
  revision: number;
  /** When the next pending address becomes free. */
  nextFreeAt: number;
}

export function createWorld(options: WorldOptions): World {
  const world: World = {
    knobs: { ...defaultKnobs(), ...options.knobs },
    networks: [...options.networks],
    groups: [...(options.groups ?? ['public', 'alias'])],
    users: new Map(),
    addresses: new AddressBook(),
    answering: new Set(),
    listed: new Set(),
    revision: 0,
    nextFreeAt: 0,
  };
  for (const user of options.users) {
    world.users.set(user.name, {
      name: user.name,
      passwordHash: hashPassword(user.password),
      level: user.level ?? 16,
      permissions: user.permissions ?? [],
    });
  }
  for (const address of options.addresses ?? []) {
    world.addresses.set(address.ip, { domain: '', note: '', state: 'allocated', freeAt: null, ...address });
  }
  return world;
}

function defaultKnobs(): WorldKnobs {
  return {
    ...panelKnobs(),
    note: 'create',
    noteLength: null,
    tellNoteLength: false,
    pendingAfterRelease: false,
    pendingMs: 60_000,
    pendingListed: false,
    checkMs: 0,
    nothingFree: { type: 'limit', object: 'ip' },
    foreignAddress: 'access',
    sortedAs: 'number',
    createAnswer: 'both',
    releaseFunction: 'ip.delete',
  };
}

/** A change that is to be seen and saved. */
export function touch(world: World): void {
  world.revision += 1;
}

export function noteFreeAt(world: World, at: number): void {
  world.nextFreeAt = Math.min(world.nextFreeAt, at);
}

/** The hourly job of the real panel: pending addresses whose time has come are free (documented: 2.3). */
export function freePending(world: World, now: number): void {
  if (now < world.nextFreeAt) return;
  world.nextFreeAt = Number.POSITIVE_INFINITY;
  for (const address of world.addresses.values()) {
    if (address.state !== 'pending' || address.freeAt === null) continue;
    if (address.freeAt > now) noteFreeAt(world, address.freeAt);
    else {
      world.addresses.delete(address.ip);
      touch(world);
    }
  }
}
