import type { LedgerSide, RemoteSide } from '../../workflows/domain/discrepancy.ts';
import { compareIps } from '../../workflows/domain/ip-order.ts';
import type { RemoteAddress } from '../ipmanager/ip-manager.ts';
import type { LedgerRow } from '../ledger/sync/sync-store.ts';
import { remoteSide } from './remote-side.ts';

export interface MergedRow {
  readonly ip: string;
  readonly remote: RemoteSide;
  readonly ledger: LedgerSide;
}

const unknown: LedgerSide = { kind: 'unknown' };

/**
 * Both sides in address order, every address once: the remote's rows of a range, and the ledger's, chunk by chunk. Only
 * rows that `isWanted` are made and handed on, so that what is in step costs a comparison and leaves nothing behind
 * (reference/performance.md 2.3 to 2.5).
 */
export async function* mergeSides(
  remote: readonly RemoteAddress[],
  ledger: AsyncIterable<readonly LedgerRow[]>,
  isWanted: (ip: string, remote: RemoteSide, ledger: LedgerSide) => boolean,
): AsyncGenerator<readonly MergedRow[]> {
  let at = 0;
  let kept: MergedRow[] = [];
  const show = (ip: string, there: RemoteAddress | undefined, here: LedgerSide): void => {
    const side = remoteSide(there);
    if (isWanted(ip, side, here)) kept.push({ ip, remote: side, ledger: here });
  };
  for await (const chunk of ledger) {
    for (const here of chunk) {
      let there = remote[at];
      while (there !== undefined && there.ip !== here.ip && compareIps(there.ip, here.ip) < 0) {
        show(there.ip, there, unknown);
        at += 1;
        there = remote[at];
      }
      const both = there !== undefined && there.ip === here.ip;
      if (both) at += 1;
      show(here.ip, both ? there : undefined, here.row);
    }
    if (kept.length > 0) yield kept;
    kept = [];
  }
  for (const there of remote.slice(at)) show(there.ip, there, unknown);
  if (kept.length > 0) yield kept;
}
