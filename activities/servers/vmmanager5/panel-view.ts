import { canonicalIp } from '../../../workflows/domain/address.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import type { Fields } from '../../coremanager/exchange.ts';
import { panelList } from '../../coremanager/listing.ts';
import { childText, rawText, type PanelNode } from '../../coremanager/tree.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { safeText } from '../../http/safe-text.ts';
import { addressIn, workOf } from '../coremanager-machines/look.ts';
import type { HeldAddress, Machine } from '../coremanager-machines/machine-panel.ts';

/** What a VMmanager 5 holds, read through its own lists, each proven complete (reference 1.5, 5.2). */

export async function listVms(client: PanelClient, actAs?: string): Promise<readonly Machine[]> {
  const rows = await allRows(client, { func: 'vm', ...(actAs === undefined ? {} : { su: actAs }) });
  return rows.map((row) => ({
    id: text(row, 'id'),
    name: text(row, 'name'),
    main: canonicalIp(text(row, 'ip')),
    ...workOf(row),
  }));
}

export async function addressesOfVm(client: PanelClient, vm: string): Promise<readonly HeldAddress[]> {
  const rows = await allRows(client, { func: 'iplist', elid: vm });
  return rows.flatMap((row) => {
    const ip = addressIn(row);
    return ip === undefined ? [] : [{ ip, row: text(row, 'id') }];
  });
}

export interface NamedRow {
  readonly id: string;
  readonly name: string;
}

/** `preset`, `user`, `osmgr` (templates), `vmhostnode` (nodes): rows with `id` and `name` (seen). */
export async function namedRows(client: PanelClient, func: string): Promise<readonly NamedRow[]> {
  return (await allRows(client, { func })).map((row) => ({ id: text(row, 'id'), name: text(row, 'name') }));
}

/**
 * Installed templates: a row is known by its repository and name, like `ISPsystem__Debian-11-x86_64` (seen), and clients
 * send that as `vmi` (seen); some lists tell the bare name only.
 */
async function templatesLike(client: PanelClient, vmi: string): Promise<readonly NamedRow[]> {
  const rows = (await allRows(client, { func: 'osmgr' })).filter((row) => text(row, 'installed') !== 'off');
  const bare = bareName(vmi);
  const read = rows.map((row) => ({ id: text(row, 'id'), name: text(row, 'name') }));
  return read.filter(({ id, name }) => bare === bareName(name) || bare === bareName(id));
}

function bareName(template: string): string {
  return template.replace(/^[^_]+__/, '');
}

export async function hasTemplate(client: PanelClient, vmi: string): Promise<boolean> {
  return (await templatesLike(client, vmi)).length > 0;
}

/** Why the creation of a VM with this template may be refused; nothing when all that is known speaks for it. */
export async function templateDoubt(client: PanelClient, vmi: string): Promise<string | undefined> {
  const like = await templatesLike(client, vmi);
  if (like.length === 0) return `The server has no installed template "${vmi}"`;
  const full = like.flatMap(({ id, name }) => [id, name].find((one) => one.includes('__')) ?? []);
  if (full.length === 0) {
    if (vmi.includes('__')) return undefined;
    return `The template "${vmi}" is set without its repository: clients send it in front, like ISPsystem__${vmi} for the vendor's own, and without it the set-up may be refused`;
  }
  if (full.includes(vmi)) return undefined;
  return `The server lists the template "${vmi}" as ${full.join(' or ')}: under another name the set-up is likely to be refused`;
}

const sizes = ['mem', 'vcpu', 'cputune', 'vsize'] as const;

/** A preset's own form; its sizes go along with the creation, as clients send them (seen; `vsize` of the form inferred). */
export async function presetSizes(client: PanelClient, preset: string): Promise<Readonly<Record<string, string>>> {
  const form = await client.read({ func: 'preset.edit', elid: preset });
  const read = sizes.map((name) => [name, childText(form, name)?.trim() ?? ''] as const);
  return Object.fromEntries(read.filter(([, value]) => /^\d{1,12}$/.test(value)));
}

/** A user's lists hold the user's own things only: to somebody else they are never the whole (I12). */
export async function administrator(client: PanelClient): Promise<void> {
  const { level } = await client.session();
  if (level === null || level >= 29) return;
  throw new PanelReadError(
    {
      code: 'access-denied',
      message: `The login is no administrator of the panel (level ${level}): it does not see all machines`,
      next: "Use an administrator's login.",
    },
    { retryable: false, notLoggedIn: true },
  );
}

async function allRows(client: PanelClient, fields: Fields): Promise<readonly PanelNode[]> {
  const pages = await panelList(client, { fields, key: 'id', pageSize: 1000 });
  return pages.flatMap((page) => page.rows);
}

function text(row: PanelNode, name: string): string {
  return safeText(rawText(row, name) ?? '', [], 120);
}
