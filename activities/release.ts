import type { AddressView } from '../workflows/contract.ts';
import type { Failure } from '../workflows/domain/failure.ts';
import { ownership, tagOf } from '../workflows/domain/tag.ts';
import type { AddressState } from '../workflows/domain/states.ts';
import type { OrderTicket } from './allocation.ts';
import type { Deps } from './deps.ts';
import { applicationFailure } from './failures.ts';
import { heartbeating } from './heartbeat.ts';
import { timesOf, type IntegrationTimes } from './integration-times.ts';
import { settingUp, takenUp } from './in-flight.ts';
import type { RemoteAddress } from './ipmanager/ip-manager.ts';
import type { AddressRecord, RunRef } from './ledger/records.ts';
import { lockAddress, unlockAddress, type Locked } from './locking.ts';
import * as refusals from './refusals.ts';
import { unwritten } from './ptr.ts';
import { addressView } from './views.ts';

/** One address on its way out; what the steps need to know of it. */
export interface ReleaseTicket {
  readonly ip: string;
  readonly reason: string;
  readonly integration: IntegrationTimes;
  /** Taken off this service first; nothing when no server can be using it. */
  readonly service: string | null;
  readonly server: string | null;
  readonly serverTimeoutMs: number;
  /** The row was `releasing` already: an earlier run ended in the middle. */
  readonly unbound: boolean;
  /** An earlier run may have sent its delete: nothing keeps the address any more. */
  readonly deleteBegun: boolean;
  /** No run had it when this one looked, and it was on no service yet. */
  readonly reserved: boolean;
  readonly run: RunRef;
}

export type ReleaseLook =
  | { readonly kind: 'ready'; readonly ticket: ReleaseTicket }
  /** Nothing to do: the state it has. */
  | { readonly kind: 'not-held'; readonly state: AddressState }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | Locked;

export type Unbound =
  | { readonly kind: 'unbound' }
  /** `protected`, `taken-up`: since the look; it may be off its server already. */
  | { readonly kind: 'protected' | 'taken-up' | 'refused'; readonly failure: Failure }
  | Locked;

export type DeleteAnswer =
  | { readonly kind: 'gone'; readonly address: AddressView }
  /** Clear: the panel refuses, or the row is in use again; the lock is held on. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | Locked;

export type GiveBackAnswer = DeleteAnswer | Left;

type Left =
  /** Not ours at the remote: left alone. */
  | { readonly kind: 'stray' }
  /** On a service or in quarantine here: on record and kept held; `mark`: as a conflict that is to be marked, under the lock. */
  | { readonly kind: 'in-use'; readonly mark: boolean };

export function releaseActivities(deps: Deps) {
  return {
    lookForRelease: (ip: string, reason: string, run: RunRef) => lookForRelease(deps, { ip, reason, run }),
    /** The same for a release that was begun before: what is on a service again is left there. */
    lookForUnfinished: async (ip: string, reason: string, run: RunRef): Promise<ReleaseLook> => {
      const row = await deps.ledger.addresses.find(ip);
      if (row !== undefined && row.state !== 'releasing') return { kind: 'not-held', state: row.state };
      return lookForRelease(deps, { ip, reason, run });
    },
    unbind: (ticket: ReleaseTicket) => unbind(deps, ticket),
    deleteAddress: (target: DeleteTarget) => deleteAddress(deps, target),
    giveBack: (ticket: OrderTicket, ip: string, why: GiveBack) => giveBack(deps, ticket, { ...why, ip }),
    rebind: (ticket: ReleaseTicket) => rebind(deps, ticket),
    unlock: (ip: string, run: RunRef) => unlockAddress(deps, ip, run),
  };
}

/** Takes the lock and says what stands before a release. Ledger only. */
async function lookForRelease(deps: Deps, { ip, reason, run }: Departure): Promise<ReleaseLook> {
  const row = await deps.ledger.addresses.find(ip);
  if (row === undefined) return { kind: 'refused', failure: refusals.notHeld(ip) };
  if (row.state === 'quarantined' || row.state === 'released') return { kind: 'not-held', state: row.state };
  if (row.protected) return { kind: 'refused', failure: refusals.isProtected(ip) };
  const busy = row.state === 'reserved' ? await settingUp(deps, row, run) : undefined;
  if (busy !== undefined) return { kind: 'refused', failure: refusals.inFlight(ip, busy) };
  const integration = await deps.ledger.settings.integrations.find(row.integration);
  if (integration === undefined) return { kind: 'refused', failure: refusals.notHeld(ip) };
  const { fenceMs } = integration;
  const lock = await lockAddress(deps, ip, { run, reason: `release of ${ip}: ${reason}`, fenceMs });
  if (lock.kind === 'locked') return lock;
  // Off its service already, an earlier run ended in the middle: `keep` must know where it goes back to.
  const holder = row.service ?? row.formerService;
  const service = holder === null ? undefined : await deps.ledger.services.find(holder);
  const server = service && (await deps.ledger.settings.servers.find(service.server));
  return {
    kind: 'ready',
    ticket: {
      ip,
      reason,
      integration: timesOf(integration),
      service: service?.id ?? null,
      server: server?.name ?? null,
      serverTimeoutMs: server?.requestTimeoutMs ?? 0,
      unbound: row.state === 'releasing',
      deleteBegun: row.state === 'releasing' && row.deleteBegun,
      reserved: row.state === 'reserved',
      run,
    },
  };
}

