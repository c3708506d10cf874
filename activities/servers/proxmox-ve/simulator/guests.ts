import type { GuestType } from '../guest-kind.ts';
import {
  field,
  guestIn,
  needs,
  nodeIn,
  onlyKnown,
  shortName,
  unlocked,
  vmidIn,
  type PveCall,
  type Route,
} from './call.ts';
import { normalIpConfig, normalNet, rightsFor } from './config-check.ts';
import { configOf } from './lists.ts';
import { parameterError, PveError } from './pve-error.ts';
import { beginTask, digestOf, type TaskWork } from './tasks.ts';
import { inForceOf, linksIn, majorVersion, type PveWorld, type SimGuest } from './world.ts';

/** Calls for guests of one kind; a version has those it knows. */
export function guestRoutes(world: PveWorld): readonly Route[] {
  const containers: GuestType = majorVersion(world) < 4 ? 'openvz' : 'lxc';
  return [...routesOf(containers), ...routesOf('qemu'), ...cloneRoutes];
}

function routesOf(type: GuestType): readonly Route[] {
  const base = `/nodes/NODE/${type}`;
  return [
    { method: 'GET', path: `${base}/VMID/config`, purpose: 'read', run: (call) => configOf(call, type) },
    { method: 'GET', path: `${base}/VMID/status/current`, purpose: 'read', run: (call) => statusOf(call, type) },
    { method: 'PUT', path: `${base}/VMID/config`, purpose: 'write', run: (call) => changeConfig(call, type) },
    { method: 'POST', path: `${base}/VMID/status/start`, purpose: 'write', run: (call) => power(call, type, 'start') },
    { method: 'POST', path: `${base}/VMID/status/stop`, purpose: 'write', run: (call) => power(call, type, 'stop') },
    { method: 'DELETE', path: `${base}/VMID`, purpose: 'release', run: (call) => destroy(call, type) },
    ...(type === 'qemu'
      ? []
      : [{ method: 'POST', path: base, purpose: 'create' as const, run: (call: PveCall) => create(call, type) }]),
  ];
}

const cloneRoutes: readonly Route[] = [
  { method: 'POST', path: '/nodes/NODE/qemu/VMID/clone', purpose: 'create', run: clone },
  { method: 'PUT', path: '/nodes/NODE/qemu/VMID/resize', purpose: 'write', run: resize },
];

const lxcFields = [
  /^net\d+$/,
  'hostname',
  'features',
  'description',
  'memory',
  'swap',
  'cores',
  'onboot',
  'rootfs',
  'tags',
  'nameserver',
];
const openvzFields = [
  'hostname',
  'description',
  'memory',
  'swap',
  'cpus',
  'onboot',
  'disk',
  'ip_address',
  'netif',
  'nameserver',
];
const qemuFields = [
  /^(net|ipconfig|scsi|virtio)\d+$/,
  'name',
  'description',
  'memory',
  'cores',
  'onboot',
  'boot',
  'tags',
];
const fieldsOf = { lxc: lxcFields, openvz: openvzFields, qemu: qemuFields };
const creationOnly = ['ostemplate', 'password', 'storage', 'pool', 'start', 'unprivileged', 'ssh-public-keys', 'force'];

function create(call: PveCall, type: 'lxc' | 'openvz'): string {
  const { world } = call;
  const node = nodeIn(call);
  onlyKnown(call, [
    ...fieldsOf[type],
    ...creationOnly.filter((name) => type === 'lxc' || !['start', 'unprivileged'].includes(name)),
  ]);
  const vmid = vmidIn(call);
  for (const name of ['ostemplate'])
    if (field(call, name) === '') throw parameterError({ [name]: 'property is missing and it is not optional' });
  const password = call.parameters.get('password');
  if (password !== undefined && password.length < 5)
    throw parameterError({ password: 'value must be at least 5 characters long' });
  const taken = world.guests.get(vmid);
  if (taken !== undefined)
    throw new PveError(500, `CT ${vmid} already exists${type === 'lxc' ? ` on node '${taken.node}'` : ''}`);
  needs(call, `/vms/${vmid}`, 'VM.Allocate');
  const storage =
    field(call, 'rootfs').split(':').length > 1
      ? (field(call, 'rootfs').split(':')[0] ?? '')
      : field(call, 'storage') || 'local';
  storageFor(call, storage, 'rootdir');
  const config = configFrom(call, type, {});
  if (type === 'openvz' && /^[^.]+$/.test(config['hostname'] ?? '')) config['hostname'] += '.hoster.example';
  const begun = type === 'lxc' ? { lock: 'create', config: {} } : { lock: '', config };
  world.guests.set(vmid, { vmid, node, type, status: 'stopped', template: false, madeAt: Date.now(), ...begun });
  return begin(call, { type: 'vzcreate', id: vmid, work: { kind: 'create', vmid, config } });
}

