import { canonicalIp } from '../../../workflows/domain/address.ts';
import { plainPtr } from '../../../workflows/domain/hostname.ts';
import { safeText } from '../../http/safe-text.ts';
import { rawText, type PanelNode } from '../../coremanager/tree.ts';
import type { ListedRow, RemoteAddress } from '../ip-manager.ts';

/**
 * Raw values of the status column. No page names them; the states are documented, their raw words inferred
 * (reference/ispsystem-protocol.md 2.3, 3 "State names"). A word that is not here counts as held: the careful reading.
 */
const states: Readonly<Record<string, RemoteAddress['state']>> = {
  pending: 'pending',
  check: 'pending',
  checking: 'pending',
  being_checked: 'pending',
  problem: 'blocked',
  used_in_network: 'blocked',
  ping: 'blocked',
  blocked: 'blocked',
  dnsbl: 'blocked',
};

/** An address as a row of `ip` or the form of `ip.edit` tells it. Columns `ip domain iptype note` are documented (2.1). */
export function remoteAddress(node: PanelNode, ip: string): RemoteAddress {
  const owner = rawText(node, 'owner') ?? rawText(node, 'user') ?? '';
  const status = (rawText(node, 'status') ?? rawText(node, 'state') ?? '').toLowerCase();
  return {
    ip,
    group: rawText(node, 'iptype') ?? '',
    ptr: plainPtr(rawText(node, 'domain') ?? ''),
    note: rawText(node, 'note') ?? '',
    state: Object.hasOwn(states, status) ? (states[status] ?? 'held') : 'held',
    ...(owner === '' ? {} : { owner }),
  };
}

/** A row of the list, or what stood there instead of one address. */
export function listedRow(row: PanelNode): ListedRow {
  const text = (rawText(row, 'ip') ?? rawText(row, 'name') ?? '').trim();
  const ip = canonicalIp(text);
  if (ip !== undefined) return remoteAddress(row, ip);
  return isNetwork(text) ? { notAnAddress: safeText(text, []) } : { malformed: safeText(text, []) };
}

/** `network/length` or `first-last`: well-formed, and more than one address. */
function isNetwork(text: string): boolean {
  const prefix = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (prefix?.[1] !== undefined && prefix[2] !== undefined) {
    const ip = canonicalIp(prefix[1]);
    return ip !== undefined && Number(prefix[2]) <= (ip.includes(':') ? 128 : 32);
  }
  const range = text.split('-').map((end) => canonicalIp(end.trim()));
  return range.length === 2 && range.every((end) => end !== undefined);
}

/** The address an answer to a create carries: `ip`, else `id`, else `elid` (inferred from sister panels: 2.2). */
export function answeredAddress(doc: PanelNode): string | undefined {
  for (const name of ['ip', 'id', 'elid']) {
    const ip = canonicalIp((rawText(doc, name) ?? '').trim());
    if (ip !== undefined) return ip;
  }
  return undefined;
}
