import { element, formMetadata, group, slist, type SimNode } from '../../../coremanager/simulator/node.ts';
import { listPage } from '../../../coremanager/simulator/paging.ts';
import type { PanelCall, PanelFunction } from '../../../coremanager/simulator/panel.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { phaseOf } from '../../../coremanager/simulator/slow-work.ts';
import { createVds, deleteAddress, deleteVds, editAddress, moveMain, vdsOf } from './changes.ts';
import type { SimVds, VdsWorld } from './world.ts';

/** The functions public clients of VDSmanager 4 use (seen: reference/ispsystem-protocol.md 5.1). */
export function vdsFunctions(world: VdsWorld): Readonly<Record<string, PanelFunction>> {
  const functions: Record<string, PanelFunction> = {
    vds: (call) => list(world, call, [...world.vdss].map(vdsRow)),
    'vds.edit': ({ parameters }) => editVds(world, parameters),
    'vds.delete': ({ parameters }) => deleteVds(world, parameters),
    'vds.ip': (call) =>
      list(
        world,
        call,
        vdsOf(world, call.parameters, 'plid').addresses.map(({ ip, ptr }) => [element('ip', ip), element('name', ptr)]),
      ),
    'vds.ip.edit': ({ parameters }) => (parameters.get('sok') ? editAddress(world, parameters) : addressForm()),
    'vds.ip.delete': ({ parameters }) => deleteAddress(world, parameters),
    vdspreset: (call) =>
      list(
        world,
        call,
        Object.keys(world.presets).map((name) => [element('name', name)]),
      ),
    'vdspreset.edit': ({ parameters }) => presetForm(world, parameters.get('elid') ?? ''),
    disktempl: (call) =>
      list(
        world,
        call,
        Object.entries(world.templates).map(([name, state]) => [element('name', name), element('state', state)]),
      ),
    ipmgr: (call) => ipmanagerForm(world, call),
  };
  return Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, administratorOnly(run)]));
}

/** A VDS is a login too, for its own settings only. */
function administratorOnly(run: PanelFunction): PanelFunction {
  return (call) => {
    if (call.user.level < 29) throw new SimError('access', call.func);
    return run(call);
  };
}

function list(world: VdsWorld, call: PanelCall, rows: readonly (readonly SimNode[])[]): readonly SimNode[] {
  const { parameters, fault } = call;
  const { rowsPerPage, countsRows } = world.knobs;
  if (!countsRows) return rows.map((row) => group('elem', row));
  return listPage({ rows, columns: (row) => row, parameters, rowsPerPage, fault });
}

function vdsRow(vds: SimVds): readonly SimNode[] {
  const phase = phaseOf(vds.work);
  return [
    element('id', vds.id),
    element('ip', vds.addresses[0]?.ip ?? ''),
    element('name', vds.name),
    element('owner', vds.owner),
    ...(phase === 'working' ? [element('installing')] : []),
    ...(phase === 'failed' ? [element('problem', vds.work.failure ?? ''), element('disabled')] : []),
  ];
}

/** The form without `sok`; with it a new VDS, or with `elid` a changed one. */
function editVds(world: VdsWorld, parameters: ReadonlyMap<string, string>): readonly SimNode[] {
  const known = (parameters.get('elid') ?? '') !== '';
  if (parameters.get('sok')) return known ? moveMain(world, parameters) : createVds(world, parameters);
  if (!known) return [element('id', 'auto'), slist('ip', ['auto'])];
  const { name, owner, addresses, sizes } = vdsOf(world, parameters, 'elid');
  const fields = { name, owner, ip: addresses[0]?.ip ?? '', ...sizes };
  return Object.entries(fields).map(([field, value]) => element(field, value));
}

function addressForm(): readonly SimNode[] {
  return [
    element('ip', 'auto'),
    element('otherip'),
    element('ipcount'),
    element('name'),
    slist('ip', ['auto', 'auto6', 'other']),
    formMetadata('vds.ip.edit', 'vdsmgr', ['ip', 'otherip', 'ipcount', 'name']),
  ];
}

function presetForm(world: VdsWorld, name: string): readonly SimNode[] {
  const sizes = world.presets[name];
  if (sizes === undefined) throw new SimError('missed', 'vdspreset', name);
  return [
    element('elid', name),
    element('name', name),
    ...Object.entries(sizes).map(([key, value]) => element(key, value)),
  ];
}

function ipmanagerForm({ knobs }: VdsWorld, { func }: PanelCall): readonly SimNode[] {
  if (knobs.ipmanagerUrl === null) throw new SimError('missed', 'func', func);
  return [element('url', knobs.ipmanagerUrl), element('username'), element('password')];
}