function storageFor(call: PveCall, name: string, content: string): void {
  const storage = call.world.storages.find((one) => one.name === name);
  if (storage === undefined) throw new PveError(500, `storage '${name}' does not exist`);
  if (!storage.content.includes(content))
    throw parameterError({ storage: `storage '${name}' does not support container directories` });
  needs(call, `/storage/${name}`, 'Datastore.AllocateSpace');
}

/** The configuration as it will read once what was sent is in it. */
function configFrom(call: PveCall, type: GuestType, before: Record<string, string>): Record<string, string> {
  const config = { ...before };
  for (const [name, value] of call.parameters) {
    if (['node', 'vmid', 'digest', 'delete', ...creationOnly].includes(name)) continue;
    if (/^net\d+$/.test(name)) config[name] = normalNet(name, value);
    else if (/^ipconfig\d+$/.test(name)) config[name] = normalIpConfig(name, value);
    else if (name === 'ip_address') config[name] = ipList(value);
    else if (name === 'rootfs')
      config[name] =
        `${value.split(':')[0] ?? ''}:vm-${field(call, 'vmid')}-disk-0,size=${value.split(':')[1] ?? value}G`;
    else config[name] = value;
  }
  for (const name of field(call, 'delete').split(',')) delete config[name];
  if (type === 'openvz' && config['ip_address'] === '') delete config['ip_address'];
  return config;
}

/** Split at blanks, commas and semicolons; what is no address is skipped silently (documented: reference 5.4). */
function ipList(text: string): string {
  return text
    .split(/[\s,;]+/)
    .filter((entry) => /^[0-9a-fA-F:.]+(\/\d+)?$/.test(entry))
    .join(' ');
}

function changeConfig(call: PveCall, type: GuestType): null {
  const guest = guestIn(call, type);
  onlyKnown(call, [...fieldsOf[type], 'digest', ...(type === 'openvz' ? [] : ['delete'])]);
  for (const right of rightsFor(call)) needs(call, `/vms/${guest.vmid}`, right);
  unlocked(guest);
  const digest = field(call, 'digest');
  if (digest !== '' && digest !== digestOf(guest)) throw new PveError(500, changedWords[type]);
  const before = guest.config;
  guest.config = configFrom(call, type, before);
  call.world.revision += 1;
  apply(call, guest, before);
  return null;
}

/** Of a running guest, interfaces change at once; what cloud-init gives is read at the next start only. */
function apply({ world }: PveCall, guest: SimGuest, before: Record<string, string>): void {
  if (guest.status !== 'running') return;
  const [was, links] = [inForceOf(guest), linksIn(guest.config)];
  const keeps = Object.entries(was).filter(([name]) => name.startsWith('ipconfig'));
  const changed = Object.keys({ ...before, ...guest.config }).find(
    (name) => name.startsWith('net') && before[name] !== guest.config[name],
  );
  guest.inForce = was;
  // Written by now, and said like any wrong parameter (seen: qemu-server API2/Qemu.pm, raise_param_exc of what hotplug said).
  if (world.knobs.hotplugFails && changed !== undefined)
    throw parameterError({ [changed]: 'hotplug problem - unable to apply it to the running guest' });
  const applied = Object.entries(links).filter(([name]) => !name.startsWith('ipconfig'));
  guest.inForce = Object.fromEntries([...applied, ...keeps]);
}

const changedWords: Readonly<Record<GuestType, string>> = {
  lxc: 'detected modified configuration - file changed by other user? Try again.',
  qemu: 'checksum mismatch (file change by other user?)',
  openvz: 'checksum missmatch (file change by other user?)',
};

