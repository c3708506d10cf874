import type { AddressView } from '../workflows/contract.ts';
import type { Failure } from '../workflows/domain/failure.ts';
import type { Deps } from './deps.ts';
import type { RemovalStart } from './ledger/ledger.ts';
import type { RunRef } from './ledger/records.ts';
import { ofService } from './refusals.ts';
import { addressView } from './views.ts';

export type Removal =
  | {
      readonly kind: 'removing';
      /** The life that ends. */
      readonly generation: number;
      readonly addresses: readonly AddressView[];
      /** Running workflows that still work for the service: they are awaited. */
      readonly busy: readonly string[];
      readonly server: string;
      readonly serverTimeoutMs: number;
    }
  | { readonly kind: 'removed-already' }
  | { readonly kind: 'refused'; readonly failure: Failure };

type RemovalBegun = Extract<RemovalStart, { kind: 'removing' }>;

interface RemovalRequest {
  readonly service: string;
  readonly reason: string;
  /** Of the first look; a service that was ordered anew since then is removed already. */
  readonly generation: number | undefined;
  readonly run: RunRef;
}

export function removalActivities(deps: Deps) {
  return {
    beginRemoval: (request: RemovalRequest) => beginRemoval(deps, request),
    /** A running `provisionService` is abandoned; one whose set-up is finished ends by itself. */
    abandonProvision: (workflowId: string) => deps.runs.abandon(workflowId),
    finishRemoval: (service: string, run: RunRef) => deps.ledger.services.finishRemoval({ service, run }),
  };
}

/** `removeService`: from here on orders and claims for the service are refused. Ledger only. */
async function beginRemoval(deps: Deps, request: RemovalRequest): Promise<Removal> {
  const { service, run } = request;
  const begun = await deps.ledger.services.beginRemoval(request);
  switch (begun.kind) {
    case 'removed-already':
      return begun;
    case 'no-such':
      return { kind: 'refused', failure: ofService({ kind: 'no-such', what: 'service', name: service }, service) };
    case 'removing':
      return {
        kind: 'removing',
        generation: begun.service.generation,
        addresses: begun.addresses.map(addressView),
        busy: await busyWith(deps, begun, run),
        server: begun.server.name,
        serverTimeoutMs: begun.server.requestTimeoutMs,
      };
  }
}

/** Owners of open orders, and of reserved addresses, whose runs are open: they end by themselves, the service is `removing`. */
async function busyWith(deps: Deps, { addresses, openOrders }: RemovalBegun, run: RunRef): Promise<readonly string[]> {
  const reserved = addresses.flatMap(({ state, order }) => (state === 'reserved' && order !== null ? [order] : []));
  const found = await Promise.all(reserved.map((order) => deps.ledger.orders.find(order)));
  const orders = [...openOrders, ...found.filter((order) => order !== undefined)];
  const busy = new Set<string>();
  for (const { owner } of orders) {
    if (owner.workflowId === run.workflowId || busy.has(owner.workflowId)) continue;
    if ((await deps.runs.closedAt(owner)) === undefined) busy.add(owner.workflowId);
  }
  return [...busy];
}
