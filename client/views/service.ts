import type { AddressRecord, ServiceRecord } from '../../activities/ledger/records.ts';
import { workflowIds } from '../../workflows/contract.ts';
import { addressView } from './address.ts';

/** A service as every surface shows it. */
export function serviceView(record: ServiceRecord) {
  const { id, kind, domain, customer, server, tariff, state, generation, reason, createdAt, updatedAt } = record;
  const workflowId = record.workflowId ?? workflowIds.provisionService(id);
  return { id, kind, domain, customer, server, tariff, state, reason, generation, workflowId, createdAt, updatedAt };
}

export type ServiceView = ReturnType<typeof serviceView>;

/** The same with its addresses and where its story can be read. */
export function serviceDetail(
  record: ServiceRecord,
  addresses: readonly AddressRecord[],
  place: { readonly webUi: string | undefined; readonly namespace: string },
) {
  const view = serviceView(record);
  return { ...view, addresses: addresses.map((row) => addressView(row)), link: webUiLink(place, view.workflowId) };
}

/** Where the Web UI shows a workflow (its newest run unless one is named); nothing where its address is not known. */
export function webUiLink(
  place: { readonly webUi: string | undefined; readonly namespace: string },
  workflowId: string,
  runId?: string,
): string | null {
  if (place.webUi === undefined) return null;
  const base = place.webUi.replace(/\/+$/, '');
  const run = runId === undefined ? '' : `/${encodeURIComponent(runId)}`;
  return `${base}/namespaces/${encodeURIComponent(place.namespace)}/workflows/${encodeURIComponent(workflowId)}${run}`;
}
