import type { AddressView } from '../workflows/contract.ts';
import {
  eligibility,
  ordersOf,
  plannedOrders,
  usualOrders,
  type Situation,
  type WantedOrder,
} from '../workflows/domain/eligibility.ts';
import type { Failure, Reason } from '../workflows/domain/failure.ts';
import type { AddAddress, ProvisionService } from '../workflows/inputs/inputs.ts';
import type { Deps } from './deps.ts';
import type { ServiceSetting } from './ledger/ledger.ts';
import type { AddressRecord, IntegrationRecord, OrderRecord, RunRef } from './ledger/records.ts';
import { timesOf, type IntegrationTimes } from './integration-times.ts';
import { openTickets, type OpenedTicket, type OrderToOpen } from './order-tickets.ts';
import * as refusals from './refusals.ts';
import { addressView } from './views.ts';

/** What a run is told of the service it works for; timings of its integration in milliseconds. */
export interface Plan {
  readonly kind: 'plan';
  readonly service: {
    readonly id: string;
    readonly domain: string;
    readonly server: string;
    readonly generation: number;
  };
  /** Set up already: nothing is opened for it any more, and the answer is what it has. */
  readonly complete: boolean;
  /** Of a complete service: what is bound to it. */
  readonly addresses: readonly AddressView[];
  /** Of an added order that is done: its address. */
  readonly done?: AddressView;
  readonly integration: IntegrationTimes | null;
  readonly serverFenceMs: number;
  readonly serverTimeoutMs: number;
  /** Why there are no orders. */
  readonly reason: Reason | null;
  readonly orders: readonly OpenedTicket[];
}

export type Opened =
  | Plan
  /** `begun`: the service itself was written for this run, and nobody would end it. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly begun: boolean };

/** A run has answered `addresses`: with this reason when it was none. */
export interface Answered {
  readonly reason: Reason | null;
}

export function openingActivities(deps: Deps) {
  return {
    openProvision: (input: ProvisionService, run: RunRef, answered: Answered | null = null) =>
      openProvision(deps, input, { run, answered }),
    openAdded: (input: AddAddress, run: RunRef) => openAdded(deps, input, run),
  };
}

/**
 * Step 1 for a new service: the service and all its orders are written before anything is asked. What is written goes on
 * whatever the settings say by now; they are asked for what is missing. `answered`: nothing is, the addresses stay. Ledger only.
 */
async function openProvision(deps: Deps, input: ProvisionService, by: Begun): Promise<Opened> {
  const { customer = null, ...service } = input.service;
  const { run, answered } = by;
  const opened = await deps.ledger.services.open({ service: { ...service, customer }, run });
  if (opened.kind !== 'opened') return refuse(refusals.ofService(opened, service.id), false);
  const asked = input.addresses?.map((order) => ({ ...order, ptr: order.ptr ?? null }));
  if (isComplete(opened)) return completePlan(deps, opened, asked);
  const situation = situationOf(deps, opened);
  const written = await deps.ledger.orders.ofLife(service.id);
  const own = written.filter(({ owner }) => owner.workflowId === run.workflowId);
  const before = {
    written: written.map(({ id }) => id),
    own: own.map((order) => ({ ...wantedOf(order), begun: order.attempts > 0 })),
    answered: answered !== null,
    waits: opened.service.state === 'waiting',
  };
  const orders = plannedOrders(situation, asked, before);
  if (answered !== null && orders.length === 0) return { ...planFor(opened, situation), reason: answered.reason };
  const left = await heldBeside(
    deps,
    service.id,
    own.map(wantedOf).filter(({ order }) => !names(orders, order)),
  );
  const forbids = () => {
    const allowed = ordersOf(situation, asked);
    return 'failure' in allowed ? allowed : undefined;
  };
  return planOf(deps, opened, { run, written, orders, left, forbids });
}

