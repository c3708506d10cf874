import { hashPassword, type SimUser } from '../../../coremanager/simulator/sessions.ts';

/** A virtual machine. */
export interface VmHost {
  readonly id: number;
  name: string;
  readonly comment: string;
  readonly domain: string;
  readonly account: number;
  readonly cluster: number;
  readonly node: number;
  readonly os: number;
  state: string;
}

/** A record of an address; a free one has none (documented: reference 5.3). */
export interface IpRecord {
  readonly id: number;
  readonly ip: string;
  readonly host: number | null;
  readonly state: string;
  /** While the task that adds it works, for panels that list an address only when it is there. */
  pending: boolean;
}

export interface Account {
  readonly id: number;
  readonly email: string;
  readonly role: '@admin' | '@user';
}

export interface VmTask {
  readonly id: number;
  /** What calls answer as `task`; another number than the id of the task's own row. */
  readonly consulId: number;
  readonly name: string;
  readonly host: number;
  /** The address it is about. */
  readonly ip: string | null;
  /** The words it will end badly with. */
  readonly fails: string | null;
  /** Never, while tasks hang. */
  endsAt: number | null;
  status: 'running' | 'complete' | 'fail';
}

export interface VmKnobs {
  /** How long a task works; those of one machine wait for each other. */
  taskMs: number;
  /** Tasks begun from now on never end. */
  hang: boolean;
  /** The next task ends badly, with these words. */
  failNext: string | null;
  /** Nothing new can be made. */
  diskFull: boolean;
  /** IPv6 stands in `/host/ID/ipv4` too; otherwise in the machine's `ip6` alone. */
  ipv6InList: boolean;
  /** An added address is listed when its task has ended, not before. */
  listsAtEnd: boolean;
  /** Addresses are removed at once: the answer names no task. */
  removesAtOnce: boolean;
  /** Columns of lists that `where` does not know. */
  notAskedFor: readonly string[];
  /** Lists tell how many rows there are. */
  tellsSize: boolean;
  /** Changes end with HTTP 500 and these words in the panel's own form; nothing is done. */
  failInside: string | null;
  /** Errors repeat what was sent, in `value`. */
  echoes: boolean;
  /** How many logins from now on are answered with 503 (seen: it happens now and then). */
  loginsFail: number;
  rowsPerPage: number;
  sessionIdleMs: number;
}

export interface VmWorldOptions {
  readonly logins: readonly { readonly email: string; readonly password: string; readonly role?: '@admin' | '@user' }[];
  readonly networks?: readonly string[];
  readonly clusters?: readonly number[];
  readonly nodes?: readonly number[];
  readonly systems?: readonly number[];
  readonly presets?: readonly number[];
  readonly pools?: readonly number[];
  readonly machines?: readonly { readonly name: string; readonly comment?: string; readonly ips: readonly string[] }[];
  readonly knobs?: Partial<VmKnobs>;
}

/** Everything a simulated VMmanager 6 knows. Inspect and change it at any time. */
export interface VmWorld {
  readonly knobs: VmKnobs;
  readonly logins: Map<string, SimUser>;
  readonly accounts: Account[];
  readonly networks: readonly string[];
  readonly clusters: readonly number[];
  readonly nodes: readonly number[];
  readonly systems: readonly number[];
  readonly presets: readonly number[];
  readonly pools: readonly number[];
  readonly hosts: Map<number, VmHost>;
  readonly ips: Map<string, IpRecord>;
  readonly tasks: Map<number, VmTask>;
  lastId: number;
  revision: number;
}

export function createVmWorld(options: VmWorldOptions): VmWorld {
  const world: VmWorld = {
    knobs: { ...usualKnobs, ...options.knobs },
    logins: new Map(
      options.logins.map(({ email, password, role }) => [
        email,
        { name: email, passwordHash: hashPassword(password), level: role === '@user' ? 16 : 30 },
      ]),
    ),
    accounts: options.logins.map(({ email, role }, at) => ({ id: at + 3, email, role: role ?? '@admin' })),
    networks: options.networks ?? ['198.51.100.0/24', '2001:db8:100::/64'],
    clusters: options.clusters ?? [1],
    nodes: options.nodes ?? [1],
    systems: options.systems ?? [1, 2],
    presets: options.presets ?? [1],
    pools: options.pools ?? [1],
    hosts: new Map(),
    ips: new Map(),
    tasks: new Map(),
    lastId: 100,
    revision: 0,
  };
  for (const { name, comment, ips } of options.machines ?? []) {
    const host = addHost(world, { name, comment: comment ?? '', domain: `${name}.example`, state: 'active' });
    for (const ip of ips) giveIp(world, ip, host.id);
  }
  return world;
}

const usualKnobs: VmKnobs = {
  taskMs: 300,
  hang: false,
  failNext: null,
  diskFull: false,
  ipv6InList: false,
  listsAtEnd: false,
  removesAtOnce: false,
  tellsSize: true,
  notAskedFor: [],
  failInside: null,
  echoes: false,
  loginsFail: 0,
  rowsPerPage: 1000,
  sessionIdleMs: 3_600_000,
};

export function nextId(world: VmWorld): number {
  world.lastId += 1;
  world.revision += 1;
  return world.lastId;
}

export function addHost(
  world: VmWorld,
  fields: Partial<Omit<VmHost, 'id'>> & Pick<VmHost, 'name' | 'comment' | 'domain' | 'state'>,
): VmHost {
  const usual = { account: 3, cluster: 1, node: 1, os: 1 };
  const host: VmHost = { ...usual, ...fields, id: nextId(world) };
  world.hosts.set(host.id, host);
  return host;
}

/** Records an address as given to a machine, or, without one, as used by the panel itself. */
export function giveIp(world: VmWorld, ip: string, host: number | null): IpRecord {
  const state = host === null ? 'service' : 'allocated';
  const record: IpRecord = { id: nextId(world), ip, host, state, pending: false };
  world.ips.set(ip, record);
  return record;
}
