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
    ptr: row.ptrSeen ?? row.ptr,
    order: row.order,
    tag: row.untagged ? null : (row.mark?.tag ?? null),
    since: row.since,
  };
}
