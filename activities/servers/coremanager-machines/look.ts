import { canonicalIp, familyOf } from '../../../workflows/domain/address.ts';
import type { Failure } from '../../../workflows/domain/failure.ts';
import { child, childText, rawText, type PanelNode } from '../../coremanager/tree.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { safeText } from '../../http/safe-text.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { addressUsed, halfMade, severalOf } from './failures.ts';
import type { Machine, MachinePanel } from './machine-panel.ts';
import { startedTask } from './task.ts';

/**
 * What a row says of work on its machine: the elements `installos` and `installing` are there only while that step runs
 * (seen: reference 5.2); `deleting` beside them is (inferred). `problem` marks a node with troubles (seen), hence a
 * machine (inferred).
 */
export function workOf(row: PanelNode): Pick<Machine, 'work' | 'problem'> {
  const has = (name: string): boolean => child(row, name) !== undefined;
  const work = has('deleting') ? 'deleting' : has('installos') || has('installing') ? 'installing' : 'none';
  return { work, problem: childText(row, 'problem')?.trim() ?? '' };
}

/**
 * The address of a row; nothing where the row has none. One we cannot read may be any: it is never left out of a list
 * that decides whether an address is still in use (I12).
 */
export function addressIn(row: PanelNode): string | undefined {
  const text = rawText(row, 'ip')?.trim() ?? '';
  const ip = canonicalIp(text);
  if (ip !== undefined || text === '') return ip;
  throw new PanelReadError(
    {
      code: 'row-not-understood',
      message: `The server lists an address that cannot be read: "${safeText(text, [], 60)}"`,
      next: 'Look at the addresses of that machine in the panel.',
    },
    { retryable: false },
  );
}

/** The machine of a service. Two of them are nobody's: this throws. */
export function findMachine(
  panel: MachinePanel,
  machines: readonly Machine[],
  service: ServiceOnServer,
): Machine | undefined {
  const found = machines.filter((machine) => panel.isOf(machine, service));
  if (found.length > 1) throw severalOf(panel.noun, service, found);
  return found[0];
}

/**
 * An address that is another machine's main one. Further addresses of other machines stand in a list each, which would
 * be as many calls: those the panel itself refuses.
 */
export function usedByAnother(
  machines: readonly Machine[],
  own: Machine | undefined,
  addresses: readonly string[],
): Failure | undefined {
  for (const { id, name, main } of machines) {
    if (main !== undefined && id !== own?.id && addresses.includes(main)) return addressUsed(main, name);
  }
  return undefined;
}

/** What a machine is busy with, or why it cannot be gone on with; nothing when it is ready. */
export async function unreadiness(panel: MachinePanel, machine: Machine): Promise<ServerOutcome | undefined> {
  const busy = underWay(machine);
  if (busy !== undefined) return busy;
  const words = await panel.installFailure(machine);
  // Something of it is there, so this is no refusal.
  return words === undefined ? undefined : { kind: 'task-failed', failure: halfMade(panel.noun, machine, words) };
}

export function underWay(machine: Machine): ServerOutcome | undefined {
  if (machine.work === 'none') return undefined;
  return startedTask(machine.work === 'deleting' ? 'delete' : 'install', machine);
}

/** The address a machine is made with: the first IPv4 one, as systems are installed over it, else the first. */
export function mainAmong(addresses: readonly string[]): string | undefined {
  return addresses.find((ip) => familyOf(ip) === 'ipv4') ?? addresses[0];
}
