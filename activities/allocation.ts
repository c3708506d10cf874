import type { Failure } from '../workflows/domain/failure.ts';
import type { Mark } from '../workflows/domain/tag.ts';
import { ownership } from '../workflows/domain/tag.ts';
import type { Deps } from './deps.ts';
import { heartbeating } from './heartbeat.ts';
import type { AllocateOutcome, RemoteAddress } from './ipmanager/ip-manager.ts';
import { sharedListings, type SharedListings } from './ipmanager/shared-listing.ts';
import type { RunRef } from './ledger/records.ts';
import { lockAddress, unlockAddress, type Locked } from './locking.ts';
import { permittedRead } from './permitted-read.ts';

/** What the steps of one allocation need to know of its order; the mark and limits come from `openOrders`. */
export interface OrderTicket {
  readonly order: string;
  readonly integration: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly group: string;
  readonly mark: Mark;
  readonly ptr: string;
  readonly wanted: string | null;
  readonly fenceMs: number;
  readonly run: RunRef;
}

export type RequestAnswer = AllocateOutcome | { readonly kind: 'removing'; readonly failure: Failure };

export type ClaimAnswer =
  | { readonly kind: 'claimed' | 'not-ours' | 'tag-cut' | 'withheld' | 'wrong-family' }
  | { readonly kind: 'removing'; readonly failure: Failure }
  | { readonly kind: 'in-use'; readonly mark: boolean; readonly holder: string | null }
  | { readonly kind: 'extra'; readonly has: string }
  | Locked;

/** Nothing is sent later than this after `sentAt` was written: a stalled worker must not send behind the fence. */
const sendWithinMs = 5_000;

export function allocationActivities(deps: Deps) {
  const listings = sharedListings();
  return {
    requestAddress: (ticket: OrderTicket, attempt: number, freshSession: boolean) =>
      requestAddress(deps, ticket, { attempt, freshSession }),
    findByTag: (ticket: OrderTicket) => findByTag(deps, ticket, listings),
    claimAddress: (ticket: OrderTicket, ip: string) => claimAddress(deps, ticket, ip),
  };
}

/**
 * Step 2: one POST, one attempt. `sentAt` is written before it, and only the first copy of an attempt sends: a second one
 * at the same time (a zombie) answers `unknown`, because the first may be at it.
 */
async function requestAddress(
  deps: Deps,
  ticket: OrderTicket,
  { attempt, freshSession }: { readonly attempt: number; readonly freshSession: boolean },
): Promise<RequestAnswer> {
  const panel = await deps.panels.of(ticket.integration);
  if (freshSession) panel.forgetSession();
  if (panel.capabilities.tagInAllocation === 'none')
    return { kind: 'refused', failure: keepsNoTag(ticket.integration) };
  const ref = { order: ticket.order, attempt, run: ticket.run };
  // Before `sentAt` is written, which is somewhere between this and the answer: the earlier moment is the safe one.
  const asked = deps.now();
  const begun = await deps.ledger.orders.beginAttempt(ref);
  if (begun.kind === 'removing') return { kind: 'removing', failure: removing(ticket.order) };
  if (begun.kind !== 'begun') return { kind: 'unknown', failure: secondCopy(ticket.order, attempt) };
  const { family, group, mark, wanted } = ticket;
  const request = { family, group, mark, ...(wanted === null ? {} : { address: wanted }) };
  const outcome: AllocateOutcome =
    deps.now() - asked > sendWithinMs
      ? { kind: 'not-sent', failure: stalled(ticket.order) }
      : await heartbeating(() => panel.allocate(request));
  const ip = outcome.kind === 'allocated' ? { ip: outcome.ip } : {};
  await deps.ledger.orders.endAttempt({ ...ref, result: wordsOf(outcome), ...ip });
  return outcome;
}