function clone(call: PveCall): string {
  const source = guestIn(call, 'qemu');
  onlyKnown(call, ['newid', 'name', 'description', 'full', 'storage', 'pool', 'target', 'format', 'snapname']);
  const vmid = vmidIn(call, 'newid');
  needs(call, `/vms/${source.vmid}`, 'VM.Clone');
  needs(call, `/vms/${vmid}`, 'VM.Allocate');
  if (call.parameters.has('storage')) storageFor(call, field(call, 'storage'), 'images');
  unlocked(source);
  const { world } = call;
  if (world.guests.has(vmid)) throw new PveError(500, `unable to create VM ${vmid}: config file already exists`);
  const node = field(call, 'target') || source.node;
  const config = Object.fromEntries(
    Object.entries(source.config).map(([name, value]) => [
      name,
      /^net\d+$/.test(name) ? normalNet(name, value.replace(/virtio=[^,]*/, 'virtio')) : value,
    ]),
  );
  Object.assign(config, { name: field(call, 'name') || `Copy-of-VM-${source.vmid}` });
  if (field(call, 'description') !== '') Object.assign(config, { description: field(call, 'description') });
  world.guests.set(vmid, {
    vmid,
    node,
    type: 'qemu',
    status: 'stopped',
    lock: 'clone',
    config: {},
    template: false,
    madeAt: Date.now(),
  });
  return begin(call, { type: 'qmclone', id: source.vmid, work: { kind: 'clone', vmid, config } });
}

function resize(call: PveCall): string | null {
  const guest = guestIn(call, 'qemu');
  onlyKnown(call, ['disk', 'size', 'digest']);
  needs(call, `/vms/${guest.vmid}`, 'VM.Config.Disk');
  unlocked(guest);
  const [disk, size] = [field(call, 'disk'), field(call, 'size')];
  if (guest.config[disk] === undefined) throw new PveError(500, `disk '${disk}' does not exist`);
  if (majorVersion(call.world) < 8) {
    // Done when it is answered, without a word (seen: qemu-server API2/Qemu.pm before 8).
    guest.config = { ...guest.config, [disk]: (guest.config[disk] ?? '').replace(/size=[^,]*/, `size=${size}`) };
    call.world.revision += 1;
    return null;
  }
  return begin(call, { type: 'resize', id: guest.vmid, work: { kind: 'resize', vmid: guest.vmid, disk, size } });
}

function statusOf(call: PveCall, type: GuestType) {
  const guest = guestIn(call, type);
  needs(call, `/vms/${guest.vmid}`, 'VM.Audit');
  const lock = guest.lock === '' ? {} : { lock: guest.lock };
  return {
    vmid: guest.vmid,
    status: guest.status,
    name: guest.config['hostname'] ?? guest.config['name'] ?? '',
    ...lock,
  };
}

function power(call: PveCall, type: GuestType, what: 'start' | 'stop'): string {
  const guest = guestIn(call, type);
  needs(call, `/vms/${guest.vmid}`, 'VM.PowerMgmt');
  if (what === 'start') unlocked(guest);
  const wanted = what === 'start' ? 'stopped' : 'running';
  const already = what === 'start' ? 'already running' : 'not running';
  if (guest.status !== wanted) throw new PveError(500, `${shortName(guest)} ${guest.vmid} ${already}`);
  return begin(call, { type: `${prefixOf(guest)}${what}`, id: guest.vmid, work: { kind: what, vmid: guest.vmid } });
}

function destroy(call: PveCall, type: GuestType): string {
  const guest = guestIn(call, type);
  onlyKnown(call, majorVersion(call.world) < 6 ? [] : ['purge', 'destroy-unreferenced-disks', 'force']);
  needs(call, `/vms/${guest.vmid}`, 'VM.Allocate');
  if (guest.config['protection'] === '1')
    throw new PveError(500, `can't remove ${shortName(guest)} ${guest.vmid} - protection mode enabled`);
  unlocked(guest);
  if (guest.status === 'running') throw new PveError(500, runningWords(guest));
  return begin(call, {
    type: `${prefixOf(guest)}destroy`,
    id: guest.vmid,
    work: { kind: 'destroy', vmid: guest.vmid },
  });
}

function runningWords({ type, vmid }: SimGuest): string {
  return type === 'qemu'
    ? `VM ${vmid} is running - destroy failed`
    : `unable to destroy CT ${vmid} - container is running`;
}

function prefixOf({ type }: SimGuest): string {
  return type === 'qemu' ? 'qm' : 'vz';
}

interface Beginning {
  readonly type: string;
  readonly id: number;
  readonly work: TaskWork;
}

function begin({ world, login, parameters }: PveCall, { type, id, work }: Beginning): string {
  return beginTask(world, { node: parameters.get('node') ?? '', type, id: String(id), user: login.name, work });
}
