import type { AddressView } from '../workflows/contract.ts';
import type { Failure } from '../workflows/domain/failure.ts';
import { samePtr } from '../workflows/domain/hostname.ts';
import type { OrderTicket } from './allocation.ts';
import type { Deps } from './deps.ts';
import type { OpenedOrder, OpenOrder } from './ledger/ledger.ts';
import type { AddressRecord, RunRef, StoredOutcome } from './ledger/records.ts';
import * as refusals from './refusals.ts';
import { addressView } from './views.ts';

export type OpenedTicket =
  | { readonly kind: 'open'; readonly ticket: OrderTicket; readonly attempts: number }
  | {
      readonly kind: 'holds';
      readonly ticket: OrderTicket;
      readonly address: AddressView;
      readonly ptrWritten: boolean;
    }
  | { readonly kind: 'closed'; readonly order: string; readonly outcome: StoredOutcome };

export interface OrderToOpen extends OpenOrder {
  readonly fenceMs: number;
  /** Of the service: its PTR where the order names none. */
  readonly domain: string;
}

/** One after the other: an order may take over a reserved address that the next one must then not see. */
export async function openTickets(
  deps: Deps,
  orders: readonly OrderToOpen[],
): Promise<readonly OpenedTicket[] | { readonly failure: Failure }> {
  const tickets: OpenedTicket[] = [];
  for (const order of orders) {
    const { fenceMs: _fence, domain: _domain, ...request } = order;
    const opened = ticketOf(await openOrder(deps, request), order);
    if ('failure' in opened) return opened;
    tickets.push(opened);
  }
  return tickets;
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

function ticketOf(opened: OpenedOrder, request: OrderToOpen): OpenedTicket | { readonly failure: Failure } {
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
        ptr: order.ptr ?? request.domain,
        wanted: order.wanted,
        fenceMs: request.fenceMs,
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
 * An address that moved here from a closed order keeps the tag it carries in IPmanager, and gets this order's PTR. Any other
 * got its PTR from this order once it was read back: what is wanted since is its customer's, and no step of the order.
 */
function heldBy(ticket: OrderTicket, row: AddressRecord) {
  const moved = row.mark !== null && row.mark.tag !== ticket.mark.tag;
  const ptr = row.ptr ?? ticket.ptr;
  const read = row.ptrSeen !== null && (!moved || samePtr(row.ptrSeen, ptr));
  const ptrWritten = row.state === 'active' || read;
  return { ticket: { ...ticket, mark: row.mark ?? ticket.mark, ptr }, address: addressView(row), ptrWritten };
}

function sameOwner(one: RunRef, other: RunRef): boolean {
  return one.workflowId === other.workflowId && one.runId === other.runId;
}
