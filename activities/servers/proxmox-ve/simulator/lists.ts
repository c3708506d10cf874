import { digestOf } from './tasks.ts';
import { field, guestIn, needs, nodeIn, onlyKnown, vmidIn, type PveCall, type Route } from './call.ts';
import { parameterError, permissionError, PveError } from './pve-error.ts';
import { everyRight, may } from './sessions.ts';
import { inForceOf, linksIn, majorVersion, type SimGuest } from './world.ts';

/** Reads of the cluster (documented: reference 5.4; forms seen in pve-manager). */
export const clusterRoutes: readonly Route[] = [
  { method: 'GET', path: '/version', purpose: 'read', run: version },
  { method: 'GET', path: '/access/permissions', purpose: 'read', run: permissions },
  { method: 'GET', path: '/cluster/resources', purpose: 'list', run: resources },
  { method: 'GET', path: '/cluster/nextid', purpose: 'read', run: nextId },
  { method: 'GET', path: '/cluster/tasks', purpose: 'read', run: clusterTasks },
  { method: 'GET', path: '/nodes', purpose: 'list', run: nodes },
  { method: 'GET', path: '/nodes/NODE/tasks', purpose: 'read', run: nodeTasks },
  { method: 'GET', path: '/nodes/NODE/tasks/UPID/status', purpose: 'read', run: taskStatus },
  { method: 'GET', path: '/nodes/NODE/network', purpose: 'read', run: network },
  { method: 'GET', path: '/nodes/NODE/storage/STORAGE/content', purpose: 'list', run: content },
];

function version({ world }: PveCall) {
  const { version: text } = world.knobs;
  return { version: text, release: text.split('.').slice(0, 2).join('.'), repoid: '2a5fa54a8503f96d' };
}

function permissions({ world, login }: PveCall) {
  if (majorVersion(world) < 6) throw notImplemented('GET /access/permissions');
  const rights = login.rights === 'all' ? everyRight : login.rights;
  const map = Object.fromEntries(rights.map((right) => [right, 1]));
  return Object.fromEntries(['/', '/vms', '/nodes', '/storage', '/access', '/pool', '/sdn'].map((path) => [path, map]));
}

function notImplemented(what: string): PveError {
  return new PveError(501, `Method '${what}' not implemented`);
}

/** Guests only with VM.Audit, storages only with Datastore.Audit; nodes for everybody (seen). */
function resources(call: PveCall) {
  const { world, login } = call;
  onlyKnown(call, ['type']);
  const wanted = field(call, 'type');
  const rows = [
    ...(may(login, 'VM.Audit') ? [...world.guests.values()].map((guest) => guestRow(call, guest)) : []),
    ...nodes(call),
    ...(may(login, 'Datastore.Audit') ? storageRows(call) : []),
  ];
  return rows.filter(
    ({ type }) => wanted === '' || (wanted === 'vm' ? ['lxc', 'qemu', 'openvz'].includes(type) : type === wanted),
  );
}

function guestRow({ world }: PveCall, guest: SimGuest) {
  const { type, vmid, node, config } = guest;
  const young = Date.now() - guest.madeAt < world.knobs.namesAfterMs;
  const base = { id: `${type}/${vmid}`, type, vmid, node, ...(guest.lock === '' ? {} : { lock: guest.lock }) };
  if (young) return { ...base, status: 'unknown' };
  return {
    ...base,
    status: guest.status,
    name: config['hostname'] ?? config['name'] ?? '',
    template: guest.template ? 1 : 0,
  };
}

function storageRows({ world }: PveCall) {
  return world.nodes.flatMap(({ name }) =>
    world.storages.map(({ name: storage, content: kinds }) => ({
      id: `storage/${name}/${storage}`,
      type: 'storage',
      node: name,
      storage,
      content: kinds.join(','),
    })),
  );
}

function nodes({ world, login }: PveCall) {
  return world.nodes.map(({ name, online, mem, maxmem }) => ({
    id: `node/${name}`,
    type: 'node',
    node: name,
    ...(majorVersion(world) < 4 ? {} : { status: online ? 'online' : 'offline' }),
    ...(may(login, 'Sys.Audit') && online ? { mem, maxmem, uptime: 86_400 } : { uptime: online ? 86_400 : 0 }),
  }));
}

function nextId(call: PveCall) {
  const { guests } = call.world;
  if (call.parameters.has('vmid')) {
    const vmid = vmidIn(call);
    if (guests.has(vmid)) throw parameterError({ vmid: `VM ${vmid} already exists` });
    return String(vmid);
  }
  let id = 100;
  while (guests.has(id)) id += 1;
  return String(id); // a text (seen)
}

