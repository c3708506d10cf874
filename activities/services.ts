import type { Failure, Reason } from '../workflows/domain/failure.ts';
import type { ProvisionService } from '../workflows/inputs/inputs.ts';
import type { Deps } from './deps.ts';
import type { RunRef, StoredOutcome } from './ledger/records.ts';
import { heartbeating } from './heartbeat.ts';
import { ofService } from './refusals.ts';

export type Changed =
  | { readonly kind: 'changed'; readonly server: string; readonly domain: string; readonly serverTimeoutMs: number }
  | { readonly kind: 'refused'; readonly failure: Failure };

export function serviceActivities(deps: Deps) {
  /** Shows in the ledger that a service waits, and why; or that it goes on. Ledger only. */
  async function noteService(service: string, reason: Reason | null, run: RunRef): Promise<void> {
    const state = reason === null ? 'provisioning' : 'waiting';
    await deps.ledger.services.setState({ service, state, reason, run });
  }

  /** Shows in the ledger what the removal of a service waits for. Ledger only. */
  async function noteRemoval(service: string, reason: Reason, run: RunRef): Promise<void> {
    await deps.ledger.services.setState({ service, state: 'removing', reason, run });
  }

  /** Another server, domain or tariff for a service that waits for set-up. Ledger only. */
  async function changeService(input: ProvisionService, run: RunRef): Promise<Changed> {
    const { id, domain, server, tariff } = input.service;
    const changed = await deps.ledger.services.change({ service: id, domain, server, tariff, run });
    if (changed.kind !== 'opened') return { kind: 'refused', failure: ofService(changed, id) };
    return { kind: 'changed', server, domain, serverTimeoutMs: changed.server.requestTimeoutMs };
  }

  /** Whether anything is ever sent for it: without a panel nothing can land late. Ledger only. */
  async function hasPanel(service: string): Promise<{ readonly yes: boolean }> {
    const { server } = (await deps.ledger.services.find(service)) ?? {};
    const found = server === undefined ? undefined : await deps.ledger.settings.servers.find(server);
    return { yes: found === undefined || !deps.servers.capabilitiesOf(found.module).reported };
  }

  async function closeOrder(order: string, failure: Failure, run: RunRef): Promise<StoredOutcome> {
    return deps.ledger.orders.close({ order, failure, run });
  }

  /**
   * A service that was never set up, or is gone from its server: removed, so that the next order begins a new life. One
   * that has other addresses, or other work under way, is left as it is: only `removeService` can end it.
   */
  async function endService(service: string, reason: string, run: RunRef): Promise<'removed' | 'holds-more'> {
    const bound = await deps.ledger.addresses.list({ service });
    const orders = await deps.ledger.orders.listOpen({ service });
    if (bound.length > 0 || orders.some(({ owner }) => owner.workflowId !== run.workflowId)) return 'holds-more';
    const begun = await deps.ledger.services.beginRemoval({ service, reason, run });
    if (begun.kind !== 'removing') return 'removed';
    const ended = await deps.ledger.services.finishRemoval({ service, run });
    return ended === 'removed' ? ended : 'holds-more';
  }

  /** Reads the panel's forms at first use, when the integration was added without a test. */
  async function readDialect(integration: string): Promise<void> {
    const panel = await deps.panels.of(integration);
    const dialect = await heartbeating(() => panel.readDialect());
    await deps.ledger.settings.integrations.keepDialect(integration, dialect);
  }

  return {
    noteService,
    noteRemoval,
    changeService,
    hasPanel,
    closeOrder,
    endService,
    readDialect,
  };
}
