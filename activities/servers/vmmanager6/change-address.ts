import { done, refused } from '../outcome.ts';
import type { AddressRequest, ServerOutcome, ServiceOnServer } from '../server-module.ts';
import type { Access } from './access.ts';
import { addressesOfMachine, inUse, recordsOf, usedElsewhere } from './addresses.ts';
import { halfMade, nameTaken, noSuchService, notAsAsked, stillListed, twice } from './failures.ts';
import { giveAddress, takeAddress } from './give-address.ts';
import { findMachines, stageOf, type Machine } from './machines.ts';
import { started, unlessBusy } from './tasks.ts';

interface Changing {
  readonly access: Access;
  readonly request: AddressRequest;
  readonly sent: () => void;
}

/**
 * The PTR that comes along is not written here: IPmanager holds it, a change of it later would never reach this copy, and
 * a copy that is written but not confirmed would make a clear outcome unclear.
 */
export async function addAddress(job: Changing & { readonly pool: number | undefined }): Promise<ServerOutcome> {
  const { access, request, pool, sent } = job;
  const { service, ip } = request;
  const [machine, second] = (await findMachines(access, service)).ours;
  if (machine === undefined) return refused(noSuchService(service));
  if (second !== undefined) return refused(twice(service, [machine, second]));
  const stage = await stageOf(access, machine);
  if (stage === 'busy') return started(machine.id);
  // After the stage: what a task that has ended did stands in the list by then.
  const there = await addressesOfMachine(access, machine);
  if (there.some((one) => one.ip === ip)) return done;
  if (stage === 'half-made') return refused(halfMade(service, machine));
  const used = usedElsewhere(await recordsOf(access, [ip]), ({ host }) => host === machine.id);
  if (used !== undefined) return refused(inUse(access, used));
  const step = await giveAddress({ access, machine, ip, pool });
  if (step.kind !== 'begun') return step;
  sent();
  if (step.task !== undefined) return started(machine.id, [step.task]);
  const unclear = await unlessBusy(access, machine, notAsAsked(service));
  if (unclear.kind === 'started') return unclear;
  return (await holders(access, service, ip)).length > 0 ? done : unclear;
}

/**
 * Done when no machine of the service has it in its list any more, and none is being worked on. A machine of our name
 * whose comment was written over may be the service's all the same: nobody calls its addresses free (I4).
 */
export async function removeAddress({ access, request, sent }: Changing): Promise<ServerOutcome> {
  const { service, ip } = request;
  const { ours, nameTaken: unproven } = await findMachines(access, service);
  for (const machine of ours) if ((await stageOf(access, machine)) === 'busy') return started(machine.id);
  const [holder] = await holdersAmong(access, ours, ip);
  if (holder === undefined) return unproven ? refused(nameTaken(service)) : done;
  const step = await takeAddress({ access, ...holder });
  if (step.kind !== 'begun') return step;
  sent();
  if (step.task !== undefined) return started(holder.machine.id, [step.task]);
  const unclear = await unlessBusy(access, holder.machine, stillListed(ip));
  if (unclear.kind === 'started') return unclear;
  return (await holders(access, service, ip)).length === 0 ? done : unclear;
}

async function holders(access: Access, service: ServiceOnServer, ip: string) {
  return holdersAmong(access, (await findMachines(access, service)).ours, ip);
}

async function holdersAmong(access: Access, machines: readonly Machine[], ip: string) {
  const lists = await Promise.all(
    machines.map(async (machine) => ({ machine, addresses: await addressesOfMachine(access, machine) })),
  );
  return lists.flatMap(({ machine, addresses }) =>
    addresses.filter((one) => one.ip === ip).map((address) => ({ machine, address })),
  );
}