/** Orders of an earlier list that hold an address: it stays the service's, and somebody has to make it active (I6). */
async function heldBeside(
  deps: Deps,
  service: string,
  orders: readonly WantedOrder[],
): Promise<readonly WantedOrder[]> {
  if (orders.length === 0) return [];
  const rows = await deps.ledger.addresses.list({ service });
  return orders.filter(({ order }) => rows.some((row) => row.order === order));
}

/**
 * A service that is set up answers what it has: an order opened now would be reserved and never set up. What its tariff says
 * by now, what was released since, and what was never ordered (an import) change nothing of that; an order it does not know
 * is one more address, which is `addAddress`.
 */
async function completePlan(
  deps: Deps,
  setting: ServiceSetting,
  asked: readonly WantedOrder[] | undefined,
): Promise<Opened> {
  const { id } = setting.service;
  for (const one of asked ?? []) {
    const failure = refusals.notOfService(await deps.ledger.orders.find(one.order), one, id);
    if (failure !== undefined) return refuse(failure, false);
  }
  const situation = situationOf(deps, setting);
  const plan = planFor(setting, situation);
  const rows = await deps.ledger.addresses.list({ service: id });
  if (rows.length > 0) {
    // As they were answered first, then what was added since.
    const ids = (asked ?? usualOrders(situation)).map(({ order }) => order);
    const place = ({ order }: AddressRecord) =>
      order !== null && ids.includes(order) ? ids.indexOf(order) : ids.length;
    return { ...plan, addresses: rows.toSorted((one, other) => place(one) - place(other)).map(addressView) };
  }
  const right = eligibility(situation);
  return { ...plan, reason: right.kind === 'no-address' ? right.reason : refusals.noneLeft(id) };
}

/** The same for one more address of a service that is there. One that is active answers at once, as a complete service does. */
async function openAdded(deps: Deps, input: AddAddress, run: RunRef): Promise<Opened> {
  const known = await deps.ledger.orders.find(input.order);
  const opened = await deps.ledger.services.setting(input.service);
  if (opened.kind !== 'opened') return refuse(refusals.ofService(opened, input.service), false);
  const order = { order: input.order, family: input.family, ptr: input.ptr ?? null, wanted: input.address ?? null };
  const forbids = (situation: Situation) =>
    situation.tariff[order.family] === 0 ? { reason: familyNotAllowed(situation, order) } : undefined;
  const written = known === undefined ? [] : [known];
  const plan = await planOf(deps, opened, { run, written, orders: [order], left: [], forbids });
  const [ticket] = plan.kind === 'plan' ? plan.orders : [];
  if (plan.kind !== 'plan' || ticket?.kind !== 'holds' || ticket.address.state !== 'active') return plan;
  return { ...plan, orders: [], done: ticket.address };
}

/** Opens what is wanted; settings are asked for what is not written yet alone. */
async function planOf(deps: Deps, setting: ServiceSetting, wanted: Wanted): Promise<Opened> {
  const situation = situationOf(deps, setting);
  const plan = planFor(setting, situation);
  const known = wanted.orders.filter(({ order }) => wanted.written.some(({ id }) => id === order));
  const missing = wanted.orders.length - known.length;
  if (missing === 0 && known.length > 0) return openAll(deps, plan, { ...wanted, setting, group: null });
  const begun = !plan.complete && wanted.written.length === 0;
  if (plan.integration?.unread) return plan;
  const right = eligibility(situation);
  if (right.kind === 'no-address') {
    return known.length === 0 ? { ...plan, reason: right.reason } : refuse(refusals.noMoreOrders(right.reason), begun);
  }
  const forbidden = wanted.forbids(situation);
  if (forbidden !== undefined) {
    return 'failure' in forbidden ? refuse(forbidden.failure, begun) : { ...plan, reason: forbidden.reason };
  }
  if (setting.integration?.tagNotKept) return refuse(refusals.tagNotKept(setting.integration.name), begun);
  return openAll(deps, plan, { ...wanted, setting, group: right.group });
}

