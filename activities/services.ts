import type { AddressView } from '../workflows/contract.ts';
import type { Failure, Reason } from '../workflows/domain/failure.ts';
import type { ProvisionService } from '../workflows/inputs/inputs.ts';
import type { Deps } from './deps.ts';
import type { RemovalStart } from './ledger/ledger.ts';
import type { RunRef, StoredOutcome } from './ledger/records.ts';
import { heartbeating } from './heartbeat.ts';
import { ofService } from './refusals.ts';
import { addressView } from './views.ts';

export type Changed =
  | { readonly kind: 'changed'; readonly server: string; readonly domain: string; readonly serverTimeoutMs: number }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type Removal =
  | {
      readonly kind: 'removing';
      readonly addresses: readonly AddressView[];
      /** Running workflows that still work for the service: they are awaited. */
      readonly busy: readonly string[];
      readonly server: string;
      readonly serverTimeoutMs: number;
    }
  | { readonly kind: 'removed-already' }
  | { readonly kind: 'refused'; readonly failure: Failure };

type RemovalBegun = Extract<RemovalStart, { kind: 'removing' }>;

export function serviceActivities(deps: Deps) {
  /** Shows in the ledger that a service waits, and why; or that it goes on. Ledger only. */
  async function noteService(service: string, reason: Reason | null, run: RunRef): Promise<void> {
    const state = reason === null ? 'provisioning' : 'waiting';
    await deps.ledger.services.setState({ service, state, reason, run });
  }

  /** Another server, domain or tariff for a service that waits for set-up. Ledger only. */
  async function changeService(input: ProvisionService, run: RunRef): Promise<Changed> {
    const { id, domain, server, tariff } = input.service;
    const changed = await deps.ledger.services.change({ service: id, domain, server, tariff, run });
    if (changed.kind !== 'opened') return { kind: 'refused', failure: ofService(changed, id) };
    return { kind: 'changed', server, domain, serverTimeoutMs: changed.server.requestTimeoutMs };
  }

  async function closeOrder(order: string, failure: Failure, run: RunRef): Promise<StoredOutcome> {
    return deps.ledger.orders.close({ order, failure, run });
  }

  /** A service that was never set up, or is gone from its server: removed, so that the next order begins a new life. */
  async function endService(service: string, reason: string, run: RunRef): Promise<void> {
    const begun = await deps.ledger.services.beginRemoval({ service, reason, run });
    if (begun.kind === 'removing') await deps.ledger.services.finishRemoval({ service, run });
  }

  /** `removeService`: from here on orders and claims for the service are refused. Ledger only. */
  async function beginRemoval(service: string, reason: string, run: RunRef): Promise<Removal> {
    const begun = await deps.ledger.services.beginRemoval({ service, reason, run });
    switch (begun.kind) {
      case 'removed-already':
        return begun;
      case 'no-such':
        return { kind: 'refused', failure: ofService({ kind: 'no-such', what: 'service', name: service }, service) };
      case 'removing':
        return {
          kind: 'removing',
          addresses: begun.addresses.map(addressView),
          busy: await busyWith(begun, run),
          server: begun.server.name,
          serverTimeoutMs: begun.server.requestTimeoutMs,
        };
    }
  }

  /** Owners of open orders, and of reserved addresses, whose runs are open: they end by themselves, the service is `removing`. */
  async function busyWith({ addresses, openOrders }: RemovalBegun, run: RunRef): Promise<readonly string[]> {
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

  /** A running `provisionService` is abandoned; one whose set-up is finished ends by itself. */
  async function abandonProvision(workflowId: string): Promise<'asked' | 'closed' | 'refused'> {
    return deps.runs.abandon(workflowId);
  }

  async function finishRemoval(service: string, run: RunRef): Promise<'removed' | 'holds-addresses'> {
    return deps.ledger.services.finishRemoval({ service, run });
  }

  /** Addresses bound to a service now, in address order. Ledger only. */
  async function addressesOfService(service: string): Promise<readonly AddressView[]> {
    return (await deps.ledger.addresses.list({ service })).map(addressView);
  }

  async function findAddress(ip: string): Promise<AddressView | null> {
    const row = await deps.ledger.addresses.find(ip);
    return row === undefined ? null : addressView(row);
  }

  /** Reads the panel's forms at first use, when the integration was added without a test. */
  async function readDialect(integration: string): Promise<void> {
    const panel = await deps.panels.of(integration);
    const dialect = await heartbeating(() => panel.readDialect());
    await deps.ledger.settings.integrations.keepDialect(integration, dialect);
  }

  return {
    noteService,
    changeService,
    closeOrder,
    endService,
    beginRemoval,
    abandonProvision,
    finishRemoval,
    addressesOfService,
    findAddress,
    readDialect,
  };
}
