import type { Failure } from '../workflows/domain/failure.ts';
import { conflictMark, samePtr } from '../workflows/domain/hostname.ts';
import { withTag, withoutTag } from '../workflows/domain/tag.ts';
import type { OrderTicket } from './allocation.ts';
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
    }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type ResolveAnswer =
  | { readonly kind: 'resolved'; readonly service: string | null; readonly ptr: string | null }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | Locked;

export function conflictActivities(deps: Deps) {
  /**
   * Step 5: the conflict is in the ledger already; now the mark goes onto the address, which stays held so that it is not
   * offered again. The one PTR written on an address of somebody else, and it can be undone (I5). Unlocks.
   */
  async function markConflict(ticket: OrderTicket, ip: string): Promise<MarkAnswer> {
    const lock = await lockAddress(deps, ip, {
      run: ticket.run,
      reason: `conflict mark on ${ip}`,
      fenceMs: ticket.fenceMs,
    });
    if (lock.kind === 'locked') return lock;
    const answer = await heartbeating(() => writeMark(ticket, ip));
    if (answer.kind === 'marked') {
      await deps.ledger.addresses.conflictMarked({ ip, order: ticket.order, run: ticket.run });
    } else if (answer.kind === 'refused') await unlockAddress(deps, ip, ticket.run);
    return answer;
  }

  async function writeMark(ticket: OrderTicket, ip: string) {
    const panel = await deps.panels.of(ticket.integration);
    const row = await panel.read(ip);
    if (row !== undefined && samePtr(row.ptr, conflictMark)) return { kind: 'marked' } as const;
    const note = row === undefined ? ticket.mark.tag : withTag(row.note, ticket.mark.tag);
    const outcome = await panel.write({ ip, ptr: conflictMark, note });
    return outcome.kind === 'done' ? ({ kind: 'marked' } as const) : unwritten(outcome, ip);
  }

  /** The timings a resolution works with: those of the integration the conflict is in. Ledger only. */
  async function lookForConflict(ip: string): Promise<ConflictLook> {
    const conflict = await deps.ledger.addresses.openConflict(ip);
    const integration = conflict && (await deps.ledger.settings.integrations.find(conflict.integration));
    if (conflict === undefined || integration === undefined) return { kind: 'refused', failure: noConflict(ip) };
    const { name, requestTimeoutMs, fenceMs } = integration;
    return { kind: 'conflict', integration: name, service: conflict.holder, requestTimeoutMs, fenceMs };
  }

  /** `address resolve`: the holder's PTR and tag come back, from what the ledger kept with the conflict. */
  async function resolveConflict(ip: string, run: RunRef): Promise<ResolveAnswer> {
    const conflict = await deps.ledger.addresses.openConflict(ip);
    const integration = conflict && (await deps.ledger.settings.integrations.find(conflict.integration));
    if (conflict === undefined || integration === undefined) return { kind: 'refused', failure: noConflict(ip) };
    const { fenceMs } = integration;
    const lock = await lockAddress(deps, ip, { run, reason: `conflict on ${ip} is resolved`, fenceMs });
    if (lock.kind === 'locked') return lock;
    const answer = await heartbeating(() => bringBack(conflict));
    if (answer.kind === 'resolved') {
      await deps.ledger.addresses.conflictResolved({ ip, ptrSeen: answer.ptr, run });
    } else if (answer.kind === 'refused') await unlockAddress(deps, ip, run);
    return answer;
  }

  async function bringBack(conflict: ConflictRecord) {
    const { ip, holder: service, holderPtr, holderTag } = conflict;
    const current = await deps.ledger.addresses.find(ip);
    // Offered by the panel of another integration: nothing was written there, and the holder's PTR and tag stand in its own.
    if (!conflict.mark) return { kind: 'resolved', service, ptr: current?.ptrSeen ?? null } as const;
    const panel = await deps.panels.of(conflict.integration);
    const row = await panel.read(ip);
    // What must come back is what the holder wants now: its PTR may have been changed in the ledger since.
    const ptr = (current?.service === service ? current?.ptr : undefined) ?? holderPtr ?? '';
    const rest = withoutTag(row?.note ?? '');
    const note = holderTag === null ? rest : withTag(rest, holderTag);
    const outcome = await panel.write({ ip, ptr, note });
    return outcome.kind === 'done' ? ({ kind: 'resolved', service, ptr } as const) : unwritten(outcome, ip);
  }

  return { markConflict, lookForConflict, resolveConflict };
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
