import { both, given, noChange, type ConfigChange, type GuestKind, type NewGuest } from './guest-kind.ts';
import type { RestRequest } from '../../rest/exchange.ts';
import { addressesOn, planInterfaces, type Interface } from './interfaces.ts';
import { numbered } from './lxc.ts';
import { parseProperties, printProperties } from './property-string.ts';
import type { Links, Settings } from './settings.ts';
import { textIn, type Fields } from './values.ts';

/**
 * Virtual machines: a clone of a template with a cloud-init drive. `ipconfigN` says what cloud-init gives to `netN`
 * (documented: reference 5.4); a running guest takes a change at its next boot, and is never booted by us.
 */
export const qemu: GuestKind = {
  type: 'qemu',
  changesAtBoot: true,
  addressesIn: (config) => addressesOn(interfacesIn(config)),
  planAddresses: (config, wanted, settings) => planAddresses(config, wanted, settings.links),
  planRest,
  growth,
  creation,
};

function interfacesIn(config: Fields): readonly Interface[] {
  const nets = new Map(numbered(config, 'net'));
  const addresses = new Map(numbered(config, 'ipconfig'));
  const numbers = [...new Set([...nets.keys(), ...addresses.keys()])].toSorted((one, other) => one - other);
  return numbers.map((number) => ({
    number,
    bridge: parseProperties(nets.get(number) ?? '').get('bridge'),
    carries: parseProperties(addresses.get(number) ?? ''),
  }));
}

function planAddresses(config: Fields, wanted: readonly string[], links: Links): ConfigChange | undefined {
  const plan = planInterfaces(interfacesIn(config), wanted, links);
  if (plan === undefined) return undefined;
  const changes = [...plan.set].map(([number, carries]): ConfigChange => {
    const name = `ipconfig${number}`;
    const addresses =
      carries.size === 0 ? { set: {}, remove: [name] } : { set: { [name]: printProperties(carries) }, remove: [] };
    if (textIn(config, `net${number}`) !== undefined) return addresses;
    return both(addresses, { set: { [`net${number}`]: linkOf(links) }, remove: [] });
  });
  const remove = plan.remove.flatMap((number) => [`net${number}`, `ipconfig${number}`]);
  return [...changes, { set: {}, remove: remove.filter((name) => name in config) }].reduce(both, noChange);
}

function linkOf({ bridge, vlan }: Links): string {
  return vlan === undefined ? `virtio,bridge=${bridge}` : `virtio,bridge=${bridge},tag=${vlan}`;
}

/** A clone has its template's size of everything. */
function planRest(config: Fields, settings: Settings): ConfigChange {
  const wanted = given({ memory: settings.memory, cores: settings.cores });
  return {
    set: Object.fromEntries(Object.entries(wanted).filter(([name, value]) => textIn(config, name) !== value)),
    remove: [],
  };
}

const units: Readonly<Record<string, number>> = { K: 1 / 1024 / 1024, M: 1 / 1024, G: 1, T: 1024 };

/** The disk it boots from, when it is smaller than the setting says; the panel never shrinks one (documented). */
function growth(config: Fields, settings: Settings): { readonly disk: string; readonly size: string } | undefined {
  const order = /order=([^,]*)/.exec(textIn(config, 'boot') ?? '')?.[1]?.split(';') ?? [];
  const disks = [...order, textIn(config, 'bootdisk') ?? '', 'scsi0', 'virtio0', 'sata0', 'ide0'];
  const disk = disks.find((name) => /^(scsi|virtio|sata|ide)\d+$/.test(name) && isDisk(textIn(config, name)));
  const [, number, unit = 'G'] = /size=(\d+(?:\.\d+)?)([KMGT])?/.exec(textIn(config, disk ?? '') ?? '') ?? [];
  if (disk === undefined || number === undefined || settings.disk === undefined) return undefined;
  const gib = Number(number) * (units[unit] ?? 1);
  return gib < Number(settings.disk) ? { disk, size: `${settings.disk}G` } : undefined;
}

function isDisk(drive: string | undefined): boolean {
  return drive !== undefined && !drive.includes('media=cdrom');
}

/** A full clone: a linked one would tie the customer's disk to the template's. */
function creation({ vmid, node, templateNode, name, notes, settings }: NewGuest): RestRequest {
  return {
    method: 'POST',
    path: `/nodes/${templateNode}/qemu/${settings.template}/clone`,
    form: {
      newid: String(vmid),
      name,
      description: notes,
      full: '1',
      ...given({ storage: settings.storage, pool: settings.pool, target: node === templateNode ? undefined : node }),
    },
  };
}
