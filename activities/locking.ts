import type { Deps } from './deps.ts';
import type { LockRecord, RunRef } from './ledger/records.ts';

/** A lock that another run has: the workflow shows it and asks again. */
export interface Locked {
  readonly kind: 'locked';
  readonly by: LockRecord;
}

export function addressLock(ip: string): string {
  return `address/${ip}`;
}

/**
 * Takes the lock of an address for a run. It is taken over only from an owner whose run is closed and when one fence has
 * passed since: until then something that owner sent may still land (design.md 2, "lock").
 */
export async function lockAddress(
  deps: Deps,
  ip: string,
  request: { readonly run: RunRef; readonly reason: string; readonly fenceMs: number },
): Promise<{ readonly kind: 'acquired' } | Locked> {
  const key = addressLock(ip);
  const taken = await deps.ledger.locks.acquire({ key, reason: request.reason, run: request.run });
  if (taken.kind === 'acquired') return taken;
  const closedAt = await deps.runs.closedAt(taken.by.owner);
  if (closedAt === undefined || deps.now() < closedAt.getTime() + request.fenceMs)
    return { kind: 'locked', by: taken.by };
  const { owner: from } = taken.by;
  const moved = await deps.ledger.locks.takeOver({ key, from, reason: request.reason, run: request.run });
  return moved ? { kind: 'acquired' } : { kind: 'locked', by: taken.by };
}

export async function unlockAddress(deps: Deps, ip: string, run: RunRef): Promise<void> {
  await deps.ledger.locks.release({ key: addressLock(ip), run });
}
