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
  const rows = sorted(world).filter(
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

const cache = new WeakMap<
  World,
  { readonly revision: number; readonly size: number; readonly rows: readonly SimAddress[] }
>();

/** In address order; what is no address stands last. Kept until something changes. */
function sorted(world: World): readonly SimAddress[] {
  const kept = cache.get(world);
  if (kept?.revision === world.revision && kept.size === world.addresses.size) return kept.rows;
  const keyed = [...world.addresses.values()].map((row) => ({ row, key: sortKey(row.ip) }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)));
  const rows = keyed.map(({ row }) => row);
  cache.set(world, { revision: world.revision, size: world.addresses.size, rows });
  return rows;
}

function sortKey(ip: string): bigint {
  return /^[0-9a-fA-F.:]+$/.test(ip) ? ipNumber(ip) : 1n << 129n;
}
