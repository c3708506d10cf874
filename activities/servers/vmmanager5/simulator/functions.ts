import { element, formMetadata, listMetadata, type SimNode } from '../../../coremanager/simulator/node.ts';
import { listPage } from '../../../coremanager/simulator/paging.ts';
import type { PanelCall, PanelFunction } from '../../../coremanager/simulator/panel.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { beginWork, phaseOf } from '../../../coremanager/simulator/slow-work.ts';
import { deleteAddress, editAddress } from './addresses.ts';
import { createVm } from './create-vm.ts';
import { nextId, type SimVm, type VmWorld } from './world.ts';

/** The functions public clients of VMmanager 5 use (seen: reference/ispsystem-protocol.md 5.2). */
export function vmFunctions(world: VmWorld): Readonly<Record<string, PanelFunction>> {
  const administrators: Record<string, PanelFunction> = {
    user: (call) =>
      list(
        world,
        call,
        [...world.users.values()].map(({ id, name }) => named(id, name, element('level', '16'))),
      ),
    'user.edit': submitted(['name', 'level'], (call) => editUser(world, call)),
    'user.delete': (call) => deleteUser(world, call),
    preset: (call) =>
      list(
        world,
        call,
        world.presets.map(({ id, name }) => named(id, name)),
      ),
    'preset.edit': (call) => presetForm(world, call),
    osmgr: (call) =>
      list(
        world,
        call,
        world.templates.map((name) => templateRow(world, name)),
      ),
    vmhostnode: (call) =>
      list(
        world,
        call,
        world.nodes.map((name, at) => named(String(at + 1), name, element('online', 'on'))),
      ),
    'vm.delete': (call) => deleteVm(world, call),
    'iplist.edit': submitted(['ip', 'family', 'iptype', 'domain'], (call) => editAddress(world, call.parameters)),
    'iplist.delete': (call) => deleteAddress(world, call.parameters),
  };
  return {
    ...Object.fromEntries(Object.entries(administrators).map(([name, run]) => [name, administratorOnly(run)])),
    vm: (call) => list(world, call, seenBy(world, call).map(vmRow)),
    iplist: (call) => iplist(world, call),
    'vm.edit': (call) => editVm(world, call),
  };
}

function administratorOnly(run: PanelFunction): PanelFunction {
  return (call) => {
    if (call.user.level < 29) throw new SimError('access', call.func);
    return run(call);
  };
}

function named(id: string, name: string, ...more: readonly SimNode[]): readonly SimNode[] {
  return [element('id', id), element('name', name), ...more];
}

function templateRow({ knobs }: VmWorld, name: string): readonly SimNode[] {
  const id = knobs.templateIds === 'full' ? `ISPsystem__${name}` : name;
  return named(id, name, element('installed', 'on'), element('restrict', 'off'));
}

function list(world: VmWorld, call: PanelCall, rows: readonly (readonly SimNode[])[]): readonly SimNode[] {
  const { parameters, fault } = call;
  const { rowsPerPage } = world.knobs;
  return [
    ...listPage({ rows, columns: (row) => row, parameters, rowsPerPage, fault }),
    listMetadata({
      name: call.func,
      manager: 'vmmgr',
      key: 'id',
      columns: ['id', 'name'],
      deleteFunction: `${call.func}.delete`,
    }),
  ];
}

/** A user sees the user's own machines only. */
function seenBy(world: VmWorld, { user }: PanelCall): readonly SimVm[] {
  settle(world);
  const all = [...world.vms.values()];
  return user.level >= 29 ? all : all.filter((vm) => world.users.get(vm.user)?.name === user.name);
}

/** What was deleted a while ago is gone. */
function settle(world: VmWorld): void {
  for (const vm of world.vms.values()) {
    if (vm.deleting === null || phaseOf(vm.deleting) === 'working') continue;
    world.vms.delete(vm.id);
    world.revision += 1;
  }
}

