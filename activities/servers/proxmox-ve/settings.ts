import { z } from 'zod';
import { isAddress, parseAddress, type Family } from '../../../workflows/domain/address.ts';

function whole(least: number, most: number, what: string) {
  const message = `${what}: a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^[1-9]\d{0,8}$/, message)
    .refine((text) => Number(text) >= least && Number(text) <= most, message);
}

function gateway(family: Family, like: string) {
  const message = `the gateway of ${family === 'ipv4' ? 'IPv4' : 'IPv6'}, like ${like}`;
  return z.string().refine((text) => {
    const parsed = parseAddress(text);
    return isAddress(parsed) && parsed.family === family;
  }, message);
}

function named(pattern: RegExp, message: string) {
  return z.string().regex(pattern, message);
}

const storageName = /^[A-Za-z][A-Za-z0-9\-_.]{0,98}[A-Za-z0-9]$/;
const vmidRange = 'two VMIDs with a dash, at least 100 apart, from 100 to 999999999, like 10000000-99999999';

const volume = 'the volume of the template, like local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst';
const templateVm = 'the VMID of the template to clone, like 9000';
const eitherTemplate = `${volume}; of type qemu ${templateVm}`;

const fields = z.strictObject({
  /** What a service is made as; servers of the OpenVZ era make OpenVZ containers of `lxc`. */
  type: z.enum(['lxc', 'qemu'], 'lxc for containers or qemu for virtual machines').optional(),
  template: z.string({ error: eitherTemplate }).regex(/^\S{1,255}$/, eitherTemplate),
  node: named(
    /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
    'the name of a node of the cluster, like pve1',
  ).optional(),
  storage: named(storageName, 'the name of a storage, like local-lvm').optional(),
  pool: named(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,99}$/, 'the name of a resource pool').optional(),
  disk: whole(1, 131_072, 'GiB of disk').optional(),
  memory: whole(16, 4_194_304, 'MiB of memory').optional(),
  cores: whole(1, 8192, 'processor cores').optional(),
  nesting: z.enum(['on', 'off'], 'on or off').optional(),
  bridge: named(/^[A-Za-z][A-Za-z0-9_.-]{0,14}$/, 'the name of a bridge, like vmbr0').optional(),
  vlan: whole(1, 4094, 'the VLAN').optional(),
  prefix4: whole(1, 32, 'the prefix length of IPv4 addresses').optional(),
  gateway4: gateway('ipv4', '192.0.2.1').optional(),
  prefix6: whole(1, 128, 'the prefix length of IPv6 addresses').optional(),
  gateway6: gateway('ipv6', '2001:db8::1').optional(),
  vmids: z
    .string()
    .refine((text) => rangeOf(text) !== undefined, vmidRange)
    .optional(),
  scan: z.enum(['on', 'off'], 'on or off').optional(),
});

/** What `--set` may say for a Proxmox VE server. */
export const proxmoxSettings = fields.superRefine((value, context) => {
  const qemu = value.type === 'qemu';
  const fits = qemu ? /^[1-9]\d{2,8}$/ : /^[A-Za-z][\w.-]*:[^\s]+$/;
  if (fits.test(value.template)) return;
  context.addIssue({ code: 'custom', path: ['template'], message: qemu ? templateVm : volume });
});

/** The settings with what holds where they are silent. */
export interface Settings {
  readonly type: 'lxc' | 'qemu';
  readonly template: string;
  readonly node: string | undefined;
  readonly storage: string | undefined;
  readonly pool: string | undefined;
  readonly disk: string | undefined;
  readonly memory: string | undefined;
  readonly cores: string | undefined;
  /** Whether a container may itself run containers; systemd of newer systems wants it too. */
  readonly nesting: boolean;
  readonly links: Links;
  readonly vmids: VmidRange;
  /** Whether other guests are asked for an address before it is given. */
  readonly scan: boolean;
}

/** How addresses are put on an interface. */
export interface Links {
  readonly bridge: string;
  readonly vlan: string | undefined;
  readonly ipv4: { readonly prefix: string; readonly gateway: string | undefined };
  readonly ipv6: { readonly prefix: string; readonly gateway: string | undefined };
}

export interface VmidRange {
  readonly first: number;
  readonly last: number;
}

export function settingsOf(given: Readonly<Record<string, string>>): Settings {
  return {
    type: given['type'] === 'qemu' ? 'qemu' : 'lxc',
    template: given['template'] ?? '',
    node: given['node'],
    storage: given['storage'],
    pool: given['pool'],
    disk: given['disk'],
    memory: given['memory'],
    cores: given['cores'],
    nesting: given['nesting'] === 'on',
    links: {
      bridge: given['bridge'] ?? 'vmbr0',
      vlan: given['vlan'],
      ipv4: { prefix: given['prefix4'] ?? '32', gateway: given['gateway4'] },
      ipv6: { prefix: given['prefix6'] ?? '128', gateway: given['gateway6'] },
    },
    vmids: rangeOf(given['vmids'] ?? '') ?? eightDigits,
    scan: given['scan'] !== 'off',
  };
}

/** Eight digits: with nine, the host's names of a container's tenth and further interfaces would be too long for Linux. */
const eightDigits: VmidRange = { first: 10_000_000, last: 99_999_999 };

function rangeOf(text: string): VmidRange | undefined {
  const [, first, last] = /^(\d{3,9})-(\d{3,9})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 100 && range.last - range.first >= 100 ? range : undefined;
}
