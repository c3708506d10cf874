import { canonicalIp } from '../../../workflows/domain/address.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import { panelList } from '../../coremanager/listing.ts';
import { rawText, type PanelNode } from '../../coremanager/tree.ts';
import type { ServiceOnServer } from '../server-module.ts';
import { fullNameOf, userNameOf } from './panel-user.ts';

/** What an ispmanager holds, read through its own lists (reference/ispsystem-protocol.md 5.5). */
export interface PanelAddress {
  readonly ip: string;
  /** `shared assigned mutual free reserved` (documented). */
  readonly role: string;
  readonly owner: string;
}

export type FoundUser = 'ours' | 'absent' | 'name-taken';

export async function findUser(client: PanelClient, service: ServiceOnServer): Promise<FoundUser> {
  const rows = await allRows(client, 'user', 'name');
  const row = rows.find((one) => rawText(one, 'name') === userNameOf(service));
  if (row === undefined) return 'absent';
  return rawText(row, 'fullname')?.trim() === fullNameOf(service) ? 'ours' : 'name-taken';
}

export async function userNames(client: PanelClient): Promise<readonly string[]> {
  return (await allRows(client, 'user', 'name')).map((row) => rawText(row, 'name') ?? '');
}

export async function panelAddresses(client: PanelClient): Promise<readonly PanelAddress[]> {
  const rows = await allRows(client, 'ipaddr', 'name');
  return rows.flatMap((row) => {
    const ip = canonicalIp((rawText(row, 'name') ?? '').trim());
    return ip === undefined ? [] : [{ ip, role: rawText(row, 'iprole') ?? '', owner: rawText(row, 'owner') ?? '' }];
  });
}

export async function presetNames(client: PanelClient): Promise<readonly string[]> {
  return (await allRows(client, 'preset', 'name')).map((row) => rawText(row, 'name') ?? '');
}

/** Complete or an error, never a part (I12). */
async function allRows(client: PanelClient, func: string, key: string): Promise<readonly PanelNode[]> {
  const pages = await panelList(client, { fields: { func }, key, pageSize: 1000 });
  return pages.flatMap((page) => page.rows);
}

export function addressesOfUser(rows: readonly PanelAddress[], user: string): readonly string[] {
  return rows.filter((row) => row.owner === user && row.role === 'assigned').map((row) => row.ip);
}
