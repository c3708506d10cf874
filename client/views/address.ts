import type { AddressRecord } from '../../activities/ledger/records.ts';
import { addressView as rowView } from '../../worker/views.ts';
import type { AddressView } from '../../workflows/contract.ts';

/** An address as every surface shows it. A quarantine that is over reads as `released` (design.md 3, "Release"). */
export function addressView(row: AddressRecord, now: number = Date.now()): AddressView {
  const over = row.state === 'quarantined' && row.quarantineUntil !== null && Date.parse(row.quarantineUntil) <= now;
  const view = rowView(row);
  return over ? { ...view, state: 'released' } : view;
}

/** The same with what only a look at one address needs. */
export function addressDetail(row: AddressRecord, now?: number) {
  return {
    ...addressView(row, now),
    family: row.family,
    ptrWanted: row.ptr,
    ptrSeen: row.ptrSeen,
    untagged: row.untagged,
    protected: row.protected,
    formerService: row.formerService,
    quarantineUntil: row.quarantineUntil,
  };
}
