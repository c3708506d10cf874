import type { PanelCall } from '../../../coremanager/simulator/panel.ts';
import { element, listMetadata, type SimNode } from '../../../coremanager/simulator/node.ts';
import { listPage } from '../../../coremanager/simulator/paging.ts';
import { ipNumber } from '../ip-number.ts';
import { isAdministrator } from '../permissions.ts';
import { freePending, type SimAddress, type World } from '../world.ts';
import type { WorldContext } from './panel-functions.ts';

/** Raw words of states are inferred; the text beside them is translated, so nobody should decide on it. */
const stateWords: Readonly<Record<SimAddress['state'], string>> = {
  allocated: 'In use',
  pending: 'Being checked',
  problem: 'Used in network',
  blocked: 'Blocked by DNSBL',
};

/** `ip`: a row for each held address; free ones are no rows (inferred: 2.1). Networks given as a whole are rows too. */
export function ipList({ world }: WorldContext, call: PanelCall): readonly SimNode[] {
  freePending(world, Date.now());
  const administrator = isAdministrator(call.user);
  const rows = sorted(world, call.parameters.get('p_col') ?? '').filter(
    (row) =>
      administrator || (row.owner === call.user.name && (row.state === 'allocated' || world.knobs.pendingListed)),
  );
  const more = administrator || world.knobs.pendingListed;
  return [
    ...listPage({
      rows,
      columns: (row) => columns(world, row, more),
      parameters: call.parameters,
      rowsPerPage: world.knobs.rowsPerPage,
      fault: call.fault,
    }),
    listMetadata({
      name: 'ip',
      manager: 'ipmgr',
      key: 'ip',
      columns: [
        'ip',
        'domain',
        'iptype',
        ...(world.knobs.note === 'absent' ? [] : ['note']),
        ...(more ? ['owner', 'status'] : []),
      ],
      deleteFunction: world.knobs.releaseFunction,
    }),
  ];
}

function columns(world: World, row: SimAddress, more: boolean): readonly SimNode[] {
  return [
    element('ip', row.ip),
    element('domain', row.domain === '' ? '' : `${row.domain}.`),
    element('iptype', row.group),
    ...(world.knobs.note === 'absent' ? [] : [element('note', row.note)]),
    ...(more ? [element('owner', row.owner), element('status', stateWords[row.state], { orig: row.state })] : []),
  ];
}

interface Sorted {
  readonly revision: number;
  readonly size: number;
  readonly order: string;
  readonly rows: readonly SimAddress[];
}

const cache = new WeakMap<World, Sorted>();

/** In address order, or as `p_col` says (`+ip`, `-ip`); what is no address stands last. Kept until something changes. */
function sorted(world: World, column: string): readonly SimAddress[] {
  const order = `${world.knobs.sortedAs} ${column === '-ip' ? 'down' : 'up'}`;
  const kept = cache.get(world);
  if (kept?.revision === world.revision && kept.size === world.addresses.size && kept.order === order) return kept.rows;
  const keyOf = world.knobs.sortedAs === 'text' ? (ip: string) => ip : sortKey;
  const keyed = [...world.addresses.values()].map((row) => ({ row, key: keyOf(row.ip) }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)));
  const rows = keyed.map(({ row }) => row);
  if (column === '-ip') rows.reverse();
  cache.set(world, { revision: world.revision, size: world.addresses.size, order, rows });
  return rows;
}

/** IPv4 first, then numerically. */
function sortKey(ip: string): bigint {
  if (!/^[0-9a-fA-F.:]+$/.test(ip)) return 1n << 130n;
  return ip.includes(':') ? (1n << 128n) + ipNumber(ip) : ipNumber(ip);
}
