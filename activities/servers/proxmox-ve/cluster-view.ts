import { PanelReadError } from '../../http/panel-read-error.ts';
import type { GuestKind, GuestType } from './guest-kind.ts';
import { lxc } from './lxc.ts';
import { openvz } from './openvz.ts';
import type { Panel } from './panel.ts';
import { qemu } from './qemu.ts';
import { arrayOrRecord, numberIn, textIn, type Fields } from './values.ts';

export const guestKinds: Readonly<Record<GuestType, GuestKind>> = { lxc, qemu, openvz };

/** One line of the cluster's list. `name` is missing for the first seconds of a guest's life (seen: API2Tools.pm). */
export interface ListedGuest {
  readonly vmid: number;
  readonly node: string;
  readonly kind: GuestKind;
  readonly name: string | undefined;
  readonly template: boolean;
}

export interface ClusterList {
  readonly guests: readonly ListedGuest[];
  readonly nodes: readonly ListedNode[];
  /** Storages the login may see, as `NODE/STORAGE`. */
  readonly storages: ReadonlySet<string>;
}

export interface ListedNode {
  readonly name: string;
  readonly online: boolean;
  /** Bytes of memory not in use; nothing where the login may not see it. */
  readonly free: number | undefined;
}

/**
 * The whole cluster in one answer. A list without any node is not whole, whoever asks: nodes are shown to every login
 * (seen: pve-manager API2/Cluster.pm). Guests are shown only with VM.Audit, so a guest that is missing here is not gone
 * yet: {@link isFree} asks for its VMID.
 */
export async function clusterList(panel: Panel): Promise<ClusterList> {
  const rows = rowsOf(await panel.read('/cluster/resources'));
  const nodes = rows.filter((row) => row['type'] === 'node').flatMap(nodeFrom);
  if (nodes.length === 0) throw notWhole('the cluster says it has no nodes');
  const storages = rows
    .filter((row) => row['type'] === 'storage')
    .map((row) => `${textIn(row, 'node') ?? ''}/${textIn(row, 'storage') ?? ''}`);
  return { nodes, guests: rows.flatMap(guestFrom), storages: new Set(storages) };
}

function guestFrom(row: Fields): readonly ListedGuest[] {
  const type = textIn(row, 'type') ?? '';
  const vmid = numberIn(row, 'vmid');
  const node = textIn(row, 'node');
  if (!Object.hasOwn(guestKinds, type) || vmid === undefined || node === undefined) return [];
  const kind = guestKinds[type as GuestType];
  return [{ vmid, node, kind, name: textIn(row, 'name'), template: numberIn(row, 'template') === 1 }];
}

/** Old versions tell no status here; their offline nodes have no uptime. */
function nodeFrom(row: Fields): readonly ListedNode[] {
  const name = textIn(row, 'node');
  if (name === undefined) return [];
  const [used, all] = [numberIn(row, 'mem'), numberIn(row, 'maxmem')];
  const status = textIn(row, 'status');
  return [
    {
      name,
      online: status === undefined ? numberIn(row, 'uptime') !== 0 : status === 'online',
      free: used === undefined || all === undefined ? undefined : all - used,
    },
  ];
}

/** Where configurations are read and changed. */
export function guestPath({ node, kind, vmid }: Pick<ListedGuest, 'node' | 'kind' | 'vmid'>): string {
  return `/nodes/${node}/${kind.type}/${vmid}`;
}

/** Whether no guest has this VMID, visible to us or not. */
export async function isFree(panel: Panel, vmid: number): Promise<boolean> {
  try {
    await panel.read(`/cluster/nextid?vmid=${vmid}`);
    return true;
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'exists') return false;
    throw error;
  }
}

export interface RunningTask {
  readonly upid: string;
  readonly type: string;
  /** The VMID it works on; of a clone, that of its template (seen: qemu-server API2/Qemu.pm). */
  readonly id: string;
}

/**
 * The tasks that run on a node now. Versions before 6 know no `source` and refuse it by name: there the cluster's list
 * has them.
 */
export async function runningTasks(panel: Panel, node: string): Promise<readonly RunningTask[]> {
  const rows = rowsOf(await activeTasks(panel, node));
  return rows.flatMap((row) => {
    const [upid, type] = [textIn(row, 'upid'), textIn(row, 'type')];
    const ended = row['endtime'] !== undefined && row['endtime'] !== null;
    if (upid === undefined || type === undefined || ended || nodeOfUpid(upid) !== node) return [];
    return [{ upid, type, id: textIn(row, 'id') ?? '' }];
  });
}

async function activeTasks(panel: Panel, node: string): Promise<unknown> {
  try {
    return await panel.read(`/nodes/${node}/tasks?source=active&limit=1000`);
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'invalid') return panel.read('/cluster/tasks');
    throw error;
  }
}

/** `UPID:NODE:PID:…` (seen: pve-common UPID.pm). */
export function nodeOfUpid(upid: string): string | undefined {
  return /^UPID:([A-Za-z0-9][A-Za-z0-9-]*):[0-9A-Fa-f]{8}:/.exec(upid)?.[1];
}

export function rowsOf(data: unknown): readonly Fields[] {
  if (!Array.isArray(data)) throw notWhole('no list came where one was asked for');
  return data.map((row) => arrayOrRecord(row) ?? {});
}

export function notWhole(why: string): PanelReadError {
  const failure = {
    code: 'panel-list-incomplete',
    message: `The panel's list is not whole: ${why}`,
    next: 'It is asked again; if it stays, check the rights of the login (VM.Audit on /vms) and the cluster.',
  };
  return new PanelReadError(failure, { retryable: true });
}
