import { workflowIds, type AddressView } from '../workflows/contract.ts';
import type { Reason } from '../workflows/domain/failure.ts';
import { ownership } from '../workflows/domain/tag.ts';
import type { OrderTicket } from './allocation.ts';
import type { Deps } from './deps.ts';
import { applicationFailure } from './failures.ts';
import { heartbeating } from './heartbeat.ts';
import { takenUp, type Begun } from './in-flight.ts';
import type { RunRef } from './ledger/records.ts';
import { addressLock } from './locking.ts';
import { isProtected, noSuchService } from './refusals.ts';
import type { ServerOutcome, ServiceOnServer } from './servers/server-module.ts';
import { addressView } from './views.ts';

/** What a step on a server came to; the panel's own words stand in the failure. */
export type ServerAnswer = ServerOutcome;

export type Activation =
  | { readonly kind: 'active'; readonly addresses: readonly AddressView[] }
  /** The service is being removed: nothing of it becomes active any more. */
  | { readonly kind: 'removing' }
  | { readonly kind: 'not-ours'; readonly reason: Reason };

export function setUpActivities(deps: Deps) {
  async function placed(service: string) {
    const record = await deps.ledger.services.find(service);
    if (record === undefined) throw applicationFailure(noSuchService(service), false);
    const { id, kind, domain, customer } = record;
    const installation = await deps.ledger.installation();
    const on: ServiceOnServer = { installation, id, kind, domain, customer };
    const { generation } = record;
    return { module: await deps.servers.of(record.server), on, generation, ends: record.state === 'removing' };
  }

  /** Step 8. The module looks before it acts, so a repeat after an unknown outcome finds what is there. */
  async function setUpService(service: string, reserved: readonly string[]): Promise<ServerAnswer> {
    const { module, on } = await placed(service);
    const addresses = [...new Set([...reserved, ...(await besides(deps, service))])];
    return heartbeating(() => module.setUp({ service: on, addresses }));
  }

  /**
   * A service that is being removed gets nothing more, and an address that left it meanwhile is not put there (I4), however
   * long its server was waited for: the next step sees why.
   */
  async function addToService(service: string, ip: string, ptr: string | null): Promise<ServerAnswer> {
    const { module, on, ends } = await placed(service);
    if (ends || (await deps.ledger.addresses.find(ip))?.service !== service) return { kind: 'done' };
    return heartbeating(() => module.addAddress({ service: on, ip, ptr }));
  }

  /**
   * Done means that the module's own list, where it has one, no longer has the address. Where a main address stays as long
   * as its service does, a service that is being removed goes first, and its addresses with it. A release says what it is:
   * what another run has taken up since it began stays.
   */
  async function takeOffService(service: string, ip: string, release?: Begun): Promise<ServerAnswer> {
    const { module, on, ends } = await placed(service);
    // One that was protected since its release began stays where it is.
    const row = await deps.ledger.addresses.find(ip);
    if (row?.protected === true && row.service === service) return { kind: 'refused', failure: isProtected(ip) };
    const failure = release && (await takenUp(deps, release));
    if (failure !== undefined) return { kind: 'refused', failure };
    if (ends && module.capabilities.mainAddressStays === true) return heartbeating(() => module.remove(on));
    return heartbeating(() => module.removeAddress({ service: on, ip, ptr: null }));
  }

  /** `life`: what stands there of a later one is not what was to be removed. */
  async function removeFromServer(service: string, life?: number): Promise<ServerAnswer> {
    const { module, on, generation } = await placed(service);
    if (generation !== (life ?? generation)) return { kind: 'done' };
    return heartbeating(() => module.remove(on));
  }

  /** One look at a task that a server works on; the waiting is the workflow's. */
  async function progressOfTask(service: string, task: string): Promise<ServerAnswer> {
    const { module } = await placed(service);
    return heartbeating(() => module.progressOf(task));
  }

  /**
   * Step 9: each tag read once more; not ours → a wait with its reason. Then all become active in one transaction; what a
   * provision holds makes its service active with them.
   */
  async function activateService(service: string, held: Held, run: RunRef): Promise<Activation> {
    const { tickets, addressesOnly } = held;
    const state = (await deps.ledger.services.find(service))?.state;
    if (state === undefined || state === 'removing' || state === 'removed') return { kind: 'removing' };
    const stranger = await heartbeating(() => firstStranger(tickets));
    if (stranger !== undefined) return { kind: 'not-ours', reason: lost(stranger) };
    await deps.ledger.services.activate({ service, ips: tickets.map(({ ip }) => ip), run, addressesOnly });
    const rows = await deps.ledger.addresses.list({ service });
    const ips = new Set(tickets.map(({ ip }) => ip));
    return { kind: 'active', addresses: rows.filter(({ ip }) => ips.has(ip)).map(addressView) };
  }

  async function firstStranger(tickets: readonly HeldTicket[]): Promise<string | undefined> {
    for (const { ip, ticket } of tickets) {
      const panel = await deps.panels.of(ticket.integration);
      const row = await panel.read(ip);
      if (row?.state !== 'held' || ownership(row, ticket.mark) !== 'ours') return ip;
    }
    return undefined;
  }

  return { setUpService, addToService, takeOffService, removeFromServer, progressOfTask, activateService };
}

/**
 * What the service has beside what this run holds: a module sets up exactly what it is told, and one more address may
 * have come while the set-up waited, on the server already although not active yet. What a running release is taking off
 * is not put back under its feet (I4).
 */
async function besides(deps: Deps, service: string): Promise<readonly string[]> {
  const rows = await deps.ledger.addresses.list({ service });
  const owners = new Map((await deps.ledger.locks.list()).map(({ key, owner }) => [key, owner]));
  const stay = await Promise.all(
    rows.map(async ({ ip, state, ptrSeen }) => {
      if (state !== 'reserved' && state !== 'active') return [];
      // Its order has not come to its PTR: it may end without the address, and would not take it off a server (I4).
      if (state === 'reserved' && ptrSeen === null) return [];
      const owner = owners.get(addressLock(ip));
      const released = owner?.workflowId === workflowIds.releaseAddress(ip);
      return released && (await deps.runs.closedAt(owner)) === undefined ? [] : [ip];
    }),
  );
  return stay.flat();
}

export interface Held {
  readonly tickets: readonly HeldTicket[];
  /** One more address of a service that is there already. */
  readonly addressesOnly: boolean;
}

export interface HeldTicket {
  readonly ip: string;
  readonly ticket: OrderTicket;
}

function lost(ip: string): Reason {
  return {
    code: 'address-lost',
    message: `${ip} no longer carries our tag in IPmanager: put it back there (see the order's tag) and retry, or remove the service`,
  };
}
