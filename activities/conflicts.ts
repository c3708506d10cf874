import type { Failure } from '../workflows/domain/failure.ts';
import { conflictMark, samePtr } from '../workflows/domain/hostname.ts';
import { withTag, withoutTag } from '../workflows/domain/tag.ts';
import type { OrderTicket } from './allocation.ts';
import { giveCopyBack } from './conflict-copy.ts';
import type { Deps } from './deps.ts';
import { heartbeating } from './heartbeat.ts';
import type { ConflictRecord, RunRef } from './ledger/records.ts';
import { lockAddress, unlockAddress, type Locked } from './locking.ts';
import { unwritten } from './ptr.ts';

export type MarkAnswer =
  | { readonly kind: 'marked' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | Locked;

export type ConflictLook =
  | {
      readonly kind: 'conflict';
      readonly integration: string;
      readonly service: string | null;
      readonly requestTimeoutMs: number;
      readonly fenceMs: number;
      /** Whether it is marked in IPmanager, or a copy that another integration's panel offered. */
      readonly mark: boolean;
    }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type ResolveAnswer =
  | {
      readonly kind: 'resolved';
      readonly service: string | null;
      readonly ptr: string | null;
      /** Integrations at which a copy went back. */
      readonly returned?: readonly string[];
    }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | Locked;

export function conflictActivities(deps: Deps) {
  return {
    markConflict: (ticket: OrderTicket, ip: string) => markConflict(deps, ticket, ip),
    lookForConflict: (ip: string) => lookForConflict(deps, ip),
    resolveConflict: (ip: string, run: RunRef) => resolveConflict(deps, ip, run),
  };
}

/**
 * Step 5: the conflict is in the ledger already; now the mark goes onto the address, which stays held so that it is not
 * offered again. The one PTR written on an address of somebody else, and it can be undone (I5). Unlocks.
 */
async function markConflict(deps: Deps, ticket: OrderTicket, ip: string): Promise<MarkAnswer> {
  const lock = await lockAddress(deps, ip, {
    run: ticket.run,
    reason: `conflict mark on ${ip}`,
    fenceMs: ticket.fenceMs,
  });
  if (lock.kind === 'locked') return lock;
  const answer = await heartbeating(() => writeMark(deps, ticket, ip));
  if (answer.kind === 'marked') {
    await deps.ledger.addresses.conflictMarked({ ip, order: ticket.order, run: ticket.run });
  } else if (answer.kind === 'refused') await unlockAddress(deps, ip, ticket.run);
  return answer;
}

async function writeMark(deps: Deps, ticket: OrderTicket, ip: string) {
  const panel = await deps.panels.of(ticket.integration);
  const row = await panel.read(ip);
  if (row !== undefined && samePtr(row.ptr, conflictMark)) return { kind: 'marked' } as const;
  const note = row === undefined ? ticket.mark.tag : withTag(row.note, ticket.mark.tag);
  const outcome = await panel.write({ ip, ptr: conflictMark, note });
  return outcome.kind === 'done' ? ({ kind: 'marked' } as const) : unwritten(outcome, ip);
}

/** The timings a resolution works with: of all integrations that have a part in it. Ledger only. */
async function lookForConflict(deps: Deps, ip: string): Promise<ConflictLook> {
  const [first, ...more] = await openOn(deps, ip);
  const found = await Promise.all([first, ...more].map((one) => timesOf(deps, one)));
  const times = found.filter((one) => one !== undefined);
  if (first === undefined || times.length === 0) return { kind: 'refused', failure: noConflict(ip) };
  return {
    kind: 'conflict',
    integration: first.integration,
    service: first.holder,
    requestTimeoutMs: times.reduce((sum, { requestTimeoutMs }) => sum + requestTimeoutMs, 0),
    fenceMs: Math.max(...times.map(({ fenceMs }) => fenceMs)),
    mark: first.mark,
  };
}

async function timesOf(deps: Deps, conflict: ConflictRecord | undefined) {
  return conflict && (await deps.ledger.settings.integrations.find(conflict.integration));
}

/** The one of which something must come back goes first; then by age. */
async function openOn(deps: Deps, ip: string): Promise<readonly ConflictRecord[]> {
  const open = (await deps.ledger.addresses.conflicts({ open: true })).filter((one) => one.ip === ip);
  return open.toSorted((one, other) => Number(other.mark) - Number(one.mark));
}

/**
 * `address resolve`: the holder's PTR and tag come back, from what the ledger kept with the conflict; what panels of other
 * integrations offered goes back there.
 */
async function resolveConflict(deps: Deps, ip: string, run: RunRef): Promise<ResolveAnswer> {
  const look = await lookForConflict(deps, ip);
  if (look.kind === 'refused') return look;
  const { fenceMs } = look;
  const lock = await lockAddress(deps, ip, { run, reason: `conflict on ${ip} is resolved`, fenceMs });
  if (lock.kind === 'locked') return lock;
  const answer = await heartbeating(async () => resolveAll(deps, ip, await openOn(deps, ip)));
  if (answer.kind === 'resolved') {
    await deps.ledger.addresses.conflictResolved({ ip, ptrSeen: answer.ptr, run });
  } else if (answer.kind === 'refused') await unlockAddress(deps, ip, run);
  return answer;
}

async function resolveAll(deps: Deps, ip: string, open: readonly ConflictRecord[]) {
  const [first] = open;
  if (first === undefined) return { kind: 'refused', failure: noConflict(ip) } as const;
  const returned: string[] = [];
  for (const copy of open.filter(({ mark }) => !mark)) {
    const answer = await giveCopyBack(deps, copy);
    if (answer.kind === 'refused' || answer.kind === 'unknown') return answer;
    if (answer.kind === 'gone') returned.push(copy.integration);
  }
  const back = first.mark ? await bringBack(deps, first) : await untouched(deps, first);
  return back.kind === 'resolved' && returned.length > 0 ? { ...back, returned } : back;
}

/** Nothing was written on the holder's own row. */
async function untouched(deps: Deps, { ip, holder: service }: ConflictRecord) {
  const current = await deps.ledger.addresses.find(ip);
  return { kind: 'resolved', service, ptr: current?.ptrSeen ?? null } as const;
}

async function bringBack(deps: Deps, conflict: ConflictRecord) {
  const { ip, holder: service, holderPtr, holderTag } = conflict;
  const current = await deps.ledger.addresses.find(ip);
  const panel = await deps.panels.of(conflict.integration);
  const row = await panel.read(ip);
  // What must come back is what the holder wants now: its PTR may have been changed in the ledger since.
  const ptr = (current?.service === service ? current?.ptr : undefined) ?? holderPtr ?? '';
  const rest = withoutTag(row?.note ?? '');
  const note = holderTag === null ? rest : withTag(rest, holderTag);
  const outcome = await panel.write({ ip, ptr, note });
  return outcome.kind === 'done' ? ({ kind: 'resolved', service, ptr } as const) : unwritten(outcome, ip);
}

function noConflict(ip: string): Failure {
  return {
    code: 'no-conflict',
    message: `${ip} is not recorded as in conflict`,
    field: 'address',
    value: ip,
    next: 'see iptally address show; nothing was done',
  };
}
