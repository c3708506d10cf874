import type { ConflictRecord, HistoryRecord } from '../../../activities/ledger/records.ts';
import type { AddressView } from '../../../workflows/contract.ts';
import type { addressDetail } from '../../views/address.ts';
import { stateText } from './state.ts';
import { details, table } from './table.ts';
import { moment, relative } from './time.ts';

export function addressTable(addresses: readonly AddressView[]): string {
  return table(
    ['ADDRESS', 'STATE', 'SERVICE', 'CUSTOMER', 'PTR', 'INTEGRATION', 'GROUP', 'SINCE'],
    addresses.map((one) => [
      one.ip,
      stateText(one.state),
      one.service,
      one.customer,
      one.ptr,
      one.integration,
      one.group,
      relative(one.since),
    ]),
  );
}

type Detail = ReturnType<typeof addressDetail> & {
  readonly conflict: ConflictRecord | null;
  readonly lock: { readonly reason: string; readonly since: string; readonly workflowId: string } | null;
  readonly workflowId: string | null;
  readonly link: string | null;
};

export function addressDetails(one: Detail): string {
  const { conflict, lock } = one;
  return details([
    ['address', one.ip],
    ['state', stateText(one.state)],
    ['service', one.service],
    ...(one.formerService === null ? [] : [['former service', one.formerService] as const]),
    ['customer', one.customer],
    ['integration', one.integration],
    ['group', one.group],
    ['ptr', one.ptrSeen],
    ...(one.ptrWanted === one.ptrSeen ? [] : [['ptr wanted', one.ptrWanted] as const]),
    ['order', one.order],
    ['tag', one.untagged ? 'none in IPmanager' : one.tag],
    ['protected', one.protected ? 'yes: nothing releases it' : 'no'],
    ...(one.quarantineUntil === null ? [] : [['quarantine until', moment(one.quarantineUntil)] as const]),
    ...(conflict === null
      ? []
      : [
          [
            'conflict',
            `offered for order ${conflict.order} by ${conflict.integration}, ${moment(conflict.since) ?? ''}`,
          ] as const,
        ]),
    ...(lock === null
      ? []
      : [['locked', `by ${lock.workflowId}: ${lock.reason}, ${moment(lock.since) ?? ''}`] as const]),
    ['since', moment(one.since)],
    ...(one.workflowId === null ? [] : [['workflow', one.workflowId] as const]),
    ...(one.link === null ? [] : [['story', one.link] as const]),
  ]);
}

export function historyTable(history: readonly Omit<HistoryRecord, 'ip'>[]): string {
  return table(
    ['WHEN', 'WHAT', 'SERVICE', 'CUSTOMER', 'ORDER', 'WHY', 'WORKFLOW'],
    history.map((one) => [one.at, one.event, one.service, one.customer, one.order, one.reason, one.workflowId]),
  );
}
