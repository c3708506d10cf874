import { childText } from '../../coremanager/tree.ts';
import { done, refused } from '../outcome.ts';
import type { ServerOutcome, SetUpRequest } from '../server-module.ts';
import { giveAddress, has, refusalFor, takeAddress, type OnMachine } from './addresses.ts';
import { needsAddress, unlikeAsked } from './failures.ts';
import { findMachine, mainAmong, underWay, unreadiness, usedByAnother } from './look.ts';
import type { Creation, Machine, MachinePanel } from './machine-panel.ts';
import { startedTask } from './task.ts';

interface SettingUp {
  readonly panel: MachinePanel;
  readonly request: SetUpRequest;
  readonly sent: () => void;
}

/**
 * Looks first. Nothing there: the machine is made with its main address, and its installation waited for as a task.
 * There and ready: it gets exactly the addresses asked for. Whatever was done before is found and not done again.
 */
export async function setUp(job: SettingUp): Promise<ServerOutcome> {
  const { panel, request } = job;
  const machines = await panel.machines();
  const machine = findMachine(panel, machines, request.service);
  const used = usedByAnother(machines, machine, request.addresses);
  if (used !== undefined) return machine === undefined ? refused(used) : { kind: 'task-failed', failure: used };
  if (machine === undefined) return create(job);
  return (await unreadiness(panel, machine)) ?? fit(job, machine);
}

async function create(job: SettingUp): Promise<ServerOutcome> {
  const { panel, request, sent } = job;
  const main = mainAmong(request.addresses);
  if (main === undefined) return refused(needsAddress(panel.noun));
  const made = await panel.create(request.service, main, sent);
  if ('kind' in made) return made;
  const { answer, name } = made;
  if (answer.kind === 'ok') {
    sent();
    return startedTask('install', { id: childText(answer.doc, 'id')?.trim() || main, name });
  }
  const no = answer.kind === 'refused' || answer.kind === 'not-logged-in';
  return no ? afterRefusal(job, made, refusalFor(answer, main)) : refusalFor(answer, main);
}

/** A refusal may be the late effect of an earlier call, or of another copy of this one: the list knows. */
async function afterRefusal(job: SettingUp, made: Creation, why: ServerOutcome): Promise<ServerOutcome> {
  const { panel, request, sent } = job;
  const machine = findMachine(panel, await panel.machines(), request.service);
  if (machine !== undefined) return underWay(machine) ?? startedTask('install', machine);
  if (!made.madeBeside) return why;
  // Only what this very call made may go again.
  const undone = await panel.removeBeside(request.service, sent);
  return undone.kind === 'done' ? why : undone;
}

/** Exactly the addresses asked for. The machine is there, so a no of the panel is never "nothing of it is there". */
async function fit(job: SettingUp, machine: Machine): Promise<ServerOutcome> {
  const { panel, request, sent } = job;
  const on: OnMachine = { panel, machine, held: await panel.addressesOf(machine), sent };
  for (const ip of request.addresses) {
    const given = await giveAddress(on, { ip, ptr: request.service.domain });
    if (given.kind !== 'done') return somethingLeft(given);
  }
  for (const { ip } of on.held.filter((one) => !request.addresses.includes(one.ip))) {
    // Read anew: taking a main address off changes what the machine is known by.
    const now = findMachine(panel, await panel.machines(), request.service);
    if (now === undefined) break;
    const taken = await takeAddress({ ...on, machine: now, held: await panel.addressesOf(now) }, ip);
    if (taken.kind !== 'done') return somethingLeft(taken);
  }
  return confirm(job);
}

/** The server's own lists have the last word. */
async function confirm({ panel, request, sent }: SettingUp): Promise<ServerOutcome> {
  const { service, addresses } = request;
  const machine = findMachine(panel, await panel.machines(), service);
  const held = machine === undefined ? [] : await panel.addressesOf(machine);
  const exact = held.length === addresses.length && addresses.every((ip) => has(held, ip));
  if (machine === undefined || !exact) return { kind: 'unknown', failure: unlikeAsked(`${service.id} is set up`) };
  return somethingLeft((await panel.finish?.(machine, service, sent)) ?? done);
}

function somethingLeft(outcome: ServerOutcome): ServerOutcome {
  return outcome.kind === 'refused' ? { kind: 'task-failed', failure: outcome.failure } : outcome;
}