/** Step 3: addresses that carry this order's tag, proven by complete listings begun after this call (I12). */
async function findByTag(deps: Deps, ticket: OrderTicket, listings: SharedListings): Promise<readonly string[]> {
  const panel = await deps.panels.of(ticket.integration);
  const found = await heartbeating((signal) => listings.find(panel, ticket.mark, signal));
  const known = await knownOf(deps, ticket);
  return found.filter((ip) => !known.has(ip));
}

/** A conflict or a parked address of this order carries its tag too, and is no find. */
async function knownOf(deps: Deps, ticket: OrderTicket): Promise<ReadonlySet<string>> {
  const conflicts = await deps.ledger.addresses.conflicts({ open: true, order: ticket.order });
  const parked = await deps.ledger.addresses.parked();
  return new Set([...conflicts, ...parked.filter(({ order }) => order === ticket.order)].map(({ ip }) => ip));
}

/** Step 4, under the address's lock, which is held on through steps 5 to 7. */
async function claimAddress(deps: Deps, ticket: OrderTicket, ip: string): Promise<ClaimAnswer> {
  const reason = `order ${ticket.order} takes ${ip}`;
  const lock = await lockAddress(deps, ip, { run: ticket.run, reason, fenceMs: ticket.fenceMs });
  if (lock.kind === 'locked') return lock;
  const panel = await deps.panels.of(ticket.integration);
  // One that is not shown is somebody else's. The list, read next, tells whether the login itself is well.
  const row = await heartbeating(() => permittedRead(panel, ip));
  const whose = row?.state === 'held' ? ownership(row, ticket.mark) : 'other';
  if (row === undefined || whose === 'other' || whose === 'untagged') {
    await unlockAddress(deps, ip, ticket.run);
    return { kind: 'not-ours' };
  }
  if (whose === 'cut') {
    await deps.ledger.settings.integrations.markTagNotKept(ticket.integration);
    return { kind: 'tag-cut' };
  }
  return bind(deps, ticket, row);
}

async function bind(deps: Deps, ticket: OrderTicket, { ip, group }: RemoteAddress): Promise<ClaimAnswer> {
  const { order, run } = ticket;
  const claim = await deps.ledger.orders.claim({ order, ip, group, run });
  switch (claim.kind) {
    case 'claimed':
    case 'wrong-family':
      return { kind: claim.kind };
    case 'in-use':
      if (!claim.mark) await unlockAddress(deps, ip, run);
      return { kind: 'in-use', mark: claim.mark, holder: claim.conflict.holder };
    case 'withheld':
      await unlockAddress(deps, ip, run);
      return { kind: 'withheld' };
    case 'removing':
      return { kind: 'removing', failure: removing(order) };
    case 'extra':
      await unlockAddress(deps, ip, run);
      return { kind: 'extra', has: claim.has };
    case 'lock-lost':
      return { kind: 'not-ours' };
  }
}

function wordsOf(outcome: AllocateOutcome): string {
  return outcome.kind === 'allocated' ? `allocated ${outcome.ip}` : `${outcome.kind}: ${outcome.failure.message}`;
}

function keepsNoTag(integration: string): Failure {
  return {
    code: 'tag-not-kept',
    message: `integration ${integration}: its panel keeps no note, so nothing taken there could be found again`,
    value: integration,
    next: 'let the panel keep notes, then iptally integration test; until then it gets no orders',
  };
}

function removing(order: string): Failure {
  return {
    code: 'service-removing',
    message: `order ${order}: its service is being removed`,
    value: order,
    next: 'wait until the removal has ended, then order the service anew',
  };
}

function secondCopy(order: string, attempt: number): Failure {
  return {
    code: 'unknown-outcome',
    message: `attempt ${attempt} of order ${order} was begun by another copy; what came of it is not known here`,
    next: 'nothing: the order looks for its tag once the fence is over',
  };
}

function stalled(order: string): Failure {
  return {
    code: 'worker-stalled',
    message: `order ${order}: more than 5 s passed before the request could be sent, so it was not sent`,
    next: 'nothing: it is tried again; see why the worker stalled if it happens often',
  };
}
