import type { PanelCall } from '../../../coremanager/simulator/panel.ts';
import { element, formMetadata, slist, type SimNode } from '../../../coremanager/simulator/node.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { parsePool } from '../ip-number.ts';
import { groupsOf, isAdministrator, ownAddress } from '../permissions.ts';
import { freePending, touch, type SimAddress, type World } from '../world.ts';
import { ipCreate } from './ip-create.ts';
import { domainOf, noteOf } from './fields.ts';
import type { WorldContext } from './panel-functions.ts';

/** `ip.edit`: view with `elid`, create with `sok`, change with both (documented: 2.2). */
export async function ipEdit(context: WorldContext, call: PanelCall): Promise<readonly SimNode[]> {
  freePending(context.world, Date.now());
  const elid = call.parameters.get('elid') ?? '';
  const submitted = (call.parameters.get('sok') ?? '') !== '';
  if (elid === '') return submitted ? ipCreate(context, call) : createForm(context.world, call);
  const address = ownAddress(context.world, call.user, elid);
  return submitted ? change(context.world, call, address) : editForm(context.world, call, address);
}

function createForm(world: World, call: PanelCall): readonly SimNode[] {
  const note = world.knobs.note === 'create';
  return [
    element('family', 'ipv4'),
    element('iptype', groupsOf(world, call.user)[0] ?? ''),
    element('ip'),
    element('domain'),
    ...(note ? [element('note')] : []),
    ...selects(world, call),
    formMetadata('ip.edit', 'ipmgr', ['family', 'iptype', 'ip', 'domain', ...(note ? [noteField(world)] : [])]),
  ];
}

function editForm(world: World, call: PanelCall, address: SimAddress): readonly SimNode[] {
  const note = world.knobs.note !== 'absent';
  const owner = isAdministrator(call.user);
  return [
    element('elid', address.ip),
    element('ip', address.ip),
    element('domain', address.domain === '' ? '' : `${address.domain}.`),
    element('iptype', address.group),
    ...(note ? [element('note', address.note)] : []),
    ...(owner ? [element('owner', address.owner), element('status', address.state, { orig: address.state })] : []),
    ...selects(world, call),
    formMetadata('ip.edit', 'ipmgr', [
      'ip',
      'domain',
      'iptype',
      ...(note ? [noteField(world)] : []),
      ...(owner ? ['owner'] : []),
    ]),
  ];
}

function selects(world: World, call: PanelCall): readonly SimNode[] {
  const families = new Set(world.networks.map((network) => parsePool(network)?.family ?? 'ipv4'));
  return [slist('family', [...families]), slist('iptype', groupsOf(world, call.user))];
}

function noteField(world: World): string | { readonly name: string; readonly maxLength: number } {
  const { noteLength, tellNoteLength } = world.knobs;
  return noteLength === null || !tellNoteLength ? 'note' : { name: 'note', maxLength: noteLength };
}

/** A form that comes back: a field that is missing is cleared, which is why a client must send all of them. */
function change(world: World, call: PanelCall, address: SimAddress): readonly SimNode[] {
  const group = call.parameters.get('iptype') ?? '';
  if (!groupsOf(world, call.user).includes(group)) throw new SimError('value', 'iptype', group);
  address.domain = domainOf(call.parameters);
  address.note = noteOf(world, call.parameters);
  address.group = group;
  const owner = call.parameters.get('owner');
  if (owner !== undefined && isAdministrator(call.user)) {
    if (!world.users.has(owner)) throw new SimError('missed', 'user', owner);
    address.owner = owner;
  }
  touch(world);
  return [element('ok'), element('id', address.ip)];
}
