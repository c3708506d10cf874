import { canonicalIp } from '../../../workflows/domain/address.ts';
import type { PanelMutation } from '../../coremanager/client.ts';
import { childText } from '../../coremanager/tree.ts';
import { done, mutationOutcome, refused } from '../outcome.ts';
import type { ServerOutcome } from '../server-module.ts';
import { addressUsed, gaveAnother, mainStays, unlikeAsked } from './failures.ts';
import { mainAmong } from './look.ts';
import type { HeldAddress, Machine, MachinePanel } from './machine-panel.ts';

export interface OnMachine {
  readonly panel: MachinePanel;
  readonly machine: Machine;
  /** What it holds, read in this very call. */
  readonly held: readonly HeldAddress[];
  /** Called when something was changed on the server. */
  readonly sent: () => void;
}

type NotOk = Exclude<PanelMutation, { kind: 'ok' }>;

/** The panel's no; that an address is taken has a name of its own. */
export function refusalFor(answer: NotOk, ip: string): ServerOutcome {
  const taken = answer.kind === 'refused' && answer.error.type === 'exists' && answer.error.object === 'ip';
  return taken ? refused(addressUsed(ip, '')) : mutationOutcome(answer);
}

/** Puts an address on a machine: one request, and the panel's own list has the last word. */
export async function giveAddress(
  on: OnMachine,
  address: { readonly ip: string; readonly ptr: string },
): Promise<ServerOutcome> {
  const { panel, machine, held, sent } = on;
  const { ip } = address;
  if (has(held, ip)) return done;
  const answer = await panel.give(machine, address);
  if (answer.kind !== 'ok') return refusalFor(answer, ip);
  sent();
  const now = await panel.addressesOf(machine);
  if (has(now, ip)) return done;
  const told = canonicalIp(childText(answer.doc, 'ip')?.trim() ?? '');
  const other = now.find((row) => row.ip === told && !has(held, row.ip));
  if (other === undefined) return { kind: 'unknown', failure: unlikeAsked(`${ip} was added`) };
  // What this very request made is ours to take back: left there, every try would take one more.
  const taken = await panel.take(machine, other);
  return taken.kind === 'ok' ? refused(gaveAnother(ip, other.ip)) : mutationOutcome(taken);
}

/** Takes an address off a machine. One that is the machine's key is first made an ordinary one. */
export async function takeAddress(on: OnMachine, ip: string): Promise<ServerOutcome> {
  const { panel, machine, held, sent } = on;
  const row = held.find((one) => one.ip === ip);
  if (row === undefined) return done;
  if (machine.main === ip && panel.moveMain !== undefined) return moveThenTake(on, ip);
  const answer = await panel.take(machine, row);
  if (answer.kind === 'ok') sent();
  else if (answer.kind !== 'refused') return mutationOutcome(answer);
  // The list decides, also over a refusal: somebody else may have taken it off a moment ago.
  if (!has(await panel.addressesOf(machine), ip)) return done;
  return answer.kind === 'ok'
    ? { kind: 'unknown', failure: unlikeAsked(`${ip} was taken off`) }
    : mutationOutcome(answer);
}

async function moveThenTake(on: OnMachine, ip: string): Promise<ServerOutcome> {
  const { panel, machine, held, sent } = on;
  const to = mainAmong(held.map((one) => one.ip).filter((one) => one !== ip));
  if (to === undefined) return refused(mainStays(panel.noun, ip));
  const moved = await panel.moveMain?.(machine, to);
  if (moved?.kind !== 'ok') return moved === undefined ? refused(mainStays(panel.noun, ip)) : mutationOutcome(moved);
  sent();
  const after = (await panel.machines()).find(({ name }) => name === machine.name);
  if (after?.main !== to) return { kind: 'unknown', failure: unlikeAsked(`${to} is the main address now`) };
  return takeAddress({ ...on, machine: after, held: await panel.addressesOf(after) }, ip);
}

export function has(held: readonly HeldAddress[], ip: string): boolean {
  return held.some((one) => one.ip === ip);
}