/** Orders go on at the integration they were written for, whatever the server points to by now. */
async function openAll(deps: Deps, plan: Plan, wanted: Wanted & NewOrders): Promise<Opened> {
  const { setting, orders, left, run, written } = wanted;
  const found = new Map<string, IntegrationRecord | undefined>();
  const toOpen: OrderToOpen[] = [];
  for (const order of [...orders, ...left]) {
    const record = written.find(({ id }) => id === order.order);
    const name = record?.integration ?? setting.integration?.name ?? '';
    if (!found.has(name)) found.set(name, await deps.ledger.settings.integrations.find(name));
    toOpen.push({
      order: order.order,
      family: order.family,
      ptr: order.ptr,
      wanted: order.wanted ?? null,
      service: setting.service.id,
      integration: name,
      group: record?.group ?? wanted.group ?? '',
      run,
      siblings: orders.map((sibling) => sibling.order),
      // It goes only when its orders are over, and those wait for nothing.
      fenceMs: found.get(name)?.fenceMs ?? 0,
      domain: setting.service.domain,
    });
  }
  const opened = await openTickets(deps, toOpen);
  if ('failure' in opened) return refuse(opened.failure, !plan.complete && opened.failure.code !== 'order-in-use');
  const [first = setting.integration] = [...found.values()].filter((one) => one !== undefined);
  // What an earlier list left may have moved to an order of this one.
  const tickets = opened.filter((ticket, n) => n < orders.length || ticket.kind === 'holds');
  if (first !== null) return { ...plan, integration: timesOf(first), orders: tickets };
  const [over] = tickets.filter((ticket) => ticket.kind === 'closed');
  return over === undefined ? plan : refuse(over.outcome.failure, !plan.complete);
}

interface Begun {
  readonly run: RunRef;
  /** What the run, before it started over, answered beside addresses; nothing when it has not answered. */
  readonly answered: Answered | null;
}

interface NewOrders {
  readonly setting: ServiceSetting;
  /** Of orders that are written now. */
  readonly group: string | null;
}

interface Wanted {
  readonly run: RunRef;
  /** Orders of the service that are in the ledger already. */
  readonly written: readonly OrderRecord[];
  readonly orders: readonly WantedAddress[];
  /** Beside these, as far as they still hold an address. */
  readonly left: readonly WantedAddress[];
  /** Why what is missing may not be written. */
  readonly forbids: (situation: Situation) => { readonly failure: Failure } | { readonly reason: Reason } | undefined;
}
type WantedAddress = WantedOrder & { readonly wanted?: string | null };

function wantedOf({ id, family, ptr }: OrderRecord): WantedOrder {
  return { order: id, family, ptr };
}

function names(orders: readonly WantedOrder[], id: string): boolean {
  return orders.some(({ order }) => order === id);
}

function situationOf(deps: Deps, { service, tariff, server, integration }: ServiceSetting): Situation {
  const { addresses } = deps.servers.capabilitiesOf(server.module);
  return {
    service,
    tariff,
    server: { name: server.name, module: server.module, givesAddresses: addresses },
    integration: integration === null ? null : { name: integration.name, dummy: integration.dialect?.dummy ?? false },
  };
}

function planFor({ service, server, integration }: ServiceSetting, situation: Situation): Plan {
  return {
    kind: 'plan',
    service: { id: service.id, domain: service.domain, server: server.name, generation: service.generation },
    complete: isComplete({ service }),
    addresses: [],
    integration: integration === null || !situation.server.givesAddresses ? null : timesOf(integration),
    serverTimeoutMs: server.requestTimeoutMs,
    serverFenceMs: 2 * server.requestTimeoutMs,
    reason: null,
    orders: [],
  };
}

function isComplete({ service }: Pick<ServiceSetting, 'service'>): boolean {
  return service.state === 'active' || service.state === 'suspended';
}

function familyNotAllowed(situation: Situation, order: WantedOrder): Reason {
  return {
    code: 'tariff-without-family',
    message: `tariff ${situation.tariff.name} allows no ${order.family} address`,
  };
}

function refuse(failure: Failure, begun: boolean): Opened {
  return { kind: 'refused', failure, begun };
}
