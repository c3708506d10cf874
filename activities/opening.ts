import type { AddressView } from '../workflows/contract.ts';
import {
  eligibility,
  ordersOf,
  usualOrders,
  type Situation,
  type WantedOrder,
} from '../workflows/domain/eligibility.ts';
import type { Failure, Reason } from '../workflows/domain/failure.ts';
import { samePtr } from '../workflows/domain/hostname.ts';
import type { AddAddress, ProvisionService } from '../workflows/inputs/inputs.ts';
import type { OrderTicket } from './allocation.ts';
import type { Deps } from './deps.ts';
import type { OpenedOrder, OpenedService, OpenOrder, ServiceSetting } from './ledger/ledger.ts';
import type { AddressRecord, IntegrationRecord, RunRef, StoredOutcome } from './ledger/records.ts';
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
  readonly integration: IntegrationTimes | null;
  readonly serverFenceMs: number;
  readonly serverTimeoutMs: number;
  /** Why there are no orders. */
  readonly reason: Reason | null;
  readonly orders: readonly OpenedTicket[];
}

export interface IntegrationTimes {
  readonly name: string;
  readonly requestTimeoutMs: number;
  readonly fenceMs: number;
  readonly coolDownMs: number;
  readonly quarantineMs: number;
  readonly maxAttempts: number;
  readonly maxConflicts: number;
  readonly onConflict: 'mark' | 'heal';
  /** The panel's forms were not read yet (`--no-test`): read them, then open again. */
  readonly unread: boolean;
}

export type OpenedTicket =
  | { readonly kind: 'open'; readonly ticket: OrderTicket; readonly attempts: number }
  | {
      readonly kind: 'holds';
      readonly ticket: OrderTicket;
      readonly address: AddressView;
      readonly ptrWritten: boolean;
    }
  | { readonly kind: 'closed'; readonly order: string; readonly outcome: StoredOutcome };

