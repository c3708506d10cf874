import { hashPassword } from '../../../coremanager/simulator/sessions.ts';
import type { GuestType } from '../guest-kind.ts';
import type { SimTask } from './tasks.ts';

/** A user with a password, or an API token whose UUID is its password. */
export interface PveLogin {
  /** `root@pam`, or `root@pam!billing` for a token. */
  readonly name: string;
  readonly passwordHash: string;
  /** Rights on everything; `all`, or those named. */
  readonly rights: 'all' | readonly string[];
}

export interface PveNode {
  readonly name: string;
  online: boolean;
  /** Bytes. */
  mem: number;
  maxmem: number;
  bridges: string[];
}

export interface PveStorage {
  readonly name: string;
  readonly content: readonly string[];
  /** Volumes of container templates on it, `local:vztmpl/…`. */
  templates: string[];
}

export interface SimGuest {
  readonly vmid: number;
  readonly node: string;
  readonly type: GuestType;
  status: 'running' | 'stopped';
  lock: string;
  config: Record<string, string>;
  /** Of a running guest: interfaces and addresses it works with, whatever was written since it was started. */
  inForce?: Record<string, string>;
  template: boolean;
  madeAt: number;
}

interface PveKnobs {
  /** 2 and 3 know OpenVZ and no LXC. */
  version: string;
  /** How long a task takes. */
  taskMs: number;
  /** Tasks begun from now on have no end, until {@link PveWorld.goOn}. */
  hang: boolean;
  /** What the next tasks end with, in words; taken from the front. */
  failNext: string[];
  /** So many warnings at the end of every task. */
  warnings: number;
  /** Nothing new can be made. */
  diskFull: boolean;
  /** A change of a running guest is written, and cannot be applied to it. */
  hotplugFails: boolean;
  /** Whether a refusal's words stand in the body too: since 2025 (seen: pve-http-server, fix #6503). */
  wordsInBody: boolean;
  /** How old a guest is before the list of the cluster knows its name (seen: it comes from the statistics). */
  namesAfterMs: number;
  /** How long a ticket lives. */
  ticketMs: number;
  /** What a new ticket wants before it is worth anything. */
  secondFactor: boolean;
  /** Refused logins are answered this late; a real panel waits three seconds. */
  refusalMs: number;
}

export interface PveWorldOptions {
  readonly logins: readonly {
    readonly name: string;
    readonly password: string;
    readonly rights?: PveLogin['rights'];
  }[];
  readonly nodes?: readonly (Pick<PveNode, 'name'> & Partial<PveNode>)[];
  readonly storages?: readonly PveStorage[];
  readonly guests?: readonly (Pick<SimGuest, 'vmid' | 'type' | 'config'> & Partial<SimGuest>)[];
  readonly knobs?: Partial<PveKnobs>;
}

/** Everything a simulated cluster knows. Inspect and change it at any time. */
export interface PveWorld {
  readonly knobs: PveKnobs;
  readonly logins: Map<string, PveLogin>;
  readonly nodes: PveNode[];
  readonly storages: PveStorage[];
  readonly guests: Map<number, SimGuest>;
  readonly tasks: SimTask[];
  revision: number;
  /** Lets hanging tasks end. */
  goOn(): void;
}

const gib = 1024 ** 3;

export function createPveWorld(options: PveWorldOptions): PveWorld {
  const world: PveWorld = {
    knobs: { ...usualKnobs(), ...options.knobs },
    logins: new Map(options.logins.map((login) => [login.name, loginFrom(login)])),
    nodes: (options.nodes ?? [{ name: 'pve1' }]).map((node) => ({
      online: true,
      mem: 8 * gib,
      maxmem: 64 * gib,
      bridges: ['vmbr0'],
      ...node,
    })),
    storages: [...(options.storages ?? [])],
    guests: new Map(),
    tasks: [],
    revision: 0,
    goOn() {
      world.knobs.hang = false;
      for (const task of world.tasks) task.endsAt ??= Date.now();
    },
  };
  const first = world.nodes[0]?.name ?? 'pve1';
  for (const guest of options.guests ?? []) {
    const rest = { node: first, status: 'running' as const, lock: '', template: false, madeAt: 0 };
    world.guests.set(guest.vmid, { ...rest, inForce: linksIn(guest.config), ...guest });
  }
  return world;
}

function usualKnobs(): PveKnobs {
  return {
    version: '8.4.1',
    taskMs: 300,
    hang: false,
    failNext: [],
    warnings: 0,
    diskFull: false,
    hotplugFails: false,
    wordsInBody: true,
    namesAfterMs: 10_000,
    ticketMs: 2 * 3_600_000,
    secondFactor: false,
    refusalMs: 0,
  };
}

function loginFrom({ name, password, rights }: PveWorldOptions['logins'][number]): PveLogin {
  return { name, passwordHash: hashPassword(password), rights: rights ?? 'all' };
}

/** Interfaces and addresses of a configuration. */
export function linksIn(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => /^((net|ipconfig)\d+|ip_address)$/.test(name)));
}

/** What a guest works with: what it was started with and what was applied since; nothing while it is stopped. */
export function inForceOf(guest: SimGuest): Readonly<Record<string, string>> {
  return guest.status === 'running' ? (guest.inForce ?? linksIn(guest.config)) : {};
}

export function majorVersion({ knobs }: PveWorld): number {
  return Number.parseInt(knobs.version, 10);
}
