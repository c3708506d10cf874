import type { Purpose } from '../../../http/simulator/faults.ts';
import { parameterError, permissionError, PveError } from './pve-error.ts';
import { may } from './sessions.ts';
import type { PveLogin, PveWorld, SimGuest } from './world.ts';

/** One call of the API: parameters of path, query and body together, as the panel has them. */
export interface PveCall {
  readonly world: PveWorld;
  readonly login: PveLogin;
  readonly parameters: ReadonlyMap<string, string>;
}

export interface Route {
  readonly method: string;
  /** Names in capitals stand for a part of the path: `/nodes/NODE/lxc/VMID`. */
  readonly path: string;
  readonly purpose: Purpose;
  readonly run: (call: PveCall) => unknown;
}

export function field(call: PveCall, name: string): string {
  return call.parameters.get(name) ?? '';
}

/** The panel refuses what it does not know, by name. */
export function onlyKnown(call: PveCall, known: readonly (string | RegExp)[]): void {
  const fits = (name: string) =>
    ['node', 'vmid', ...known].some((one) => (typeof one === 'string' ? one === name : one.test(name)));
  const foreign = [...call.parameters.keys()].filter((name) => !fits(name));
  if (foreign.length === 0) return;
  const why = 'property is not defined in schema and the schema does not allow additional properties';
  throw parameterError(Object.fromEntries(foreign.map((name) => [name, why])));
}

export function needs(call: PveCall, path: string, right: string): void {
  if (!may(call.login, right)) throw permissionError(path, right);
}

export function nodeIn(call: PveCall): string {
  const name = field(call, 'node');
  const node = call.world.nodes.find((one) => one.name === name);
  if (node === undefined)
    throw new PveError(
      500,
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    );
  if (!node.online) throw new PveError(595, 'No route to host');
  return name;
}

export function vmidIn(call: PveCall, name = 'vmid'): number {
  const vmid = Number(field(call, name));
  if (!Number.isInteger(vmid) || vmid < 100 || vmid > 999_999_999)
    throw parameterError({ [name]: 'invalid format - value does not look like a valid VM ID' });
  return vmid;
}

export function guestIn(call: PveCall, type: string): SimGuest {
  const node = nodeIn(call);
  const guest = call.world.guests.get(vmidIn(call));
  if (guest === undefined || guest.node !== node || guest.type !== type) {
    const folder = type === 'qemu' ? 'qemu-server' : type;
    throw new PveError(500, `Configuration file 'nodes/${node}/${folder}/${field(call, 'vmid')}.conf' does not exist`);
  }
  return guest;
}

export function unlocked(guest: SimGuest): void {
  if (guest.lock !== '') throw new PveError(500, `${shortName(guest)} is locked (${guest.lock})`);
}

export function shortName({ type }: SimGuest): string {
  return type === 'qemu' ? 'VM' : 'CT';
}
