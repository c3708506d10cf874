import { element, type SimNode } from '../../../coremanager/simulator/node.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { chosenAddress } from './create-vm.ts';
import { addressRow, type SimVm, type VmWorld } from './world.ts';

type Parameters = ReadonlyMap<string, string>;

function parentOf(world: VmWorld, parameters: Parameters): SimVm {
  const id = parameters.get('plid') ?? '';
  const vm = world.vms.get(id);
  if (vm === undefined) throw new SimError('missed', 'vm', id);
  return vm;
}

/** With `elid` the PTR of a row changes, alone (seen); without it the machine gets one address more. */
export function editAddress(world: VmWorld, parameters: Parameters): readonly SimNode[] {
  const vm = parentOf(world, parameters);
  const elid = parameters.get('elid') ?? '';
  const domain = parameters.get('domain') ?? '';
  world.revision += 1;
  if (elid === '') {
    const row = addressRow(world, chosenAddress(world, parameters), domain);
    vm.addresses = [...vm.addresses, row];
    return [element('ok'), element('id', row.id), element('ip', row.ip)];
  }
  const row = vm.addresses.find(({ id }) => id === elid);
  if (row === undefined) throw new SimError('missed', 'ip', elid);
  row.domain = domain;
  return [element('ok'), element('ip', row.ip)];
}

/** By the row's id, not by the address (seen). */
export function deleteAddress(world: VmWorld, parameters: Parameters): readonly SimNode[] {
  const vm = parentOf(world, parameters);
  const elid = parameters.get('elid') ?? '';
  const at = vm.addresses.findIndex(({ id }) => id === elid);
  if (at < 0) throw new SimError('missed', 'ip', elid);
  if (at === 0 && world.knobs.mainStays) throw new SimError('value', 'ip', vm.addresses[0]?.ip ?? '');
  vm.addresses = vm.addresses.filter(({ id }) => id !== elid);
  world.revision += 1;
  return [element('ok')];
}
