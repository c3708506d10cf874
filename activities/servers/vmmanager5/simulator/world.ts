import { panelKnobs, type PanelKnobs } from '../../../coremanager/simulator/panel.ts';
import { hashPassword, type SimUser } from '../../../coremanager/simulator/sessions.ts';
import { noWork, slowKnobs, type SlowKnobs, type SlowWork } from '../../../coremanager/simulator/slow-work.ts';

export interface VmUser {
  readonly id: string;
  readonly name: string;
}

export interface VmAddressRow {
  readonly id: string;
  readonly ip: string;
  domain: string;
}

/** A virtual machine; the first of its addresses is the main one. */
export interface SimVm {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly user: string;
  readonly vmi: string;
  readonly hostnode: string;
  addresses: VmAddressRow[];
  work: SlowWork;
  deleting: SlowWork | null;
}

interface VmKnobs extends PanelKnobs, SlowKnobs {
  /** Nothing new can be made. */
  diskFull: boolean;
  /** How long a deleted machine stays in the list. */
  deleteMs: number;
  /** A machine's main address cannot be deleted while the machine is there. */
  mainStays: boolean;
  /** `ip` of a request names the address; without it the panel takes the next of its own pool. */
  honoursIp: boolean;
  /** What the list of templates knows a row by: with its repository, or the bare name. */
  templateIds: 'full' | 'bare';
}

export interface SimPreset {
  readonly id: string;
  readonly name: string;
  readonly mem: string;
  readonly vcpu: string;
  readonly vsize: string;
}

export interface VmWorldOptions {
  readonly logins: readonly { readonly name: string; readonly password: string; readonly level?: number }[];
  readonly presets?: readonly SimPreset[];
  readonly templates?: readonly string[];
  readonly nodes?: readonly string[];
  readonly pool?: readonly string[];
  /** Machines that are there already, each with an owner of its own. */
  readonly vms?: readonly { readonly name: string; readonly domain: string; readonly addresses: readonly string[] }[];
  readonly knobs?: Partial<VmKnobs>;
}

/** Everything a simulated VMmanager 5 knows. Inspect and change it at any time. */
export interface VmWorld {
  readonly knobs: VmKnobs;
  readonly logins: Map<string, SimUser>;
  readonly presets: readonly SimPreset[];
  readonly templates: readonly string[];
  readonly nodes: readonly string[];
  readonly pool: readonly string[];
  readonly users: Map<string, VmUser>;
  readonly vms: Map<string, SimVm>;
  lastId: number;
  revision: number;
}

export function createVmWorld(options: VmWorldOptions): VmWorld {
  const world: VmWorld = {
    knobs: {
      ...panelKnobs(),
      ...slowKnobs(),
      diskFull: false,
      deleteMs: 0,
      mainStays: false,
      honoursIp: true,
      templateIds: 'full',
      ...options.knobs,
    },
    logins: new Map(
      options.logins.map(({ name, password, level }) => [
        name,
        { name, passwordHash: hashPassword(password), level: level ?? 30 },
      ]),
    ),
    presets: options.presets ?? [{ id: '1', name: 'KVM-1', mem: '1024', vcpu: '1', vsize: '10240' }],
    templates: options.templates ?? ['Debian-11-x86_64', 'CentOS-7-amd64'],
    nodes: options.nodes ?? ['node1'],
    pool: options.pool ?? ['192.0.2.201', '192.0.2.202', '192.0.2.203'],
    users: new Map(),
    vms: new Map(),
    lastId: 10,
    revision: 0,
  };
  for (const vm of options.vms ?? []) addVm(world, vm);
  return world;
}

export function nextId(world: VmWorld): string {
  world.lastId += 1;
  return String(world.lastId);
}

export function addressRow(world: VmWorld, ip: string, domain: string): VmAddressRow {
  return { id: nextId(world), ip, domain };
}

/** Somebody's machine, made by hand. */
export function addVm(world: VmWorld, { name, domain, addresses }: NonNullable<VmWorldOptions['vms']>[number]): SimVm {
  const user: VmUser = { id: nextId(world), name: `u-${name}` };
  world.users.set(user.id, user);
  const vm: SimVm = {
    id: nextId(world),
    name,
    domain,
    user: user.id,
    vmi: 'ISPsystem__Debian-11-x86_64',
    hostnode: world.nodes[0] ?? '',
    addresses: addresses.map((ip) => addressRow(world, ip, domain)),
    work: noWork(),
    deleting: null,
  };
  world.vms.set(vm.id, vm);
  world.revision += 1;
  return vm;
}