/** Unbinds and sets `releasing`: one transaction; unlocks when a cool-down follows. Ledger only. */
async function unbind(deps: Deps, ticket: ReleaseTicket): Promise<Unbound> {
  const { ip, reason, run } = ticket;
  // Ours since the look, or gone with a first try of this very step whose answer was lost.
  const { fenceMs, coolDownMs } = ticket.integration;
  const lock = await lockAddress(deps, ip, { run, reason: `release of ${ip}: ${reason}`, fenceMs });
  if (lock.kind === 'locked') return lock;
  const failure = await takenUp(deps, ticket);
  if (failure !== undefined) return { kind: 'taken-up', failure };
  const begun = await deps.ledger.releases.begin({ ip, reason, run });
  if (begun.kind === 'protected') return { kind: 'protected', failure: refusals.isProtected(ip) };
  if (begun.kind === 'not-held') return { kind: 'refused', failure: refusals.notHeld(ip) };
  if (begun.kind === 'lock-lost') throw applicationFailure(lockLost(ip), true);
  if (coolDownMs > 0) await unlockAddress(deps, ip, run);
  return { kind: 'unbound' };
}

/**
 * The second half, under the lock held to its end: still unused here, read by address (I4); still ours there; one
 * delete; confirmed absent or pending → quarantined. Safe to repeat: it begins with looking.
 */
async function deleteAddress(deps: Deps, target: DeleteTarget): Promise<DeleteAnswer> {
  const { ip, run } = target;
  const over = await deps.ledger.releases.finished({ ip, run });
  if (over !== undefined) return { kind: 'gone', address: addressView(over) };
  const lock = await lockAddress(deps, ip, { run, reason: `release of ${ip}`, fenceMs: target.fenceMs });
  if (lock.kind === 'locked') return lock;
  const row = await deps.ledger.releases.stillUnused({ ip, run });
  if (row === 'lock-lost') throw applicationFailure(lockLost(ip), true);
  if (row === 'in-use') return notReleasing(deps, target);
  return heartbeating(() => deleteUnderLock(deps, row, target));
}

/** A second copy of this step may have come to the end between our look and our lock; else the row is in use again. */
async function notReleasing(deps: Deps, { ip, run }: DeleteTarget): Promise<DeleteAnswer> {
  const over = await deps.ledger.releases.finished({ ip, run });
  if (over === undefined) return { kind: 'refused', failure: inUseAgain(ip) };
  await unlockAddress(deps, ip, run);
  return { kind: 'gone', address: addressView(over) };
}

async function deleteUnderLock(deps: Deps, row: AddressRecord, target: DeleteTarget): Promise<DeleteAnswer> {
  const panel = await deps.panels.of(row.integration);
  const seen = await panel.read(row.ip);
  if (seen?.state === 'held' && (await isOurs(deps, row, seen))) {
    const outcome = await panel.release(row.ip);
    if (outcome.kind !== 'done' && outcome.kind !== 'absent') return unwritten(outcome, row.ip);
    const after = await panel.read(row.ip);
    if (after?.state === 'held' && (await isOurs(deps, row, after)))
      return { kind: 'unknown', failure: stillThere(row.ip) };
  }
  const { ip, quarantineMs, run } = target;
  return { kind: 'gone', address: addressView(await deps.ledger.releases.finish({ ip, quarantineMs, run })) };
}

/** Our tag; or no tag at all and our row is `untagged`; or a conflict's tag of ours (design.md 3, "Release"). */
async function isOurs(deps: Deps, row: AddressRecord, seen: RemoteAddress): Promise<boolean> {
  if (row.untagged && tagOf(seen.note) === undefined) return true;
  const whose = row.mark === null ? 'other' : ownership(seen, row.mark);
  // `cut`: our own tag, shortened by a panel that cannot keep it whole.
  if (whose === 'ours' || whose === 'cut') return true;
  const conflict = await deps.ledger.addresses.openConflict(row.ip);
  const marker = conflict && (await deps.ledger.orders.find(conflict.order));
  return marker !== undefined && ownership(seen, marker.mark) === 'ours';
}