function taskRows({ world, login }: PveCall) {
  const recent = Date.now() - 60_000;
  return world.tasks
    .filter(({ exit, startedAt }) => exit === null || startedAt > recent)
    .filter(({ user }) => may(login, 'Sys.Audit') || user === login.name)
    .map(({ upid, node, type, id, user, startedAt, endsAt, exit }) => ({
      upid,
      node,
      type,
      id,
      user,
      starttime: Math.floor(startedAt / 1000),
      ...(exit === null ? {} : { status: exit, endtime: Math.floor((endsAt ?? startedAt) / 1000) }),
    }));
}

function clusterTasks(call: PveCall) {
  return taskRows(call);
}

function nodeTasks(call: PveCall) {
  const node = nodeIn(call);
  onlyKnown(
    call,
    majorVersion(call.world) < 6 ? ['limit', 'start'] : ['limit', 'start', 'source', 'vmid', 'typefilter'],
  );
  const rows = taskRows(call).filter((row) => row.node === node);
  if (field(call, 'source') !== 'active') return rows.filter((row) => 'endtime' in row);
  return rows.map((row) => ('endtime' in row ? row : { ...row, status: 'RUNNING' }));
}

function taskStatus(call: PveCall) {
  const node = nodeIn(call);
  const task = call.world.tasks.find(({ upid }) => upid === field(call, 'upid'));
  if (task === undefined || task.node !== node) throw parameterError({ upid: 'no such task' });
  if (task.user !== call.login.name) needs(call, `/nodes/${node}`, 'Sys.Audit');
  const { upid, type, id, user, startedAt, exit } = task;
  const status = exit === null ? { status: 'running' } : { status: 'stopped', exitstatus: exit };
  return { upid, node, type, id, user, starttime: Math.floor(startedAt / 1000), pid: 4711, pstart: 815, ...status };
}

function network(call: PveCall) {
  const node = nodeIn(call);
  const bridges = call.world.nodes.find(({ name }) => name === node)?.bridges ?? [];
  onlyKnown(call, ['type']);
  const cards = field(call, 'type') === 'any_bridge' ? [] : [{ iface: 'eno1', type: 'eth', active: 1 }];
  return [...cards, ...bridges.map((iface) => ({ iface, type: 'bridge', active: 1 }))];
}

function content(call: PveCall) {
  nodeIn(call);
  const name = field(call, 'storage');
  if (!may(call.login, 'Datastore.Audit'))
    throw permissionError(`/storage/${name}`, 'Datastore.Audit|Datastore.AllocateSpace');
  const storage = call.world.storages.find((one) => one.name === name);
  if (storage === undefined) throw new PveError(500, `storage '${name}' does not exist`);
  return storage.templates.map((volid) => ({ volid, content: 'vztmpl', format: 'tzst', size: 126_515_062 }));
}

/** What a guest's configuration reads like: notes end with a line, the digest and the lock stand beside the fields. */
export function configOf(call: PveCall, type: string) {
  const guest = guestIn(call, type);
  // Of containers since version 6 (seen: pve-container API2/LXC/Config.pm).
  onlyKnown(call, type === 'qemu' || (type === 'lxc' && majorVersion(call.world) >= 6) ? ['current'] : []);
  needs(call, `/vms/${guest.vmid}`, 'VM.Audit');
  const { description, ...rest } = field(call, 'current') === '1' ? currentOf(guest) : guest.config;
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, typed(type, name, value)])),
    ...(description === undefined
      ? {}
      : { description: description.endsWith('\n') ? description : `${description}\n` }),
    ...(guest.lock === '' ? {} : { lock: guest.lock }),
    ...(guest.template ? { template: 1 } : {}),
    digest: digestOf(guest),
  };
}

/** Without what waits for the next start. */
function currentOf(guest: SimGuest): Readonly<Record<string, string>> {
  if (guest.status !== 'running') return guest.config;
  const links = linksIn(guest.config);
  const rest = Object.entries(guest.config).filter(([name]) => !(name in links));
  return { ...Object.fromEntries(rest), ...inForceOf(guest) };
}

/** Whole numbers come as numbers, but for the memory of a virtual machine (seen). */
function typed(type: string, name: string, value: string): string | number {
  const numbers = ['cores', 'cpus', 'onboot', 'swap', 'disk', ...(type === 'qemu' ? [] : ['memory'])];
  return numbers.includes(name) ? Number(value) : value;
}
