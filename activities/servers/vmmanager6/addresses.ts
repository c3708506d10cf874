import type { Failure } from '../../../workflows/domain/failure.ts';
import type { Access } from './access.ts';
import { anyOf, equal, idOf, provenRows, textOf, type Row } from './lists.ts';
import { address, type Machine } from './machines.ts';
import { fieldOf } from './refusals.ts';

/** An address of a machine. */
export interface MachineAddress {
  readonly ip: string;
  /** What it is removed by; the list of addresses has it, the machine's own `ip6` does not. */
  readonly id: number | undefined;
}

/** Both families: the machine's list, whatever families it has, and what its row says of IPv6. */
export async function addressesOfMachine(access: Access, machine: Machine): Promise<readonly MachineAddress[]> {
  const rows = await provenRows({ look: access.lookAgain }, `vm/v3/host/${machine.id}/ipv4`);
  const listed = rows.filter((row) => !isLocal(row)).flatMap((row) => ofRow(row).map((ip) => ({ ip, id: idOf(row) })));
  const six = machine.ip6.filter((ip) => !listed.some((one) => one.ip === ip));
  return [...listed, ...six.map((ip) => ({ ip, id: undefined }))];
}

/** In a private network between machines (`vxlan`, seen): nothing IPmanager knows of. */
function isLocal(row: Row): boolean {
  return idOf(fieldOf(row, 'vxlan')) !== undefined;
}

function ofRow(row: Row): readonly string[] {
  return address(textOf(row, 'ip_addr'));
}

/** What VMmanager knows of an address, wherever it is used; free addresses have no record (documented). */
interface AddressRecord {
  readonly ip: string;
  readonly id: number | undefined;
  readonly state: string;
  readonly host: number | undefined;
  readonly hostName: string;
}

/** `GET /vm/v3/ip` with `where` and `limit` (seen with `network EQ n`; that `ip_addr` may be asked for is inferred). */
export async function recordsOf(access: Access, ips: readonly string[]): Promise<readonly AddressRecord[]> {
  if (ips.length === 0) return [];
  const rows = await provenRows(access, 'vm/v3/ip', anyOf(ips.map((ip) => equal('ip_addr', ip))));
  return rows.flatMap((row) => ofRow(row).map((ip) => ({ ip, ...recordOf(row) }))).filter(({ ip }) => ips.includes(ip));
}

function recordOf(row: Row): Omit<AddressRecord, 'ip'> {
  const host = fieldOf(row, 'host');
  return { id: idOf(row), state: textOf(row, 'state'), host: idOf(host), hostName: textOf(host, 'name') };
}

/** The first record that speaks against an address; a machine's own speak for it. */
export function usedElsewhere(
  records: readonly AddressRecord[],
  isOurs: (record: AddressRecord) => boolean,
): AddressRecord | undefined {
  return records.find((record) => !isOurs(record) && (record.host !== undefined || !/^(free)?$/.test(record.state)));
}

export function inUse(access: Access, { ip, host, hostName, state }: AddressRecord): Failure {
  const by = host === undefined ? '' : `, by machine ${host}${hostName === '' ? '' : ` (${access.words(hostName)})`}`;
  return {
    code: 'address-used-on-server',
    message: `${ip} is ${access.words(state) || 'in use'} in VMmanager already${by}`,
    next: 'Take it off there, or let the address be marked as in conflict and order again.',
    field: 'address',
    value: ip,
  };
}
