import type { Failure } from '../workflows/domain/failure.ts';
import { ownership, tagOf, withoutTag, withTag, type Mark } from '../workflows/domain/tag.ts';
import type { Deps } from './deps.ts';
import type { IpManager, RemoteAddress } from './ipmanager/ip-manager.ts';
import type { AddressRecord, ConflictRecord } from './ledger/records.ts';
import { permittedRead } from './permitted-read.ts';
import { unwritten } from './ptr.ts';

export type CopyAnswer =
  | { readonly kind: 'gone' | 'left' }
  | { readonly kind: 'refused' | 'unknown'; readonly failure: Failure };

/**
 * What another integration's panel gave out although the address is on a service here: it goes back there, under the
 * address's lock, once it is seen that it carries the order's tag (I3), and that the holder has the address at a panel of its
 * own (I4). Where both integrations lead to one and the same row, the holder's PTR and tag come back on it instead.
 */
export async function giveCopyBack(deps: Deps, { ip, integration, order }: ConflictRecord): Promise<CopyAnswer> {
  const mark = (await deps.ledger.orders.find(order))?.mark;
  const panel = await deps.panels.of(integration);
  const copy = await panel.read(ip);
  if (mark === undefined || copy === undefined || !carries(copy, mark)) return { kind: 'left' };
  const row = await deps.ledger.addresses.find(ip);
  const holder = row?.state === 'quarantined' || row?.state === 'released' ? undefined : row;
  if (holder !== undefined) {
    const whose = await sideOf(deps, holder, { integration, mark });
    if (whose === 'same-row') return bringBack(panel, copy, holder);
    if (whose === 'not-proven') return { kind: 'refused', failure: notProven(holder) };
  }
  const outcome = await panel.release(ip);
  if (outcome.kind !== 'done' && outcome.kind !== 'absent') return unwritten(outcome, ip);
  const after = await panel.read(ip);
  return after !== undefined && carries(after, mark)
    ? { kind: 'unknown', failure: stillThere(ip, integration) }
    : { kind: 'gone' };
}

function carries(row: RemoteAddress, mark: Mark): boolean {
  const whose = ownership(row, mark);
  return row.state === 'held' && (whose === 'ours' || whose === 'cut');
}

/** Whether the holder's own panel holds the address for it, or is the very panel that offered it. */
async function sideOf(
  deps: Deps,
  holder: AddressRecord,
  copy: { readonly integration: string; readonly mark: Mark },
): Promise<'own' | 'same-row' | 'not-proven'> {
  if (holder.integration === copy.integration) return 'same-row';
  const { integrations } = deps.ledger.settings;
  const [one, other] = await Promise.all([integrations.find(holder.integration), integrations.find(copy.integration)]);
  if (one?.url === other?.url) return 'same-row';
  const seen = await permittedRead(await deps.panels.of(holder.integration), holder.ip);
  if (seen === undefined) return 'not-proven';
  if (carries(seen, copy.mark)) return 'same-row';
  const untagged = (holder.untagged || holder.mark === null) && tagOf(seen.note) === undefined;
  const own = seen.state === 'held' && (untagged || (holder.mark !== null && carries(seen, holder.mark)));
  return own ? 'own' : 'not-proven';
}

async function bringBack(panel: IpManager, { ip, note }: RemoteAddress, holder: AddressRecord): Promise<CopyAnswer> {
  const back = holder.mark === null ? withoutTag(note) : withTag(note, holder.mark.tag);
  const outcome = await panel.write({ ip, ptr: holder.ptr ?? '', note: back });
  return outcome.kind === 'done' ? { kind: 'left' } : unwritten(outcome, ip);
}

function notProven({ ip, service, integration }: AddressRecord): Failure {
  return {
    code: 'holder-not-proven',
    message: `${integration} does not show ${ip} as held for ${service ?? 'its service'}, so its other copy is not given back`,
    field: 'address',
    value: ip,
    next: `iptally sync run ${integration} first, which holds it there again; then resolve it once more`,
  };
}

function stillThere(ip: string, integration: string): Failure {
  return {
    code: 'unknown-outcome',
    message: `IPmanager answered done, but ${ip} is still held at ${integration} with our tag`,
    value: ip,
    next: 'nothing: it is read again once the fence is over',
  };
}