export type Opened =
  | Plan
  /** `begun`: the service itself was written for this run, and nobody would end it. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly begun: boolean };

export function openingActivities(deps: Deps) {
  return {
    openProvision: (input: ProvisionService, run: RunRef) => openProvision(deps, input, run),
    openAdded: (input: AddAddress, run: RunRef) => openAdded(deps, input, run),
  };
}

/** Step 1 for a new service: the service and all its orders are written before anything is asked. Ledger only. */
async function openProvision(deps: Deps, input: ProvisionService, run: RunRef): Promise<Opened> {
  const { customer = null, ...service } = input.service;
  const opened = await deps.ledger.services.open({ service: { ...service, customer }, run });
  const asked = input.addresses?.map((order) => ({ ...order, ptr: order.ptr ?? null }));
  if (opened.kind === 'opened' && isComplete(opened)) return completePlan(deps, opened, asked);
  return planOf(deps, opened, { service: service.id, run, of: (situation) => ordersOf(situation, asked) });
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

/** The same for one more address of a service that is there. */
async function openAdded(deps: Deps, input: AddAddress, run: RunRef): Promise<Opened> {
  const opened = await deps.ledger.services.setting(input.service);
  const wanted = { order: input.order, family: input.family, ptr: input.ptr ?? null, wanted: input.address ?? null };
  return planOf(deps, opened, { service: input.service, run, of: () => [wanted] });
}

async function planOf(deps: Deps, opened: OpenedService, wanted: Wanted): Promise<Opened> {
  if (opened.kind !== 'opened') return refuse(refusals.ofService(opened, wanted.service), false);
  const situation = situationOf(deps, opened);
  const plan = planFor(opened, situation);
  if (plan.integration?.unread) return plan;
  const right = eligibility(situation);
  if (right.kind === 'no-address') return { ...plan, reason: right.reason };
  const orders = wanted.of(situation);
  if ('failure' in orders) return refuse(orders.failure, !plan.complete);
  const missing = orders.find(({ family }) => situation.tariff[family] === 0);
  if (missing !== undefined) return { ...plan, reason: familyNotAllowed(situation, missing) };
  return openAll(deps, plan, { setting: opened, orders, group: right.group, run: wanted.run });
}

async function openAll(deps: Deps, plan: Plan, { setting, ...wanted }: Orders): Promise<Opened> {
  const { integration } = setting;
  if (integration === null) return plan;
  if (integration.tagNotKept) return refuse(refusals.tagNotKept(integration.name), !plan.complete);
  const tickets: OpenedTicket[] = [];
  for (const order of wanted.orders) {
    const request: OpenOrder = {
      ...order,
      wanted: order.wanted ?? null,
      service: setting.service.id,
      integration: integration.name,
      group: wanted.group,
      run: wanted.run,
      siblings: wanted.orders.map((sibling) => sibling.order),
    };
    // One after the other: an order may take over a reserved address that the next one must then not see.
    const opened = ticketOf(await openOrder(deps, request), request, { setting, integration });
    if ('failure' in opened) return refuse(opened.failure, !plan.complete && opened.failure.code !== 'order-in-use');
    tickets.push(opened);
  }
  return { ...plan, orders: tickets };
}

/**
 * An order, or a reserved address of another one, whose owner's run is closed moves to this run (design.md 3, step 1).
 * What a running run reserved for the service is left to it; an order of its own can only be in one run's hands.
 */
async function openOrder(deps: Deps, request: OpenOrder): Promise<OpenedOrder> {
  const running: RunRef[] = [];
  for (;;) {
    const opened = await deps.ledger.orders.open({ ...request, running });
    if (opened.kind !== 'owned') return opened;
    const { owner } = opened;
    if ((await deps.runs.closedAt(owner)) !== undefined) {
      const moved = await deps.ledger.orders.open({ ...request, running, takeOverFrom: owner });
      if (moved.kind !== 'owned' || sameOwner(moved.owner, owner)) return moved;
    } else if (running.some((run) => sameOwner(run, owner))) {
      // Named again although it is to be left alone: it is the owner of this very order.
      return opened;
    } else {
      running.push(owner);
    }
  }
}

interface Wanted {
  readonly service: string;
  readonly run: RunRef;
  readonly of: (situation: Situation) => readonly WantedAddress[] | { readonly failure: Failure };
}
type WantedAddress = WantedOrder & { readonly wanted?: string | null };
interface Orders {
  readonly setting: ServiceSetting;
  readonly orders: readonly WantedAddress[];
  readonly group: string;
  readonly run: RunRef;
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

export function timesOf(integration: IntegrationRecord): IntegrationTimes {
  const { name, requestTimeoutMs, fenceMs, coolDownMs, quarantineMs, maxAttempts, maxConflicts, onConflict, dialect } =
    integration;
  return {
    name,
    requestTimeoutMs,
    fenceMs,
    coolDownMs,
    quarantineMs,
    maxAttempts,
    maxConflicts,
    onConflict,
    unread: dialect === null,
  };
}

function ticketOf(
  opened: OpenedOrder,
  request: OpenOrder,
  { setting, integration }: { readonly setting: ServiceSetting; readonly integration: IntegrationRecord },
): OpenedTicket | { readonly failure: Failure } {
  switch (opened.kind) {
    case 'closed':
      return { kind: 'closed', order: request.order, outcome: opened.outcome };
    case 'open':
    case 'holds': {
      const { order } = opened;
      const ticket: OrderTicket = {
        order: order.id,
        integration: order.integration,
        family: order.family,
        group: order.group,
        mark: order.mark,
        ptr: order.ptr ?? setting.service.domain,
        wanted: order.wanted,
        fenceMs: integration.fenceMs,
        run: request.run,
      };
      if (opened.kind === 'open') return { kind: 'open', ticket, attempts: order.attempts };
      return { kind: 'holds', ...heldBy(ticket, opened.address) };
    }
    case 'differs':
    case 'owned':
    case 'removing':
    case 'too-many':
      return { failure: refusals.ofOrder(opened, request) };
  }
}

/**
 * An address that moved here from a closed order keeps the tag it carries in IPmanager, and gets this order's PTR; any
 * other keeps the PTR that is wanted for it, which its customer may have changed since.
 */
function heldBy(ticket: OrderTicket, row: AddressRecord) {
  const moved = row.mark !== null && row.mark.tag !== ticket.mark.tag;
  const wanted = moved ? ticket.ptr : (row.ptr ?? ticket.ptr);
  const ptrWritten = row.ptrSeen !== null && samePtr(row.ptrSeen, wanted);
  return { ticket: { ...ticket, mark: row.mark ?? ticket.mark, ptr: wanted }, address: addressView(row), ptrWritten };
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

function sameOwner(one: RunRef, other: RunRef): boolean {
  return one.workflowId === other.workflowId && one.runId === other.runId;
}
