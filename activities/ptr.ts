import type { AddressView } from '../workflows/contract.ts';
import { tagNotKept } from '../workflows/domain/allocation-failures.ts';
import type { Failure } from '../workflows/domain/failure.ts';
import { samePtr } from '../workflows/domain/hostname.ts';
import { ownership, tagOf, withTag, type Mark } from '../workflows/domain/tag.ts';
import type { Deps } from './deps.ts';
import { applicationFailure } from './failures.ts';
import { heartbeating } from './heartbeat.ts';
import type { MutationOutcome, RemoteAddress } from './ipmanager/ip-manager.ts';
import type { RunRef } from './ledger/records.ts';
import { lockAddress, unlockAddress, type Locked } from './locking.ts';
import { ptrRefused } from './refusals.ts';
import { addressView } from './views.ts';

/** An address whose PTR is to be written, under its lock. */
export interface PtrTarget {
  readonly ip: string;
  readonly integration: string;
  readonly ptr: string;
  /** Our tag; nothing for a row that is `untagged` here. */
  readonly mark: Mark | null;
  readonly fenceMs: number;
  readonly run: RunRef;
}

export type PtrAnswer =
  | { readonly kind: 'written'; readonly address: AddressView }
  /** Clear: nothing was changed; the lock is held on. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** The lock is held on until the fence is over (design.md 3, `changePtr`). */
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | Locked;

export function ptrActivities(deps: Deps) {
  return {
    writePtr: (target: PtrTarget) => writePtr(deps, target),
    beginPtrChange: (change: PtrChangeRequest) => beginPtrChange(deps, change),
    /** A clear refusal: what was wanted before is wanted again; unlocks. */
    revertPtr: (ip: string, ptr: string | null, run: RunRef) => deps.ledger.addresses.revertPtr({ ip, ptr, run }),
  };
}

/** Steps 6 and 7: holder read under the lock (I5), whole form back, read back, saved, unlocked. Safe to repeat. */
async function writePtr(deps: Deps, target: PtrTarget): Promise<PtrAnswer> {
  const reason = `PTR of ${target.ip} becomes ${target.ptr}`;
  const lock = await lockAddress(deps, target.ip, { run: target.run, reason, fenceMs: target.fenceMs });
  if (lock.kind === 'locked') return lock;
  const answer = await heartbeating(() => writeAtPanel(deps, target));
  if (answer.kind !== 'written') return answer;
  const saved = await deps.ledger.addresses.savePtr({
    ip: target.ip,
    ptr: target.ptr,
    ptrSeen: answer.ptrSeen,
    unlock: true,
    run: target.run,
  });
  if (saved === 'lock-lost') return { kind: 'refused', failure: lockLost(target.ip) };
  return { kind: 'written', address: addressView(saved) };
}

async function writeAtPanel(deps: Deps, target: PtrTarget) {
  const panel = await deps.panels.of(target.integration);
  const row = await panel.read(target.ip);
  const stranger = strangerAt(row, target);
  if (row === undefined || stranger !== undefined) {
    return { kind: 'refused', failure: stranger ?? gone(target.ip) } as const;
  }
  const note = target.mark === null ? row.note : withTag(row.note, target.mark.tag);
  if (note !== row.note && isLabelled(row, target)) {
    // The label in the PTR is the only mark yet: it goes once the note was seen to keep the tag, never before.
    const kept = await keepTag(deps, row, target);
    if (kept !== undefined) return kept;
  }
  if (!samePtr(row.ptr, target.ptr) || note !== row.note) {
    const outcome = await panel.write({ ip: target.ip, ptr: target.ptr, note });
    if (outcome.kind !== 'done') return unwritten(outcome, target.ip);
  }
  const after = await panel.read(target.ip);
  if (after === undefined || !samePtr(after.ptr, target.ptr)) {
    return { kind: 'refused', failure: notTaken(target, after?.ptr ?? null) } as const;
  }
  return { kind: 'written', ptrSeen: after.ptr } as const;
}

/** Nothing when the note keeps the tag whole; else why this panel gets no more orders. */
async function keepTag(deps: Deps, row: RemoteAddress, target: PtrTarget) {
  const panel = await deps.panels.of(target.integration);
  const outcome = await panel.write({ ip: row.ip, ptr: row.ptr, note: withTag(row.note, target.mark?.tag ?? '') });
  if (outcome.kind !== 'done') return unwritten(outcome, row.ip);
  const after = await panel.read(row.ip);
  if (after !== undefined && tagOf(after.note) === target.mark?.tag) return undefined;
  await deps.ledger.settings.integrations.markTagNotKept(target.integration);
  return { kind: 'refused', failure: tagNotKept([row.ip]) } as const;
}

