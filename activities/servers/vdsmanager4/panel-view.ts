import { canonicalIp } from '../../../workflows/domain/address.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import type { Fields } from '../../coremanager/exchange.ts';
import { panelList } from '../../coremanager/listing.ts';
import { attribute, children, childText, rawOf, rawText, type PanelNode } from '../../coremanager/tree.ts';
import { listNotComplete } from '../../http/list-not-complete.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { safeText } from '../../http/safe-text.ts';
import { addressIn, workOf } from '../coremanager-machines/look.ts';
import type { HeldAddress, Machine } from '../coremanager-machines/machine-panel.ts';

type Settings = Readonly<Record<string, string>>;

/** `vds`: rows with `ip`, the main address, `name` and `owner` (seen: reference 5.1). */
export async function listVds(client: PanelClient, settings: Settings): Promise<readonly Machine[]> {
  const rows = await allRows(client, settings, { fields: { func: 'vds' }, key: 'ip' });
  return rows.map((row) => ({ id: text(row, 'ip'), name: text(row, 'name'), main: addressIn(row), ...workOf(row) }));
}

function listAddresses(client: PanelClient, settings: Settings, vds: Machine): Promise<readonly PanelNode[]> {
  return allRows(client, settings, { fields: { func: 'vds.ip', plid: vds.id }, key: 'ip' });
}

/** The PTR the panel shows for the main address; nothing where it shows none. `name` is the form's field for it (seen). */
export async function ptrOfMain(client: PanelClient, settings: Settings, vds: Machine): Promise<string | undefined> {
  const row = (await listAddresses(client, settings, vds)).find((one) => addressIn(one) === vds.main);
  return row === undefined ? undefined : text(row, 'name').replace(/\.$/, '');
}

/** The main address and those of `vds.ip`, whether that list repeats the main one or not (unknown). */
export async function addressesOfVds(
  client: PanelClient,
  settings: Settings,
  vds: Machine,
): Promise<readonly HeldAddress[]> {
  const rows = await listAddresses(client, settings, vds);
  const listed = rows.flatMap((row) => addressIn(row) ?? []);
  const all = new Set([...(vds.main === undefined ? [] : [vds.main]), ...listed]);
  return [...all].map((ip) => ({ ip, row: ip }));
}

const sizes = ['disk', 'mem', 'bmem', 'cpu', 'ncpu', 'proc', 'desc', 'traf', 'chrate'] as const;

/**
 * The sizes of a preset, from its form. They go along with the creation: without them the panel refuses the preset
 * (seen). Nothing when there is no such preset.
 */
export async function presetSizes(
  client: PanelClient,
  preset: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const form = await client.read({ func: 'vdspreset.edit', elid: preset });
    const read = sizes.map((name) => [name, childText(form, name)?.trim() ?? ''] as const);
    return Object.fromEntries(read.filter(([, value]) => /^[\d.]{1,20}$/.test(value)));
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'missed') return undefined;
    throw error;
  }
}

/** Disk templates that are ready: column `state` says `ok` (seen). */
export async function hasTemplate(client: PanelClient, settings: Settings, template: string): Promise<boolean> {
  const rows = await allRows(client, settings, { fields: { func: 'disktempl' }, key: 'name' });
  return rows.some((row) => text(row, 'name') === template && text(row, 'state') === 'ok');
}

/**
 * What the select list `ip` of the form wants for a named address: the address where it is offered, else the key that is
 * neither automatic nor an address. `other`, where there is none, is (inferred).
 */
export function otherKey(form: PanelNode, ip: string): string {
  const list = children(form, 'slist').find((one) => attribute(one, 'name') === 'ip');
  const keys = (list === undefined ? [] : children(list, 'val')).map((val) => attribute(val, 'key') ?? rawOf(val));
  if (keys.some((key) => canonicalIp(key) === ip)) return ip;
  return keys.find((key) => !key.startsWith('auto') && canonicalIp(key) === undefined && key !== '') ?? 'other';
}

interface Wanted {
  readonly fields: Fields;
  readonly key: string;
}

/**
 * Complete or an error (I12). A panel that does not count its rows is taken at its word only where the operator gave it:
 * an answer that is whole XML of the panel is then the whole list.
 */
async function allRows(
  client: PanelClient,
  settings: Settings,
  { fields, key }: Wanted,
): Promise<readonly PanelNode[]> {
  if (settings['lists'] !== 'whole') {
    const pages = await panelList(client, { fields, key, pageSize: 1000 });
    return pages.flatMap((page) => page.rows);
  }
  const doc = await client.read(fields);
  const rows = children(doc, 'elem');
  const told = childText(doc, 'p_elems')?.trim() ?? String(rows.length);
  if (told === String(rows.length)) return rows;
  throw listNotComplete(
    `${rows.length} of ${safeText(told, [], 20)} rows came`,
    'Set lists=counted: this panel counts its rows.',
  );
}

function text(row: PanelNode, name: string): string {
  return safeText(rawText(row, name)?.trim() ?? '', [], 260);
}
