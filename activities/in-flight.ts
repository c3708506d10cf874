import type { Failure } from '../workflows/domain/failure.ts';
import type { Deps } from './deps.ts';
import type { AddressRecord, RunRef } from './ledger/records.ts';
import * as refusals from './refusals.ts';

/** The running workflow that sets a reserved address up: releasing under its feet would leave it waiting. */
export async function settingUp(deps: Deps, row: AddressRecord, run: RunRef): Promise<string | undefined> {
  const order = row.order === null ? undefined : await deps.ledger.orders.find(row.order);
  if (order === undefined || order.owner.workflowId === run.workflowId) return undefined;
  if (await isRemoving(deps, row)) return undefined;
  return (await deps.runs.closedAt(order.owner)) === undefined ? order.owner.workflowId : undefined;
}

/** A release that has begun, as far as it matters to whoever takes the address up again. */
export interface Begun {
  readonly ip: string;
  /** Nobody's when the release looked, as its run had ended; missing in tickets of versions before. */
  readonly reserved?: boolean;
  readonly run: RunRef;
}

/**
 * An order that holds its address needs no lock: one sent again while the release waits takes it up under its feet, and may
 * have answered it and made it active by now (I4).
 */
export async function takenUp(deps: Deps, { ip, reserved, run }: Begun): Promise<Failure | undefined> {
  const row = await deps.ledger.addresses.find(ip);
  if (row?.state === 'reserved') {
    const busy = await settingUp(deps, row, run);
    return busy === undefined ? undefined : refusals.inFlight(ip, busy);
  }
  if (row?.state !== 'active' || reserved !== true || (await isRemoving(deps, row))) return undefined;
  return refusals.activeMeanwhile(ip, row.service ?? '');
}

async function isRemoving(deps: Deps, { service }: AddressRecord): Promise<boolean> {
  return service !== null && (await deps.ledger.services.find(service))?.state === 'removing';
}
