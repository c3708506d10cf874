import type { Failure } from '../../../workflows/domain/failure.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import type { RestMutation } from '../../rest/client.ts';
import { done, mutationOutcome, refused } from '../outcome.ts';
import type { ServerOutcome, SetUpRequest } from '../server-module.ts';
import type { Access } from './access.ts';
import { addressesOfMachine, inUse, recordsOf, usedElsewhere } from './addresses.ts';
import { halfMade, nameTaken, notAsAsked, twice, withoutId } from './failures.ts';
import { giveAddress, takeAddress, type Step } from './give-address.ts';
import { idOf } from './lists.ts';
import { findMachines, stageOf, type Machine } from './machines.ts';
import { numbers, poolOf, type Settings } from './settings.ts';
import { started, taskIn, unlessBusy } from './tasks.ts';
import { commentOf, newPassword, vmNameOf } from './vm-name.ts';

export interface SettingUp {
  readonly access: Access;
  readonly request: SetUpRequest;
  readonly settings: Settings;
  /** Called when something was changed on the server. */
  readonly sent: () => void;
}

/**
 * Looks first. No machine of the service: makes one with its first address. A machine that is there gets what it lacks
 * and loses what is too much. Each is one request; the tasks of one machine wait for each other (seen: the vendor's own
 * module sends several at once).
 */
export async function setUp(job: SettingUp): Promise<ServerOutcome> {
  const { access, request } = job;
  const found = await findMachines(access, request.service);
  const [machine, second] = found.ours;
  if (machine === undefined) return found.nameTaken ? refused(nameTaken(request.service)) : create(job);
  return standing(async () =>
    second === undefined ? finish(job, machine) : refused(twice(request.service, found.ours)),
  );
}

/** Something of the service is there, so no refusal may say that nothing is: whoever gives up must remove it first. */
async function standing(run: () => Promise<ServerOutcome>): Promise<ServerOutcome> {
  try {
    const outcome = await run();
    return outcome.kind === 'refused' ? { kind: 'task-failed', failure: outcome.failure } : outcome;
  } catch (error) {
    const refusedLook = error instanceof PanelReadError && (error.notLoggedIn || error.said !== undefined);
    if (refusedLook) return { kind: 'task-failed', failure: error.failure };
    throw error;
  }
}

async function create(job: SettingUp): Promise<ServerOutcome> {
  const { access, request } = job;
  const name = vmNameOf(request.service);
  const records = await recordsOf(access, request.addresses);
  // An earlier call's machine that came between our two looks: its name says so.
  const late = records.find(({ host, hostName }) => host !== undefined && hostName === name);
  if (late?.host !== undefined) return started(late.host);
  const used = usedElsewhere(records, () => false);
  if (used !== undefined) return refused(inUse(access, used));
  const password = newPassword();
  const answer = await access.change({
    method: 'POST',
    path: 'vm/v3/host',
    json: machineOf(job, password),
    secrets: [password],
  });
  if (answer.kind === 'ok') return created(answer.value);
  if (answer.kind !== 'refused') return mutationOutcome(answer);
  // The address of another copy's machine is refused to this one: then the machine is there.
  const [there] = (await findMachines(access, request.service)).ours;
  return there === undefined ? refused(withSettings(answer, job.settings)) : started(there.id);
}

/**
 * `custom_interfaces[].ip_name` is the address to give (documented by the author of the Terraform provider; that one of
 * IPv6 may stand there is inferred). One interface: further addresses go onto it afterwards. `ipv6_enabled: false` keeps
 * the panel from adding one of its own (seen).
 */
function machineOf({ request, settings }: SettingUp, password: string): unknown {
  const [first] = request.addresses.toSorted((one, other) => Number(one.includes(':')) - Number(other.includes(':')));
  return {
    name: vmNameOf(request.service),
    comment: commentOf(request.service),
    domain: request.service.domain,
    password,
    ...numbers(settings, 'cluster', 'os', 'account', 'node', 'preset', 'ram_mib', 'cpu_number', 'hdd_mib'),
    ...(first === undefined ? { ipv4_number: 0 } : { custom_interfaces: [{ ip_name: first }] }),
    ipv6_enabled: false,
  };
}

function created(answer: unknown): ServerOutcome {
  const id = idOf(answer);
  if (id === undefined) return { kind: 'unknown', failure: withoutId };
  const task = taskIn(answer);
  return started(id, task === undefined ? [] : [task]);
}

/** A refusal need not say which of our numbers it did not know. */
function withSettings({ failure }: Extract<RestMutation, { kind: 'refused' }>, settings: Settings): Failure {
  const asked = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return { ...failure, message: `${failure.message} (asked for with ${asked.join(', ')})` };
}

async function finish(job: SettingUp, machine: Machine): Promise<ServerOutcome> {
  const { access, request } = job;
  const [stage, there] = await Promise.all([stageOf(access, machine), addressesOfMachine(access, machine)]);
  if (stage === 'busy') return started(machine.id);
  if (stage === 'half-made') return refused(halfMade(request.service, machine));
  const missing = request.addresses.filter((ip) => !there.some((one) => one.ip === ip));
  const extra = there.filter(({ ip }) => !request.addresses.includes(ip));
  if (missing.length === 0 && extra.length === 0) return done;
  const used = usedElsewhere(await recordsOf(access, missing), ({ host }) => host === machine.id);
  if (used !== undefined) return refused(inUse(access, used));
  return inTurn(job, machine, [
    ...missing.map((ip) => () => giveAddress({ access, machine, ip, pool: poolOf(job.settings) })),
    ...extra.map((one) => () => takeAddress({ access, machine, address: one })),
  ]);
}

async function inTurn(
  job: SettingUp,
  machine: Machine,
  steps: readonly (() => Promise<Step>)[],
): Promise<ServerOutcome> {
  const tasks: number[] = [];
  for (const [index, step] of steps.entries()) {
    const answer = await step();
    // Out of time, with some begun: they are followed first, and the next call goes on.
    if (answer.kind === 'not-sent' && index > 0) return started(machine.id, tasks);
    if (answer.kind !== 'begun') return answer;
    job.sent();
    if (answer.task !== undefined) tasks.push(answer.task);
  }
  return tasks.length > 0 ? started(machine.id, tasks) : confirm(job, machine);
}

/** Everything was answered at once: the panel's own list has the last word. */
async function confirm({ access, request }: SettingUp, before: Machine): Promise<ServerOutcome> {
  const [machine] = (await findMachines(access, request.service)).ours;
  const there = machine === undefined ? [] : await addressesOfMachine(access, machine);
  const asAsked = there.length === request.addresses.length && there.every(({ ip }) => request.addresses.includes(ip));
  return asAsked ? done : unlessBusy(access, before, notAsAsked(request.service));
}
