import { mutationOutcome, refused } from '../outcome.ts';
import type { ServerOutcome } from '../server-module.ts';
import type { Access } from './access.ts';
import { addressesOfMachine, recordsOf, type MachineAddress } from './addresses.ts';
import { withoutRecord } from './failures.ts';
import { machineById, type Machine } from './machines.ts';
import { taskIn } from './tasks.ts';

/** One change that the panel took: its task, or nothing when it was done at once. */
export type Step = { readonly kind: 'begun'; readonly task: number | undefined } | ServerOutcome;

interface Giving {
  readonly access: Access;
  readonly machine: Machine;
  readonly ip: string;
  /** Sent along where the hoster set it. */
  readonly pool: number | undefined;
}

/** `ip_addr.name` is the address to give (the fields are seen; that `name` is the address is inferred). */
export async function giveAddress({ access, machine, ip, pool }: Giving): Promise<Step> {
  const answer = await access.change({
    method: 'POST',
    path: `vm/v3/host/${machine.id}/ip`,
    json: { ip_addr: { name: ip, ...(pool === undefined ? {} : { ip_pool: pool }) } },
  });
  if (answer.kind === 'ok') return { kind: 'begun', task: taskIn(answer.value) };
  // Another copy of this call may have been first: an address is given once, so the second is refused.
  if (answer.kind === 'refused' && (await isGiven(access, machine, ip))) return { kind: 'begun', task: undefined };
  return mutationOutcome(answer);
}

interface Taking {
  readonly access: Access;
  readonly machine: Machine;
  readonly address: MachineAddress;
}

/** `DELETE /vm/v3/ip/ID`, by the id that the machine's own list gives, or the record that says it is this machine's. */
export async function takeAddress({ access, machine, address }: Taking): Promise<Step> {
  const { ip } = address;
  const id =
    address.id ?? (await recordsOf(access, [ip])).find(({ host, id: known }) => host === machine.id && known)?.id;
  if (id === undefined) return refused(withoutRecord(ip));
  const answer = await access.change({ method: 'DELETE', path: `vm/v3/ip/${id}` });
  if (answer.kind === 'ok') return { kind: 'begun', task: taskIn(answer.value) };
  // The list decides, also over a refusal: another copy may have been first.
  if (answer.kind === 'refused' && !(await has(access, machine, ip))) return { kind: 'begun', task: undefined };
  return mutationOutcome(answer);
}

async function isGiven(access: Access, machine: Machine, ip: string): Promise<boolean> {
  const records = await recordsOf(access, [ip]);
  return records.some(({ host }) => host === machine.id) || has(access, machine, ip);
}

async function has(access: Access, { id }: Machine, ip: string): Promise<boolean> {
  const now = await machineById(access, id);
  return now !== undefined && (await addressesOfMachine(access, now)).some((one) => one.ip === ip);
}