/**
 * An address of an order that will not keep it: bound already, or only found by its tag. It goes back by the release
 * steps, without cool-down as no server had it; what does not carry the order's tag is left alone.
 */
async function giveBack(
  deps: Deps,
  ticket: OrderTicket,
  { ip, ...why }: GiveBack & { readonly ip: string },
): Promise<GiveBackAnswer> {
  const reason = `order ${ticket.order}: ${why.reason}`;
  const over = await deps.ledger.releases.finished({ ip, order: ticket.order, run: ticket.run });
  if (over !== undefined) return { kind: 'gone', address: addressView(over) };
  const lock = await lockAddress(deps, ip, { run: ticket.run, reason, fenceMs: ticket.fenceMs });
  if (lock.kind === 'locked') return lock;
  const row = await deps.ledger.addresses.find(ip);
  const bound = row?.order === ticket.order && (row.state === 'reserved' || row.state === 'active');
  if (bound) await deps.ledger.releases.begin({ ip, reason, run: ticket.run });
  else if (row?.order !== ticket.order || row.state !== 'releasing') {
    const left = await takeIn(deps, ticket, { ip, reason });
    if (left !== undefined) return left;
  }
  return deleteAddress(deps, { ip, fenceMs: ticket.fenceMs, quarantineMs: why.quarantineMs, run: ticket.run });
}

/** Taken into the ledger as `releasing`, or why it is left where it is; the lock is gone then, but for a mark to come. */
async function takeIn(
  deps: Deps,
  ticket: OrderTicket,
  { ip, reason }: Pick<Departure, 'ip' | 'reason'>,
): Promise<Left | undefined> {
  const panel = await deps.panels.of(ticket.integration);
  const seen = await heartbeating(() => panel.read(ip));
  const whose = seen?.state === 'held' ? ownership(seen, ticket.mark) : 'other';
  const { order, run } = ticket;
  if (seen !== undefined && (whose === 'ours' || whose === 'cut')) {
    const { group } = seen;
    const taken = await deps.ledger.releases.extra({ ip, order, group, reason, run });
    if (taken === 'releasing') return undefined;
    // A row here knows it: on record as a conflict or as parked it stays held, as if it had been offered (steps 4 and 5).
    const known = await deps.ledger.orders.claim({ order, ip, group, run });
    if (known.kind === 'in-use' && known.mark) return { kind: 'in-use', mark: true };
    await unlockAddress(deps, ip, run);
    return known.kind === 'in-use' || known.kind === 'withheld' ? { kind: 'in-use', mark: false } : { kind: 'stray' };
  }
  await unlockAddress(deps, ip, run);
  return { kind: 'stray' };
}

/** `keep` before the second lock: bound again as it was. Ledger only. */
async function rebind(deps: Deps, { ip, integration, run }: ReleaseTicket): Promise<Rebound> {
  // During a cool-down nobody has the lock.
  const lock = await lockAddress(deps, ip, { run, reason: `${ip} is kept`, fenceMs: integration.fenceMs });
  if (lock.kind === 'locked') return lock;
  const row = await deps.ledger.releases.rebind({ ip, reason: 'kept', run });
  if (row === 'not-releasing' || row === 'service-gone') {
    return { kind: row, state: (await deps.ledger.addresses.find(ip))?.state ?? 'released' };
  }
  return { kind: 'kept', address: addressView(row) };
}

interface Departure {
  readonly ip: string;
  readonly reason: string;
  readonly run: RunRef;
}

export interface DeleteTarget {
  readonly ip: string;
  readonly fenceMs: number;
  readonly quarantineMs: number;
  readonly run: RunRef;
}

export interface GiveBack {
  readonly reason: string;
  readonly quarantineMs: number;
}

export type Rebound =
  | { readonly kind: 'kept'; readonly address: AddressView }
  | { readonly kind: 'not-releasing' | 'service-gone'; readonly state: AddressState }
  | Locked;

function inUseAgain(ip: string): Failure {
  return {
    code: 'address-in-use',
    message: `${ip} is on a service again, so it is not released`,
    value: ip,
    next: 'see iptally address show; nothing was deleted',
  };
}

function stillThere(ip: string): Failure {
  return {
    code: 'unknown-outcome',
    message: `IPmanager answered done, but ${ip} is still held there with our tag`,
    value: ip,
    next: 'nothing: it is read again once the fence is over',
  };
}

function lockLost(ip: string): Failure {
  return {
    code: 'lock-lost',
    message: `the lock of ${ip} went to another run meanwhile`,
    value: ip,
    next: 'see who has it (iptally doctor)',
  };
}
