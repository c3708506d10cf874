import { safeText } from '../../http/safe-text.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import type { ServerReport } from '../server-module.ts';
import { clusterList, rowsOf, type ClusterList } from './cluster-view.ts';
import type { GuestType } from './guest-kind.ts';
import type { PanelDesk, Panel } from './panel.ts';
import { guestTypeFor, majorOf, placeGuest, versionOf } from './place-guest.ts';
import type { Settings } from './settings.ts';
import { arrayOrRecord, textIn, type Fields } from './values.ts';

/** Version, rights, and what is missing for setting services up here. */
export async function report(desk: PanelDesk, settings: Settings): Promise<ServerReport> {
  const panel = desk.begin();
  const version = await versionOf(panel);
  const type = await guestTypeFor(panel, settings);
  const list = await clusterList(panel);
  const rights = await rightsOf(desk, panel);
  const placed = await placeGuest(panel, { type, settings, list });
  const lacking = rights === undefined ? [] : lackingRights(rights, { type, version, settings });
  const missing = [
    ...lacking.map(([right, where]) => `The login lacks the right ${right} on ${where}`),
    ...('code' in placed ? [placed.message] : await missingOn(panel, { node: placed.node, version, list, settings })),
  ];
  return {
    product: 'Proxmox VE',
    version: version === '' ? null : safeText(version, [], 40),
    rights: rights === undefined ? 'not told by this version' : describe(lacking.length),
    missing,
  };
}

function describe(lacking: number): string {
  return lacking === 0 ? 'may set up, change and remove guests' : `lacks ${lacking} of the rights it needs`;
}

/** Rights by path. */
type Rights = (path: string, right: string) => boolean;

/** Since 6.1 the panel tells them; before, the answer to a login with a password said what it may (seen: `cap`). */
async function rightsOf(desk: PanelDesk, panel: Panel): Promise<Rights | undefined> {
  try {
    const map = arrayOrRecord(await panel.read('/access/permissions')) ?? {};
    return (path, right) => has(map, path, right);
  } catch (error) {
    if (!(error instanceof PanelReadError) || error.said !== 'missing') throw error;
    const capabilities = desk.authority.rights();
    if (capabilities === undefined) return undefined;
    const kindOf = (path: string) => (path.startsWith('/pool/') ? 'vms' : (path.split('/')[1] ?? ''));
    return (path, right) => arrayOrRecord(capabilities[kindOf(path)])?.[right] === 1;
  }
}

/** The nearest path that the panel tells of; a right holds below it when its value is 1 (documented: it propagates). */
function has(map: Fields, path: string, right: string): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  for (let length = parts.length; length >= 0; length -= 1) {
    const rights = arrayOrRecord(map[`/${parts.slice(0, length).join('/')}`]);
    if (rights !== undefined)
      return rights[right] === 1 || (length > 1 && length === parts.length && rights[right] === 0);
  }
  return false;
}

const guestRights = ['VM.Audit', 'VM.Allocate', 'VM.PowerMgmt', 'VM.Config.Network', 'VM.Config.Options'];

interface Asked {
  readonly type: GuestType;
  readonly version: string;
  readonly settings: Settings;
}

/** The rights the calls of this module check (seen: API2/LXC.pm, API2/Qemu.pm), those on templates by their kind. */
function lackingRights(rights: Rights, { type, version, settings }: Asked): readonly (readonly [string, string])[] {
  const vms = settings.pool === undefined ? '/vms' : `/pool/${settings.pool}`;
  const storage = settings.storage ?? (type === 'qemu' ? undefined : 'local');
  const where: readonly (readonly [right: string, path: string | undefined])[] = [
    ...guestRights.map((right) => [right, vms] as const),
    ['VM.Config.Memory', settings.memory && vms],
    ['VM.Config.CPU', settings.cores && vms],
    ['VM.Config.Disk', settings.disk && vms],
    ['Datastore.AllocateSpace', storage && `/storage/${storage}`],
    type === 'qemu'
      ? ['VM.Clone', `/vms/${settings.template}`]
      : ['Datastore.Audit', `/storage/${settings.template.split(':')[0] ?? ''}`],
    // Bridges are guarded since version 8.
    ['SDN.Use', majorOf(version) < 8 ? undefined : `/sdn/zones/localnetwork/${settings.links.bridge}`],
  ];
  const needed = where.flatMap(([right, path]) => (path === undefined ? [] : [[right, path] as const]));
  return needed.filter(([right, path]) => !rights(path, right));
}

interface Looking {
  readonly node: string;
  readonly version: string;
  readonly list: ClusterList;
  readonly settings: Settings;
}

async function missingOn(panel: Panel, { node, version, list, settings }: Looking): Promise<readonly string[]> {
  const { storage, links } = settings;
  const hasStorage = storage === undefined || list.storages.has(`${node}/${storage}`);
  const bridges = await bridgesOf(panel, node, version);
  return [
    ...(hasStorage ? [] : [`Node ${node} has no storage ${storage}, or the login may not see it`]),
    ...(bridges === undefined || bridges.includes(links.bridge)
      ? []
      : [`Node ${node} has no bridge ${links.bridge}, or the login may not use it`]),
  ];
}

/** Nothing when the login may not see them. Networks of SDN are bridges too, where they are asked for by that name. */
async function bridgesOf(panel: Panel, node: string, version: string): Promise<readonly string[] | undefined> {
  try {
    const rows = rowsOf(await panel.read(`/nodes/${node}/network${majorOf(version) >= 7 ? '?type=any_bridge' : ''}`));
    const bridges = rows.filter((row) => /bridge|vnet/i.test(textIn(row, 'type') ?? ''));
    return bridges.map((row) => textIn(row, 'iface') ?? '');
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'denied') return undefined;
    throw error;
  }
}
