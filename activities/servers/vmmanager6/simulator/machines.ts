import { Address4, Address6 } from 'ip-address';
import { canonicalIp } from '../../../../workflows/domain/address.ts';
import { notFound, SimError } from './sim-error.ts';
import { beginTask } from './tasks.ts';
import { addHost, giveIp, type Account, type VmHost, type VmTask, type VmWorld } from './world.ts';

type Body = Readonly<Record<string, unknown>>;

const known = new Set(
  'name comment domain password os image cluster node account preset ram_mib cpu_number hdd_mib ipv4_number ipv4_pool ipv6_enabled ipv6_prefix custom_interfaces net_bandwidth_mbitps recipe_list'.split(
    ' ',
  ),
);

/** `POST /vm/v3/host`: checks what the panel can check at once, takes the addresses, and goes on in a task. */
export function createHost(world: VmWorld, account: Account, body: Body): unknown {
  const fields = checkedFields(world, account, body);
  const ips = interfaceAddresses(body['custom_interfaces']);
  for (const ip of ips) mustBeFree(world, ip);
  if (world.knobs.diskFull) throw new SimError([400, 5992], 'Not enough free disk space on the nodes of the cluster');
  const host = addHost(world, { ...fields, state: 'creating' });
  for (const ip of ips) giveIp(world, ip, host.id);
  return taken(host.id, beginTask(world, { name: 'host_create', host: host.id }));
}

function checkedFields(world: VmWorld, account: Account, body: Body): Omit<VmHost, 'id' | 'state'> {
  const stray = Object.keys(body).find((name) => !known.has(name));
  if (stray !== undefined) throw new SimError([400, 4000], `Unexpected property: ${stray}`); // the words are seen
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
  const number = (name: string, usual = Number.NaN): number => (typeof body[name] === 'number' ? body[name] : usual);
  const [name, comment, domain] = [text('name'), text('comment'), text('domain')];
  if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) throw new SimError([400, 4003], 'Invalid name', name);
  if (text('password').length < 8) throw new SimError([400, 4003], 'Password is too weak');
  const cluster = mustHave(world.clusters, number('cluster'), 'Cluster');
  const os = mustHave(world.systems, number('os'), 'OS template');
  const node = mustHave(world.nodes, number('node', world.nodes[0]), 'Node');
  const owners = world.accounts.map(({ id }) => id);
  const owner = mustHave(owners, number('account', account.id), 'Account');
  if (body['preset'] !== undefined) mustHave(world.presets, number('preset'), 'Preset');
  else if (['ram_mib', 'cpu_number', 'hdd_mib'].some((one) => !(number(one) > 0))) {
    throw new SimError([400, 4003], 'Missing resources: ram_mib, cpu_number, hdd_mib or preset');
  }
  return { name, comment, domain, account: owner, cluster, node, os };
}

function taken(id: number, task: VmTask): unknown {
  return { id, task: task.consulId };
}

function mustHave(ids: readonly number[], id: number, what: string): number {
  if (!ids.includes(id)) throw new SimError([400, 4004], `${what} with id ${id} does not exist`);
  return id;
}

function interfaceAddresses(interfaces: unknown): readonly string[] {
  if (interfaces === undefined) return [];
  if (!Array.isArray(interfaces)) throw new SimError([400, 4003], 'Invalid custom_interfaces');
  return interfaces.map((one: unknown) => nameIn(one, 'ip_name'));
}

function nameIn(value: unknown, field: string): string {
  const name = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  const ip = typeof name === 'string' ? canonicalIp(name) : undefined;
  if (ip === undefined) throw new SimError([400, 4003], `Invalid ${field}`, name);
  return ip;
}

/** An address is given once: the panel's own guard against two machines with one address. */
function mustBeFree(world: VmWorld, ip: string): void {
  const six = ip.includes(':');
  const inside = world.networks.some((network) =>
    network.includes(':')
      ? six && new Address6(ip).isInSubnet(new Address6(network))
      : !six && new Address4(ip).isInSubnet(new Address4(network)),
  );
  if (!inside) throw new SimError([400, 4004], `IP address ${ip} is in no network of the platform`);
  if (world.ips.has(ip)) throw new SimError([400, 4009], `IP address ${ip} is already in use`);
}

/** `POST /vm/v3/host/ID/ip {"ip_addr":{"name":…}}`. */
export function addIp(world: VmWorld, host: VmHost, body: Body): unknown {
  const ip = nameIn(body['ip_addr'], 'name');
  mustBeFree(world, ip);
  giveIp(world, ip, host.id).pending = world.knobs.listsAtEnd;
  return taken(host.id, beginTask(world, { name: 'ip_allocate', host: host.id, ip }));
}

/** `DELETE /vm/v3/ip/ID`. */
export function removeIp(world: VmWorld, id: number): unknown {
  const record = [...world.ips.values()].find((one) => one.id === id);
  if (record === undefined || record.host === null) throw notFound(`IP address with id ${id}`);
  if (world.knobs.removesAtOnce) {
    world.ips.delete(record.ip);
    world.revision += 1;
    return { id };
  }
  return taken(id, beginTask(world, { name: 'ip_release', host: record.host, ip: record.ip }));
}

/** `DELETE /vm/v3/host/ID`. */
export function removeHost(world: VmWorld, host: VmHost): unknown {
  host.state = 'deleting';
  return taken(host.id, beginTask(world, { name: 'host_delete', host: host.id }));
}
