import { z } from 'zod';
import type { AddressRecord } from '../../../activities/ledger/records.ts';
import type { AddressFilter, Ledger } from '../../../activities/ledger/ledger.ts';
import { workflowIds } from '../../../workflows/contract.ts';
import { addressStates } from '../../../workflows/domain/states.ts';
import { ip as ipField } from '../../../workflows/inputs/fields.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { accepted } from '../../accepted.ts';
import { addressDetail, addressView } from '../../views/address.ts';
import { webUiLink } from '../../views/service.ts';
import { addressDetails, addressTable, historyTable } from '../render/address.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { knownIntegration } from './integration.ts';
import { oneOf } from './one-of.ts';

interface ListFlags {
  readonly service?: string | undefined;
  readonly integration?: string | undefined;
  readonly state?: string | undefined;
}

/** All rows of every state unless filtered. */
export async function listAddresses(session: Session, flags: ListFlags): Promise<Outcome> {
  const { service, integration } = flags;
  const state = flags.state === undefined ? undefined : oneOf('state', flags.state, addressStates);
  const { ledger } = await session.parts();
  if (integration !== undefined) await knownIntegration(ledger, integration);
  // A quarantine that is over reads as released, so those two are told apart by the view, not by the row.
  const byRow = state === undefined || state === 'quarantined' || state === 'released' ? {} : { state };
  const filter: AddressFilter = { ...(service ? { service } : {}), ...(integration ? { integration } : {}), ...byRow };
  const rows = await ledger.addresses.list(filter);
  const now = Date.now();
  const addresses = rows
    .map((row) => addressView(row, now))
    .filter((view) => state === undefined || view.state === state);
  return { json: { addresses }, text: addresses.length === 0 ? 'no address here' : addressTable(addresses) };
}

export async function showAddress(session: Session, text: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const row = await knownAddress(ledger, text);
  const [conflict, locks] = await Promise.all([ledger.addresses.openConflict(row.ip), ledger.locks.list()]);
  const lock = locks.find((one) => one.key === row.ip || one.key.endsWith(`/${row.ip}`));
  const order = row.order === null ? undefined : await ledger.orders.find(row.order);
  const workflowId = order?.owner.workflowId ?? null;
  const view = {
    ...addressDetail(row),
    conflict: conflict ?? null,
    lock: lock === undefined ? null : { reason: lock.reason, since: lock.since, workflowId: lock.owner.workflowId },
    workflowId,
    link: workflowId === null ? null : webUiLink(session.config, workflowId),
  };
  return { json: view, text: addressDetails(view) };
}

export async function historyOf(session: Session, text: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const ip = canonical(text);
  const found = await ledger.addresses.history(ip);
  if (found.length === 0) throw noSuchAddress(ip);
  const history = found.map(({ ip: _ip, ...entry }) => entry);
  return { json: { ip, history }, text: historyTable(history) };
}

const argument = z.strictObject({ address: ipField });

/** The one canonical text of an address that was typed. */
export function canonical(text: string): string {
  return accepted(argument, { address: text }, 'the command line').address;
}

/** The row that counts now, or the refusal that says where to look. */
export async function knownAddress(ledger: Ledger, text: string): Promise<AddressRecord> {
  const ip = canonical(text);
  const row = await ledger.addresses.find(ip);
  if (row === undefined) throw noSuchAddress(ip);
  return row;
}

function noSuchAddress(ip: string): IptallyError {
  return new IptallyError({
    code: 'no-such-address',
    message: `the ledger does not know ${ip}`,
    field: 'address',
    value: ip,
    accepted: 'an address of "iptally address list"',
    next: 'see "iptally address list"; what IPmanager alone knows is found by the sync',
  });
}

/** Where the story of an address's release is told. */
export function releaseLink(session: Session, ip: string): string | null {
  return webUiLink(session.config, workflowIds.releaseAddress(ip));
}