/** `installos` is there only while that step runs, and then column `ip` holds the main address (seen). */
function vmRow(vm: SimVm): readonly SimNode[] {
  const phase = phaseOf(vm.work);
  return [
    ...named(vm.id, vm.name),
    element('domain', vm.domain),
    element('ip', phase === 'working' ? '' : (vm.addresses[0]?.ip ?? '')),
    element('hostnode', vm.hostnode),
    element('vmpowered', phase === 'done' ? 'on' : 'off'),
    ...(phase === 'working' ? [element('installos')] : []),
    ...(phase === 'failed' ? [element('problem', vm.work.failure ?? '')] : []),
    ...(vm.deleting === null ? [] : [element('deleting')]),
  ];
}

function vmOf(world: VmWorld, call: PanelCall, name: string): SimVm {
  const id = call.parameters.get(name) ?? '';
  const vm = seenBy(world, call).find((one) => one.id === id);
  if (vm === undefined) throw new SimError('missed', 'vm', id);
  return vm;
}

function iplist(world: VmWorld, call: PanelCall): readonly SimNode[] {
  const { addresses } = vmOf(world, call, 'elid');
  return list(
    world,
    call,
    addresses.map(({ id, ip, domain }) => [element('id', id), element('ip', ip), element('domain', domain)]),
  );
}

/** Without `sok` a form is only shown (documented: reference 1.2). */
function submitted(fields: readonly string[], run: PanelFunction): PanelFunction {
  return (call) => (call.parameters.get('sok') ? run(call) : [formMetadata(call.func, 'vmmgr', fields)]);
}

/** Without `sok` the form of a machine; with it and without `elid` a new one. */
function editVm(world: VmWorld, call: PanelCall): readonly SimNode[] {
  if (call.parameters.has('elid')) return vmForm(vmOf(world, call, 'elid'));
  if (call.user.level < 29) throw new SimError('access', call.func);
  if (!call.parameters.get('sok')) return [formMetadata('vm.edit', 'vmmgr', ['name', 'domain', 'ip', 'iptype', 'vmi'])];
  return createVm(world, call.parameters);
}

function vmForm(vm: SimVm): readonly SimNode[] {
  return [
    element('elid', vm.id),
    element('name', vm.name),
    element('ip', vm.addresses[0]?.ip ?? ''),
    element('osinstalled', phaseOf(vm.work) === 'done' ? 'on' : 'off'),
    element('osname', vm.vmi),
    formMetadata('vm.edit', 'vmmgr', ['name', 'ip']),
  ];
}

function deleteVm(world: VmWorld, call: PanelCall): readonly SimNode[] {
  const vm = vmOf(world, call, 'elid');
  if (phaseOf(vm.work) === 'working') throw new SimError('value', 'vm', vm.id); // its installation has to end first
  if (world.knobs.deleteMs === 0) world.vms.delete(vm.id);
  else vm.deleting = beginWork({ ...world.knobs, taskMs: world.knobs.deleteMs, failNext: null });
  world.revision += 1;
  return [element('ok')];
}

function editUser(world: VmWorld, { parameters }: PanelCall): readonly SimNode[] {
  const name = parameters.get('name') ?? '';
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name)) throw new SimError('value', 'name', name);
  const taken = world.logins.has(name) || [...world.users.values()].some((user) => user.name === name);
  if (taken) throw new SimError('exists', 'name', name);
  if ((parameters.get('passwd') ?? '') === '') throw new SimError('value', 'passwd');
  const user = { id: nextId(world), name };
  world.users.set(user.id, user);
  world.revision += 1;
  return [element('ok'), element('id', user.id)];
}

function deleteUser(world: VmWorld, { parameters }: PanelCall): readonly SimNode[] {
  const id = parameters.get('elid') ?? '';
  if (!world.users.has(id)) throw new SimError('missed', 'user', id);
  if ([...world.vms.values()].some((vm) => vm.user === id)) throw new SimError('exists', 'vm', id);
  world.users.delete(id);
  world.revision += 1;
  return [element('ok')];
}

function presetForm(world: VmWorld, { parameters }: PanelCall): readonly SimNode[] {
  const id = parameters.get('elid') ?? '';
  const preset = world.presets.find((one) => one.id === id);
  if (preset === undefined) throw new SimError('missed', 'preset', id);
  const { name, mem, vcpu, vsize } = preset;
  const fields = { name, mem, vcpu, vsize };
  return [
    element('elid', id),
    ...Object.entries(fields).map(([field, value]) => element(field, value)),
    formMetadata('preset.edit', 'vmmgr', Object.keys(fields)),
  ];
}
