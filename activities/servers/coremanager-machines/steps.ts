import { safeText } from '../../http/safe-text.ts';
import { done, mutationOutcome, refused } from '../outcome.ts';
import type { AddressRequest, ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { giveAddress, has, takeAddress } from './addresses.ts';
import { noMachine, taskFailed } from './failures.ts';
import { findMachine, underWay, usedByAnother } from './look.ts';
import type { MachinePanel } from './machine-panel.ts';
import { readTask, startedTask } from './task.ts';

/** The port's further calls, the same for every panel of machines. Each looks before it acts. */

export async function addAddress(
  panel: MachinePanel,
  { service, ip, ptr }: AddressRequest,
  sent: () => void,
): Promise<ServerOutcome> {
  const machines = await panel.machines();
  const machine = findMachine(panel, machines, service);
  if (machine === undefined) return refused(noMachine(panel.noun, service));
  const busy = underWay(machine);
  if (busy !== undefined) return busy;
  const held = await panel.addressesOf(machine);
  if (has(held, ip)) return done;
  const used = usedByAnother(machines, machine, [ip]);
  if (used !== undefined) return refused(used);
  return giveAddress({ panel, machine, held, sent }, { ip, ptr: ptr ?? service.domain });
}

export async function removeAddress(
  panel: MachinePanel,
  { service, ip }: AddressRequest,
  sent: () => void,
): Promise<ServerOutcome> {
  const machine = findMachine(panel, await panel.machines(), service);
  if (machine === undefined) return done;
  const held = await panel.addressesOf(machine);
  if (!has(held, ip)) return done;
  return underWay(machine) ?? takeAddress({ panel, machine, held, sent }, ip);
}

export async function addressesOf(
  panel: MachinePanel,
  service: ServiceOnServer,
): Promise<readonly string[] | undefined> {
  const machine = findMachine(panel, await panel.machines(), service);
  return machine === undefined ? undefined : (await panel.addressesOf(machine)).map(({ ip }) => ip);
}

export async function remove(panel: MachinePanel, service: ServiceOnServer, sent: () => void): Promise<ServerOutcome> {
  const machine = findMachine(panel, await panel.machines(), service);
  if (machine === undefined) return panel.removeBeside(service, sent);
  if (machine.work === 'deleting') return startedTask('delete', machine);
  const answer = await panel.remove(machine);
  if (answer.kind === 'ok') sent();
  else if (answer.kind !== 'refused') return mutationOutcome(answer);
  const still = findMachine(panel, await panel.machines(), service);
  if (still === undefined) return panel.removeBeside(service, sent);
  return answer.kind === 'ok' ? startedTask('delete', still) : mutationOutcome(answer);
}

/** One look at the list. Whatever is not done was at least begun, so no answer here says that nothing is there. */
export async function progressOf(panel: MachinePanel, text: string): Promise<ServerOutcome> {
  const failed = (name: string, words: string): ServerOutcome => ({
    kind: 'task-failed',
    failure: taskFailed(panel.noun, name, words),
  });
  const task = readTask(text);
  if (task === undefined) return failed(safeText(text, [], 80), 'this is no task of this kind of server');
  const machine = (await panel.machines()).find(({ name }) => name === task.name);
  if (task.kind === 'delete') return machine === undefined ? done : startedTask('delete', task);
  if (machine === undefined) return failed(task.name, 'it is not there any more');
  if (machine.work !== 'none') return underWay(machine) ?? done;
  const words = await panel.installFailure(machine);
  return words === undefined ? done : failed(task.name, words);
}
