import { familyOf } from '../../../../workflows/domain/address.ts';
import type { Account, IpRecord, VmHost, VmTask, VmWorld } from './world.ts';

type Row = Readonly<Record<string, unknown>>;

/** Rows as the lists show them, with the fields that were seen in clients (reference 5.3 and its sources). */
export function hostRow(world: VmWorld, host: VmHost): Row {
  const { id, name, comment, state, domain } = host;
  const ips = [...world.ips.values()].filter((row) => row.host === id && !row.pending);
  const of = (family: string) =>
    ips.filter(({ ip }) => familyOf(ip) === family).map(({ ip }) => ({ ip, interface: 'eth0' }));
  const account = world.accounts.find((one) => one.id === host.account);
  return {
    id,
    name,
    comment,
    state,
    domain,
    account: { id: host.account, email: account?.email ?? '' },
    cluster: { id: host.cluster, name: `cluster${host.cluster}` },
    node: { id: host.node, name: `node${host.node}` },
    os: { id: host.os },
    ip4: of('ipv4'),
    ip6: of('ipv6'),
    net_is_synced: true,
  };
}

export function ipRow(world: VmWorld, record: IpRecord): Row {
  const six = familyOf(record.ip) === 'ipv6';
  const host = record.host === null ? undefined : world.hosts.get(record.host);
  return {
    id: record.id,
    ip_addr: record.ip,
    domain: host?.domain ?? '',
    gateway: six ? '2001:db8:100::1' : '198.51.100.1',
    mask: six ? '64' : '255.255.255.0',
    state: record.state,
    family: six ? 6 : 4,
    ippool: 1,
    network: 1,
    host: host === undefined ? null : { id: host.id, name: host.name, interface: 1 },
  };
}

export function taskRow(task: VmTask): Row {
  return {
    id: task.id,
    consul_id: task.consulId,
    name: task.name,
    status: task.status,
    output: task.status === 'fail' ? task.fails : '',
    defer_reason: null,
  };
}

export function historyRow(task: VmTask): Row {
  return {
    id: task.id,
    name: task.name,
    state: task.status,
    task: task.consulId,
    date_create: '2026-01-01 00:00:00',
    params: task.ip === null ? {} : { ip: [task.ip] },
    user: '',
  };
}

export function accountRow({ id, email, role }: Account): Row {
  return { id, email, state: 'active', roles: [role] };
}

export function plainRow(kind: string): (id: number) => Row {
  return (id) => ({ id, name: `${kind} ${id}`, state: 'active' });
}
