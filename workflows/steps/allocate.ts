import { patched } from '@temporalio/workflow';
import type { OrderTicket } from '../../activities/allocation.ts';
import type { OpenedTicket } from '../../activities/order-tickets.ts';
import type { AddressView } from '../contract.ts';
import { advance, begin, resume, type Limits, type Progress } from '../domain/allocation.ts';
import type { Event, Step } from '../domain/allocation-steps.ts';
import type { Failure } from '../domain/failure.ts';
import { ledger, listing, looking, once } from './activity-profiles.ts';
import { giveBack, markConflict } from './give-back.ts';
import { healConflict } from './heal.ts';
import { patches } from './patches.ts';
import type { Stage } from './stage.ts';
import { failureOf, insist, pause, untilClear } from './waiting.ts';

/** What an allocation works with. `stopped` is asked between steps; a request already sent is never aborted. */
export interface Desk {
  readonly stage: Stage;
  readonly limits: Limits;
  readonly requestTimeoutMs: number;
  readonly fenceMs: number;
  readonly quarantineMs: number;
  readonly onConflict: 'mark' | 'heal';
  readonly stopped: () => Failure | undefined;
}

export type Allocated =
  | Kept
  | ToGoBack
  | { readonly kind: 'refused'; readonly order: string; readonly failure: Failure };

export interface Kept {
  readonly kind: 'held';
  readonly ticket: OrderTicket;
  readonly address: AddressView;
}

/** Not to be kept, and held since an earlier run: it goes back once it is off its server, which the story sees to (I4). */
export interface ToGoBack {
  readonly kind: 'to-go-back';
  readonly ticket: OrderTicket;
  readonly address: AddressView;
  readonly failure: Failure;
}

/** One order to its end: an address reserved with its PTR written, or a stored refusal and nothing held (I7). */
export async function allocate(opened: OpenedTicket, desk: Desk): Promise<Allocated> {
  if (opened.kind === 'closed') return { kind: 'refused', order: opened.order, failure: opened.outcome.failure };
  const { ticket } = opened;
  if (opened.kind === 'holds' && opened.ptrWritten) return { kind: 'held', ticket, address: opened.address };
  let progress: Progress =
    opened.kind === 'holds'
      ? resume(opened.address.ip, desk.limits)
      : begin({ attempts: opened.attempts, wanted: ticket.wanted, limits: desk.limits });
  let written: AddressView | undefined;
  for (;;) {
    const { step } = progress;
    if (step.do === 'done' && written !== undefined) return { kind: 'held', ticket, address: written };
    if (step.do === 'hand-back' && opened.kind === 'holds' && patched(patches.heldOffItsServerFirst)) {
      const failure = step.failure ?? desk.stopped() ?? notKept(ticket.order);
      return { kind: 'to-go-back', ticket, address: opened.address, failure };
    }
    if (step.do === 'close' || step.do === 'stopped' || step.do === 'done') return close(ticket, step, desk);
    const event = await perform(step, ticket, desk);
    if (event.kind === 'ptr-written') written = event.address;
    progress = decided(progress, event, desk.stopped() !== undefined);
  }
}

/** As the protocol says; a run that took another address than the asked one, by the protocol of then, keeps to that. */
function decided(progress: Progress, event: Event, stop: boolean): Progress {
  const next = advance(progress, event, stop);
  if (progress.wanted === null || !progress.exact) return next;
  const formerly = advance({ ...progress, exact: false }, event, stop);
  const same = JSON.stringify(next.step) === JSON.stringify(formerly.step);
  return same || patched(patches.onlyAsAsked) ? next : formerly;
}

type Working = Exclude<Step, { do: 'close' | 'stopped' | 'done' }>;
type Seen = Exclude<Event, { kind: 'ptr-written' }> | { readonly kind: 'ptr-written'; readonly address: AddressView };

/** Performs one step of the protocol and says what was seen; decides nothing. */
async function perform(step: Working, ticket: OrderTicket, desk: Desk): Promise<Seen> {
  const { stage } = desk;
  switch (step.do) {
    case 'request':
      return requestAddress(step, ticket, desk);
    case 'back-off':
      stage.tell(`order ${ticket.order}: the panel was not reached; trying again`);
      await pause(
        Math.min(60_000, 1_000 * 2 ** (step.round - 1)),
        'the panel was not reached',
        () => desk.stopped() !== undefined,
      );
      return { kind: 'backed-off' };
    case 'fence':
      stage.tell(`order ${ticket.order}: no clear answer; waiting until nothing sent can land any more`);
      await pause(desk.fenceMs, `fence of order ${ticket.order}: what was sent may still land`);
      return { kind: 'fence-over' };
    case 'find':
      return find(ticket, desk);
    case 'claim':
      return claim(step.ip, ticket, desk);
    case 'mark':
      await markConflict(step.ip, ticket, desk);
      await healConflict(step.ip, ticket, desk);
      return { kind: 'marked' };
    case 'write-ptr':
      return writePtr(step.ip, ticket, desk);
    case 'give-back':
      return goBack(step.ips, ticket, desk);
    case 'hand-back':
      return goBack([step.ip], ticket, desk);
  }
}

