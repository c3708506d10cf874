import type { AddressView } from '../workflows/contract.ts';
import type { AddressRecord } from './ledger/records.ts';

/** An address row as every surface shows it (design.md 7). `ptr` is what was last read back, else what is wanted. */
export function addressView(row: AddressRecord): AddressView {
  return {
    ip: row.ip,
    state: row.state,
    service: row.service,
    customer: row.customer,
    integration: row.integration,
    group: row.group,
    ptr: shownPtr(row),
    order: row.order,
    tag: row.untagged ? null : (row.mark?.tag ?? null),
    since: row.since,
  };
}

/** IPmanager holds it without a PTR: no text, which is `null` on every surface. */
function shownPtr({ ptrSeen, ptr }: AddressRecord): string | null {
  const shown = ptrSeen ?? ptr;
  return shown === '' ? null : shown;
}
