import type { Failure } from '../../../workflows/domain/failure.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { isFree, rowsOf, type ClusterList, type ListedNode } from './cluster-view.ts';
import type { GuestType } from './guest-kind.ts';
import type { Panel } from './panel.ts';
import type { Settings } from './settings.ts';
import { arrayOrRecord, textIn } from './values.ts';

/** Where a new guest goes, and where its template is. */
export interface Placement {
  readonly node: string;
  readonly templateNode: string;
}

/** What the settings come to on this server; a version before 4 has OpenVZ where later ones have LXC (documented: 5.4). */
export async function guestTypeFor(panel: Panel, settings: Settings): Promise<GuestType> {
  if (settings.type === 'qemu') return 'qemu';
  return majorOf(await versionOf(panel)) < 4 ? 'openvz' : 'lxc';
}

export async function versionOf(panel: Panel): Promise<string> {
  return textIn(arrayOrRecord(await panel.read('/version')) ?? {}, 'version') ?? '';
}

/** A text that is no version counts as today's. */
export function majorOf(version: string): number {
  const major = Number.parseInt(version, 10);
  return Number.isNaN(major) ? 9 : major;
}

export async function placeGuest(
  panel: Panel,
  { type, settings, list }: { readonly type: GuestType; readonly settings: Settings; readonly list: ClusterList },
): Promise<Placement | Failure> {
  const node = nodeFor(settings, list.nodes);
  if (typeof node !== 'string') return node;
  if (type !== 'qemu') {
    const there = await hasTemplate(panel, node, settings.template);
    return there === false ? noTemplate(settings.template, node) : { node, templateNode: node };
  }
  const template = list.guests.find(({ vmid, kind }) => String(vmid) === settings.template && kind.type === 'qemu');
  if (template === undefined && !(await isFree(panel, Number(settings.template))))
    return hiddenTemplate(settings.template);
  if (template?.template !== true) return noTemplate(settings.template, 'the cluster');
  // A clone stays beside its template unless the settings say where: elsewhere it needs shared storage (documented).
  return { node: settings.node ?? template.node, templateNode: template.node };
}

/** The node of the settings, or the one that is online and has most memory free. */
function nodeFor({ node }: Settings, nodes: readonly ListedNode[]): string | Failure {
  if (node !== undefined) return nodes.some(({ name, online }) => online && name === node) ? node : noNode(node, nodes);
  const [best] = nodes
    .filter(({ online }) => online)
    .toSorted((one, other) => (other.free ?? 0) - (one.free ?? 0) || one.name.localeCompare(other.name));
  return best?.name ?? noNode('', nodes);
}

/** Whether the template is on the node; nothing when the login may not look. Its creation would fail in the task only. */
async function hasTemplate(panel: Panel, node: string, volume: string): Promise<boolean | undefined> {
  const storage = volume.split(':')[0] ?? '';
  try {
    const path = `/nodes/${node}/storage/${encodeURIComponent(storage)}/content?content=vztmpl`;
    return rowsOf(await panel.read(path)).some((row) => textIn(row, 'volid') === volume);
  } catch (error) {
    if (!(error instanceof PanelReadError) || error.said === undefined || error.notLoggedIn) throw error;
    return error.said === 'denied' ? undefined : false;
  }
}

function hiddenTemplate(template: string): Failure {
  return {
    code: 'access-denied',
    message: `The login may not see the template ${template}`,
    next: 'Give it VM.Audit and VM.Clone on the template.',
    field: 'template',
    value: template,
  };
}

function noTemplate(template: string, where: string): Failure {
  return {
    code: 'template-not-on-server',
    message: `There is no template ${template} on ${where}`,
    next: 'Upload or convert it there, or give another with --set template=….',
    field: 'template',
    value: template,
  };
}

function noNode(node: string, nodes: readonly ListedNode[]): Failure {
  const names = nodes.map(({ name, online }) => (online ? name : `${name} (offline)`)).join(', ');
  return {
    code: 'node-not-on-server',
    message:
      node === '' ? `No node of the cluster is online: ${names}` : `The cluster has no node ${node} that is online`,
    next: 'Give one of the nodes with --set node=…, or none for the one with most memory free.',
    field: 'node',
    value: node,
    accepted: names,
  };
}
