import { canonicalIp } from '../../../workflows/domain/address.ts';
import type { Failure } from '../../../workflows/domain/failure.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import { childText } from '../../coremanager/tree.ts';
import { gaveAnother } from '../coremanager-machines/failures.ts';
import type { ServerOutcome } from '../server-module.ts';
import { done, mutationOutcome, refused } from '../outcome.ts';
import { addressesOfUser, panelAddresses, type PanelAddress } from './panel-view.ts';
import { notGiven, stillListed } from './refusals.ts';

export interface Giving {
  readonly client: PanelClient;
  readonly user: string;
  readonly ip: string;
  readonly rows: readonly PanelAddress[];
}

/** Why the panel's own list speaks against giving an address to a user. */
export function inUse(giving: Pick<Giving, 'user' | 'ip' | 'rows'>): Failure | undefined {
  const row = giving.rows.find((one) => one.ip === giving.ip);
  const free =
    row === undefined || row.owner === giving.user || (row.owner === '' && ['free', 'assigned', ''].includes(row.role));
  if (free) return undefined;
  return {
    code: 'address-used-on-server',
    message: `${giving.ip} is ${row.role || 'in use'} on the server already${row.owner === '' ? '' : `, for its user ${row.owner}`}`,
    next: 'Take it off there, or let the address be marked as in conflict and order again.',
    field: 'address',
    value: giving.ip,
  };
}

/** Gives a known address to a user: role *assigned* with an owner (documented: 4.7, 5.5). The list has the last word. */
export async function giveAddress(giving: Giving, sent: () => void): Promise<ServerOutcome> {
  const { client, user, ip, rows } = giving;
  const row = rows.find((one) => one.ip === ip);
  if (row?.owner === user && row.role === 'assigned') return done;
  const answer = await client.mutate({
    func: 'ipaddr.edit',
    sok: 'ok',
    ...(row === undefined ? {} : { elid: ip }), // an address the panel does not know yet has no row to change
    name: ip,
    iprole: 'assigned',
    owner: user,
  });
  if (answer.kind !== 'ok') return mutationOutcome(answer);
  sent();
  const now = await panelAddresses(client);
  if (addressesOfUser(now, user).includes(ip)) return done;
  const told = canonicalIp(childText(answer.doc, 'id')?.trim() ?? '');
  const other = told !== ip && !uses(rows, user, told) && uses(now, user, told) ? told : undefined;
  if (other === undefined) return { kind: 'unknown', failure: notGiven(ip) };
  // What this very request made is ours to take back: left there, every try would take one more.
  const taken = await takeAddress({ client, user, ip: other, rows: now }, sent);
  return taken.kind === 'done' ? refused(gaveAnother(ip, other)) : taken;
}

/**
 * Takes an address off: free it, then remove it (seen); BILLmanager's own list names the second only (documented). Whatever
 * became of an answer between the two, a freed row that nobody owns still goes: the panel would give it to its next user.
 */
export async function takeAddress(giving: Giving, sent: () => void): Promise<ServerOutcome> {
  const { client, user, ip, rows } = giving;
  const row = rows.find((one) => one.ip === ip);
  const freedBefore = row?.owner === '' && row.role === 'free';
  if (!uses(rows, user, ip) && !freedBefore) return done;
  if (!freedBefore) {
    const freed = await client.mutate({ func: 'ipaddr.free', elid: ip, sok: 'ok' });
    // A panel without the first function says that it does not know it: the second does both.
    if (freed.kind !== 'ok' && freed.kind !== 'refused') return mutationOutcome(freed);
    sent();
  }
  const removed = await client.mutate({ func: 'ipaddr.delete', elid: ip, sok: 'ok' });
  if (removed.kind !== 'ok' && removed.kind !== 'refused') return mutationOutcome(removed);
  // The list decides, also over a refusal: an address on an interface stays a row, but no longer ours (documented).
  if (!uses(await panelAddresses(client), user, ip)) return done;
  return removed.kind === 'ok' ? { kind: 'unknown', failure: stillListed(ip) } : mutationOutcome(removed);
}

function uses(rows: readonly PanelAddress[], user: string, ip: string | undefined): boolean {
  return rows.some((row) => row.ip === ip && row.owner === user);
}