async function requestAddress(
  { attempt, freshSession }: Extract<Step, { do: 'request' }>,
  ticket: OrderTicket,
  { stage, requestTimeoutMs }: Desk,
): Promise<Seen> {
  const which = ticket.wanted ?? `one ${ticket.family} address of group ${ticket.group}`;
  const summary = `take ${which} for order ${ticket.order}, attempt ${attempt}`;
  try {
    const answer = await once(requestTimeoutMs, summary).requestAddress(ticket, attempt, freshSession);
    const words = answer.kind === 'allocated' ? `IPmanager gave **${answer.ip}**` : answer.failure.message;
    stage.tell(`order ${ticket.order}, attempt ${attempt}: ${words}`);
    return answer.kind === 'removing' ? { kind: 'refused', failure: answer.failure } : answer;
  } catch (error) {
    // The worker may have died with the request on its way: whatever ended the activity, the outcome is unknown (I12).
    stage.tell(`order ${ticket.order}, attempt ${attempt}: ${failureOf(error).message}`);
    return { kind: 'unknown', failure: failureOf(error) };
  }
}

async function find(ticket: OrderTicket, { stage }: Desk): Promise<Seen> {
  const summary = `look for the tag of order ${ticket.order} in the whole list`;
  const found = await insist(stage, summary, async () => ({ ips: await listing(summary).findByTag(ticket) }));
  stage.tell(
    `order ${ticket.order}: ${found.ips.length === 0 ? 'its tag is on no address' : `found **${found.ips.join(', ')}**`}`,
  );
  return { kind: 'found', ips: found.ips };
}

async function claim(ip: string, ticket: OrderTicket, { stage, requestTimeoutMs }: Desk): Promise<Seen> {
  const summary = `check ${ip} for conflict and reserve it`;
  const answer = await insist(stage, summary, () => looking(requestTimeoutMs, summary).claimAddress(ticket, ip));
  if (answer.kind === 'in-use') stage.tell(`**conflict**: ${ip} is on service ${answer.holder ?? 'unknown'} already`);
  if (answer.kind === 'withheld') stage.tell(`${ip} is in quarantine after another customer; parked until it ends`);
  if (answer.kind === 'wrong-family') stage.tell(`${ip} is not ${ticket.family}; not kept`);
  if (answer.kind === 'not-ours') stage.tell(`${ip} does not carry our tag; not taken`);
  return answer;
}

async function writePtr(ip: string, ticket: OrderTicket, { stage, requestTimeoutMs, fenceMs }: Desk): Promise<Seen> {
  const what = `set the PTR of ${ip} to ${ticket.ptr} and read it back`;
  const { integration, ptr, mark: ours, run } = ticket;
  const target = { ip, integration, ptr, mark: ours, fenceMs, run };
  const answer = await untilClear(stage, { ms: fenceMs, what }, () =>
    looking(requestTimeoutMs, what, 4).writePtr(target),
  );
  if (answer.kind === 'refused') return { kind: 'ptr-refused', failure: answer.failure };
  stage.about({ address: ip });
  stage.tell(`PTR of **${ip}** is \`${ptr}\`; reserved and saved`);
  return { kind: 'ptr-written', address: answer.address };
}

async function goBack(ips: readonly string[], ticket: OrderTicket, desk: Desk): Promise<Seen> {
  const strays: string[] = [];
  for (const ip of ips) {
    const kept = await giveBack(ip, ticket, { ...desk, reason: desk.stopped()?.message ?? 'not kept' });
    if (kept === 'stray') strays.push(ip);
  }
  return { kind: 'given-back', strays };
}

async function close(ticket: OrderTicket, step: Step, desk: Desk): Promise<Allocated> {
  const failure = step.do === 'close' ? step.failure : (desk.stopped() ?? notKept(ticket.order));
  await closeOrder(ticket, failure, desk.stage);
  return { kind: 'refused', order: ticket.order, failure };
}

/** Stores the end of an order that holds nothing any more. */
export async function closeOrder({ order, run }: OrderTicket, failure: Failure, stage: Stage): Promise<void> {
  await insist(stage, `close order ${order}`, () => ledger.closeOrder(order, failure, run));
  stage.tell(`order ${order} ends without an address: ${failure.message}`);
}

function notKept(order: string): Failure {
  return { code: 'not-kept', message: `order ${order} was stopped`, next: 'order again under a new id' };
}