/** Holder and actor are checked again under the lock; the wanted PTR is in the ledger before it is written (I5). */
async function beginPtrChange(
  deps: Deps,
  change: PtrChangeRequest,
): Promise<PtrChange | Locked | { readonly kind: 'refused'; readonly failure: Failure }> {
  const found = await deps.ledger.addresses.find(change.ip);
  const integration = found && (await deps.ledger.settings.integrations.find(found.integration));
  if (found === undefined || integration === undefined) {
    return { kind: 'refused', failure: ptrRefused('not-held', change.ip, change.actor) };
  }
  const reason = `${change.actor} changes the PTR of ${change.ip}`;
  const { fenceMs, requestTimeoutMs } = integration;
  const lock = await lockAddress(deps, change.ip, { run: change.run, reason, fenceMs });
  if (lock.kind === 'locked') return lock;
  const begun = await deps.ledger.addresses.beginPtrChange(change);
  if (begun.kind === 'begun') {
    const { mark, untagged } = begun.address;
    const target = { ip: change.ip, integration: integration.name, ptr: change.ptr, fenceMs, run: change.run };
    return {
      kind: 'begun',
      before: begun.before,
      requestTimeoutMs,
      service: begun.address.service,
      target: { ...target, mark: untagged ? null : mark },
    };
  }
  await unlockAddress(deps, change.ip, change.run);
  if (begun.kind === 'lock-lost') throw applicationFailure(lockLost(change.ip), true);
  return { kind: 'refused', failure: ptrRefused(begun.kind, change.ip, change.actor) };
}

export interface PtrChangeRequest {
  readonly ip: string;
  readonly ptr: string;
  readonly actor: string;
  readonly run: RunRef;
}

export interface PtrChange {
  readonly kind: 'begun';
  readonly before: string | null;
  readonly requestTimeoutMs: number;
  readonly service: string | null;
  readonly target: PtrTarget;
}

/** Taken with the mark as its host label (design.md 7, "The panel's dialect"). */
function isLabelled(row: RemoteAddress, { mark }: PtrTarget): boolean {
  return mark !== null && row.ptr.split('.')[0] === mark.label;
}

/** Somebody else's tag stands on it: nothing is written then (I5). */
function strangerAt(row: RemoteAddress | undefined, { ip, mark }: PtrTarget): Failure | undefined {
  if (row === undefined) return undefined;
  const ours = mark === null ? tagOf(row.note) === undefined : ownership(row, mark) !== 'other';
  if (ours) return undefined;
  return {
    code: 'address-not-ours',
    message: `${ip} carries the tag of another owner in IPmanager`,
    value: ip,
    next: 'see who holds it there (iptally address show); nothing was written',
  };
}

/** What a mutation that was not done means: the first two are tried again by the activity's own retries. */
export function unwritten(
  outcome: Exclude<MutationOutcome, { kind: 'done' }>,
  ip: string,
): { readonly kind: 'refused' | 'unknown'; readonly failure: Failure } {
  switch (outcome.kind) {
    case 'not-sent':
    case 'not-logged-in':
      throw applicationFailure(outcome.failure, true);
    case 'absent':
      return { kind: 'refused', failure: gone(ip) };
    case 'refused':
    case 'unknown':
      return { kind: outcome.kind, failure: outcome.failure };
  }
}

function gone(ip: string): Failure {
  return {
    code: 'address-gone',
    message: `${ip} is not held in IPmanager any more`,
    value: ip,
    next: 'the nightly sync repairs it, or release the address and order another',
  };
}

function notTaken({ ip, ptr }: PtrTarget, seen: string | null): Failure {
  return {
    code: 'ptr-not-taken',
    message: `IPmanager answered done, but the PTR of ${ip} reads ${seen === null || seen === '' ? 'nothing' : seen}`,
    value: ptr,
    next: 'see whether the panel serves the reverse zone of this address',
  };
}

function lockLost(ip: string): Failure {
  return {
    code: 'lock-lost',
    message: `the lock of ${ip} went to another run meanwhile`,
    value: ip,
    next: 'see who has it (iptally doctor); nothing was saved',
  };
}
