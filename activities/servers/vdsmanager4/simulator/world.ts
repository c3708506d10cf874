import { panelKnobs, type PanelKnobs } from '../../../coremanager/simulator/panel.ts';
import { hashPassword, type SimUser } from '../../../coremanager/simulator/sessions.ts';
import { noWork, slowKnobs, type SlowKnobs, type SlowWork } from '../../../coremanager/simulator/slow-work.ts';

/** A VDS: its first address is the main one, by which the panel knows it. */
export interface SimVds {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  addresses: { readonly ip: string; readonly ptr: string }[];
  readonly sizes: Readonly<Record<string, string>>;
  readonly work: SlowWork;
}

interface VdsKnobs extends PanelKnobs, SlowKnobs {
  /** Nothing new can be made. */
  diskFull: boolean;
  /** The form of a VDS takes another of its addresses as the main one. */
  mainMoves: boolean;
  /** Lists say how many rows there are. */
  countsRows: boolean;
  /** What the panel's own IPmanager form holds; nothing when there is no such function. */
  ipmanagerUrl: string | null;
  /** The form for further addresses takes one by its name. */
  namedAddresses: boolean;
}

export interface VdsWorldOptions {
  readonly logins: readonly { readonly name: string; readonly password: string; readonly level?: number }[];
  readonly presets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly templates?: Readonly<Record<string, string>>;
  readonly pool?: readonly string[];
  readonly vdss?: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  readonly knobs?: Partial<VdsKnobs>;
}

/** Everything a simulated VDSmanager 4 knows. Inspect and change it at any time. */
export interface VdsWorld {
  readonly knobs: VdsKnobs;
  readonly logins: Map<string, SimUser>;
  readonly presets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Disk templates with their state. */
  readonly templates: Readonly<Record<string, string>>;
  readonly pool: readonly string[];
  readonly vdss: Set<SimVds>;
  lastId: number;
  revision: number;
}

const usualPreset = { disk: '10240', mem: '1024', cpu: '1000', proc: '256', desc: '4096', traf: '100000' };

export function createVdsWorld(options: VdsWorldOptions): VdsWorld {
  const world: VdsWorld = {
    knobs: {
      ...panelKnobs({ version4Errors: true, only: 'xml' }),
      ...slowKnobs(),
      diskFull: false,
      mainMoves: true,
      countsRows: true,
      ipmanagerUrl: 'https://ip.example.com/manager/ipmgr',
      namedAddresses: true,
      ...options.knobs,
    },
    logins: new Map(
      options.logins.map(({ name, password, level }) => [
        name,
        { name, passwordHash: hashPassword(password), level: level ?? 30 },
      ]),
    ),
    presets: options.presets ?? { 'OVZ-1': usualPreset },
    templates: options.templates ?? { 'centos-5-x86_64': 'ok', 'debian-6-x86_64': 'loading' },
    pool: options.pool ?? ['192.0.2.211', '192.0.2.212'],
    vdss: new Set(),
    lastId: 1000,
    revision: 0,
  };
  for (const vds of options.vdss ?? []) addVds(world, vds);
  return world;
}

/** Somebody's VDS, made by hand. */
export function addVds(world: VdsWorld, { name, addresses }: NonNullable<VdsWorldOptions['vdss']>[number]): SimVds {
  world.lastId += 1;
  const vds: SimVds = {
    id: String(world.lastId),
    name,
    owner: [...world.logins.keys()][0] ?? 'admin',
    addresses: addresses.map((ip) => ({ ip, ptr: name })),
    sizes: usualPreset,
    work: noWork(),
  };
  world.vdss.add(vds);
  world.revision += 1;
  return vds;
}

export function usedAddresses(world: VdsWorld): ReadonlySet<string> {
  return new Set([...world.vdss].flatMap((vds) => vds.addresses.map(({ ip }) => ip)));
}
