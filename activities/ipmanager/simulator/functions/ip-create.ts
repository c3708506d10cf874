import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalIp, familyOf, type Family } from '../../../../workflows/domain/address.ts';
import type { PanelCall } from '../../../coremanager/simulator/panel.ts';
import { element, type SimNode } from '../../../coremanager/simulator/node.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { chooseAddress } from '../choose-address.ts';
import { contains, parsePool, type IpRange } from '../ip-number.ts';
import { groupsOf, isAdministrator, mayHold } from '../permissions.ts';
import { touch, type SimAddress, type World } from '../world.ts';
import { domainOf, noteOf } from './fields.ts';
import type { WorldContext } from './panel-functions.ts';

/** Takes an address: the panel's choice, one of a network, or one named (reference 2.2). */
export async function ipCreate(context: WorldContext, call: PanelCall): Promise<readonly SimNode[]> {
  const { world } = context;
  const wanted = wantedOf(world, call);
  const held =
    wanted.ip === undefined
      ? await takeFree(world, call, wanted)
      : await takeNamed(world, call, { ...wanted, ip: wanted.ip });
  held.domain = domainOf(call.parameters);
  held.note = world.knobs.note === 'create' ? noteOf(world, call.parameters) : '';
  touch(world);
  context.events.onAllocate?.(held.ip, held.note);
  return answer(world, held.ip);
}

interface WantedAddress {
  readonly family: Family;
  readonly group: string;
  readonly ip?: string;
  readonly network?: IpRange;
}

function wantedOf(world: World, call: PanelCall): WantedAddress {
  const family = call.parameters.get('family') ?? 'ipv4';
  const group = call.parameters.get('iptype') ?? '';
  const named = (call.parameters.get('ip') ?? '').trim();
  const groups = groupsOf(world, call.user);
  if (groups.length === 0) throw new SimError('access', 'ip.edit'); // a login without any right
  if (family !== 'ipv4' && family !== 'ipv6') throw new SimError('value', 'family', family);
  if (!groups.includes(group)) throw new SimError('value', 'iptype', group);
  if (named === '') return { family, group };
  const ip = canonicalIp(named);
  if (ip !== undefined) return { family: familyOf(ip), group, ip };
  const network = parsePool(named);
  if (network === undefined) throw new SimError('value', 'ip', named);
  return { family: network.family, group, network };
}

async function takeFree(world: World, call: PanelCall, wanted: WantedAddress): Promise<SimAddress> {
  const busy = call.fault?.kind === 'busy-address' ? forgetBusy(world, call, wanted) : undefined;
  // That one, also when a lower one is free: else the fault would only lose an address.
  if (busy !== undefined) return hold(world, call, { ip: busy, group: wanted.group });
  for (;;) {
    const ip = chooseAddress(world, { user: call.user, ...wanted });
    if (ip === undefined) throw new SimError(world.knobs.nothingFree.type, world.knobs.nothingFree.object);
    const held = hold(world, call, { ip, group: wanted.group });
    if (await passesChecks(world, held)) return held;
  }
}

async function takeNamed(
  world: World,
  call: PanelCall,
  wanted: WantedAddress & { readonly ip: string },
): Promise<SimAddress> {
  const { ip, group } = wanted;
  if (!world.networks.some((network) => contains(parsePool(network) ?? nowhere, ip)))
    throw new SimError('missed', 'ipnetwork', ip);
  if (!mayHold(world, call.user, { ip, group })) throw new SimError('value', 'ip', ip);
  const before = world.addresses.get(ip);
  if (before !== undefined) throw new SimError(before.state === 'allocated' ? 'exists' : 'value', 'ip', ip);
  const held = hold(world, call, { ip, group });
  if (!(await passesChecks(world, held))) throw new SimError('value', 'ip', ip);
  return held;
}

const nowhere: IpRange = { family: 'ipv4', first: 1n, last: 0n };

/** Held from the moment it is looked at, so that two requests never check the same candidate. */
function hold(world: World, call: PanelCall, wanted: { readonly ip: string; readonly group: string }): SimAddress {
  const owner = isAdministrator(call.user) ? (call.parameters.get('owner') ?? call.user.name) : call.user.name;
  const held: SimAddress = { ...wanted, owner, domain: '', note: '', state: 'allocated', freeAt: null };
  world.addresses.set(held.ip, held);
  touch(world);
  return held;
}

/** Pings and blacklists; what does not pass is withheld as a problem (documented: 2.2, 2.3). */
async function passesChecks(world: World, held: SimAddress): Promise<boolean> {
  if (world.knobs.checkMs > 0) await sleep(world.knobs.checkMs);
  if (world.answering.has(held.ip)) held.state = 'problem';
  else if (world.listed.has(held.ip)) held.state = 'blocked';
  else return true;
  held.owner = '';
  touch(world);
  return false;
}

/** The drift the whole conflict rule is about: the panel has forgotten that an address is in use, and offers it again. */
function forgetBusy(world: World, call: PanelCall, wanted: WantedAddress): string | undefined {
  const named = call.fault?.ip;
  const busy = [...world.addresses.values()].find(
    (row) =>
      row.state === 'allocated' &&
      row.owner === call.user.name &&
      row.group === wanted.group &&
      familyOf(row.ip) === wanted.family &&
      (named === undefined || row.ip === named),
  );
  if (busy !== undefined) world.addresses.delete(busy.ip);
  return busy?.ip;
}

function answer(world: World, ip: string): readonly SimNode[] {
  const { createAnswer } = world.knobs;
  const names = createAnswer === 'both' ? ['id', 'ip'] : [createAnswer].filter((name) => name !== 'none');
  return [element('ok'), ...names.map((name) => element(name, ip))];
}
