import { isIP } from 'node:net';
import { field, type PveCall } from './call.ts';
import { parameterError } from './pve-error.ts';

/** Properties of an interface, in the panel's own order: the first as it is, the others by name. */
export function normalNet(name: string, text: string): string {
  const pairs = text.split(',').map((part) => part.split('=') as [string, string?]);
  const fields = new Map(pairs.map(([key, value]) => [key, value ?? '']));
  for (const [key, value] of fields) checkProperty(name, key, value);
  const mac = [
    'BC:24:11',
    ...[1, 2, 3].map(() =>
      Math.floor(Math.random() * 256)
        .toString(16)
        .toUpperCase()
        .padStart(2, '0'),
    ),
  ];
  const model = ['virtio', 'e1000'].find((one) => fields.has(one));
  if (model === undefined) {
    if (!fields.has('name')) throw invalid(name, 'missing property - name');
    if (!fields.has('hwaddr')) fields.set('hwaddr', mac.join(':'));
    fields.set('type', 'veth');
  } else if (fields.get(model) === '') fields.set(model, mac.join(':'));
  return printed(fields, model ?? 'name');
}

/** `ipconfigN`: a gateway is nothing without an address (seen: qemu-server Cloudinit format, `requires`). */
export function normalIpConfig(name: string, text: string): string {
  const fields = new Map(text.split(',').map((part) => part.split('=') as [string, string]));
  for (const [key, value] of fields) {
    if (!['ip', 'gw', 'ip6', 'gw6'].includes(key)) throw invalid(name, `property is not defined in schema: ${key}`);
    checkProperty(name, key, value);
  }
  for (const [gateway, ip] of [
    ['gw', 'ip'],
    ['gw6', 'ip6'],
  ] as const)
    if (fields.has(gateway) && !fields.has(ip))
      throw invalid(name, `missing property - '${ip}' required by '${gateway}'`);
  return printed(fields, '');
}

const known = new Set(
  'name type bridge hwaddr mtu ip gw ip6 gw6 firewall tag rate link_down virtio e1000 model macaddr'.split(' '),
);

function checkProperty(name: string, key: string, value: string): void {
  if (!known.has(key)) throw invalid(name, `invalid format - ${key}: property is not defined in schema`);
  if (key === 'ip' || key === 'ip6') {
    const [ip = '', bits, ...more] = value.split('/');
    const words = key === 'ip' ? ['dhcp', 'manual'] : ['dhcp', 'manual', 'auto'];
    const family = key === 'ip' ? 4 : 6;
    const cidr = isIP(ip) === family && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (family === 4 ? 32 : 128);
    if (!words.includes(value) && (!cidr || more.length > 0))
      throw invalid(name, `invalid format - value does not look like a valid ipv${family} network configuration`);
  }
  if (key === 'gw' && isIP(value) !== 4)
    throw invalid(name, 'invalid format - gw: value does not look like a valid IPv4 address');
  if (key === 'gw6' && isIP(value) !== 6)
    throw invalid(name, 'invalid format - gw6: value does not look like a valid IPv6 address');
  if (key === 'tag' && !(Number(value) >= 1 && Number(value) <= 4094))
    throw invalid(name, 'tag: value must be from 1 to 4094');
}

function printed(fields: ReadonlyMap<string, string>, first: string): string {
  const sorted = [...fields].toSorted(
    ([one], [other]) => Number(other === first) - Number(one === first) || (one < other ? -1 : 1),
  );
  return sorted.map(([key, value]) => `${key}=${value}`).join(',');
}

function invalid(name: string, why: string) {
  return parameterError({ [name]: why });
}

/** The right each field wants, those that are deleted too (seen: check_ct_modify_config_perm, check_vm_modify_config_perm). */
export function rightsFor(call: PveCall): ReadonlySet<string> {
  const sent = [...call.parameters.keys()].filter((name) => !['node', 'vmid', 'digest', 'delete'].includes(name));
  const deleted = field(call, 'delete')
    .split(',')
    .filter((name) => name !== '');
  return new Set([...sent, ...deleted].map(rightFor));
}

function rightFor(name: string): string {
  if (/^((net|ipconfig)\d+|ip_address|netif|hostname|nameserver)$/.test(name)) return 'VM.Config.Network';
  if (/^(memory|swap)$/.test(name)) return 'VM.Config.Memory';
  if (/^(cores|cpus)$/.test(name)) return 'VM.Config.CPU';
  return /^((scsi|virtio)\d+|rootfs|disk)$/.test(name) ? 'VM.Config.Disk' : 'VM.Config.Options';
}
