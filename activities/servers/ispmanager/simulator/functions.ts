import { canonicalIp } from '../../../../workflows/domain/address.ts';
import { element, formMetadata, listMetadata, type SimNode } from '../../../coremanager/simulator/node.ts';
import { listPage } from '../../../coremanager/simulator/paging.ts';
import type { PanelCall, PanelFunction } from '../../../coremanager/simulator/panel.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import type { IspWorld } from './world.ts';

/** The functions BILLmanager relies on (documented: reference/ispsystem-protocol.md 5.5), as far as they matter here. */
export function ispFunctions(world: IspWorld): Readonly<Record<string, PanelFunction>> {
  const edit = submitted('ipaddr', ['name', 'iprole', 'owner'], (call) => editAddress(world, call));
  const functions: Record<string, PanelFunction> = {
    preset: (call) =>
      list(
        world,
        call,
        world.presets.map((name) => [element('name', name)]),
      ),
    user: (call) =>
      list(
        world,
        call,
        [...world.users.values()].map((user) => [
          element('name', user.name),
          element('fullname', user.fullname),
          element('preset', user.preset),
          element('active', 'on'),
        ]),
      ),
    'user.add.finish': submitted('user', ['name', 'fullname', 'preset'], (call) => addUser(world, call)),
    'user.delete': (call) => deleteUser(world, call),
    ipaddr: (call) => (world.knobs.lite ? unknown(call) : ipaddr(world, call)),
    'ipaddr.edit': (call) => (world.knobs.lite ? unknown(call) : edit(call)),
    'ipaddr.free': (call) => (world.knobs.lite || !world.knobs.freeFunction ? unknown(call) : freeAddress(world, call)),
    'ipaddr.delete': (call) => (world.knobs.lite ? unknown(call) : deleteAddress(world, call)),
  };
  return Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, administratorOnly(run)]));
}

function administratorOnly(run: PanelFunction): PanelFunction {
  return (call) => {
    if (call.user.level < 29) throw new SimError('access', call.func);
    return run(call);
  };
}

/** Without `sok` a form is only shown (documented: reference 1.2). */
function submitted(name: string, fields: readonly string[], run: PanelFunction): PanelFunction {
  return (call) => (call.parameters.get('sok') ? run(call) : [formMetadata(`${name}.edit`, 'ispmgr', fields)]);
}

function unknown(call: PanelCall): never {
  throw new SimError('missed', 'func', call.func);
}

function list(world: IspWorld, call: PanelCall, rows: readonly (readonly SimNode[])[]): readonly SimNode[] {
  return [
    ...listPage({
      rows,
      columns: (row) => row,
      parameters: call.parameters,
      rowsPerPage: world.knobs.rowsPerPage,
      fault: call.fault,
    }),
    listMetadata({
      name: call.func,
      manager: 'ispmgr',
      key: 'name',
      columns: ['name'],
      deleteFunction: `${call.func}.delete`,
    }),
  ];
}

function ipaddr(world: IspWorld, call: PanelCall): readonly SimNode[] {
  const rows = [...world.addresses.values()].map((row) => [
    element('name', row.ip),
    element('iprole', `Role: ${row.role}`, { orig: row.role }),
    element('owner', row.owner),
  ]);
  return list(world, call, rows);
}

function addUser(world: IspWorld, call: PanelCall): readonly SimNode[] {
  const field = (name: string): string => call.parameters.get(name) ?? '';
  const name = field('name');
  const domain = field('webdomain_name');
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name)) throw new SimError('value', 'name', name);
  if (world.users.has(name) || world.logins.has(name)) throw new SimError('exists', 'name', name);
  if (field('preset') !== '' && !world.presets.includes(field('preset')))
    throw new SimError('missed', 'preset', field('preset'));
  if (field('passwd') === '') throw new SimError('value', 'passwd');
  if (world.knobs.diskFull) throw new SimError('limit', 'disk');
  const taken = [...world.users.values()].some((user) => user.domain === domain && domain !== '');
  if (taken) throw new SimError('exists', 'webdomain_name', domain);
  world.users.set(name, { name, fullname: field('fullname'), preset: field('preset'), domain });
  world.revision += 1;
  return [element('ok'), element('id', name)];
}

function deleteUser(world: IspWorld, call: PanelCall): readonly SimNode[] {
  const name = call.parameters.get('elid') ?? '';
  if (!world.users.delete(name)) throw new SimError('missed', 'user', name);
  for (const row of world.addresses.values()) {
    if (row.owner !== name) continue;
    if (row.onInterface || world.knobs.freesRows) Object.assign(row, { owner: '', role: 'free' });
    else world.addresses.delete(row.ip);
  }
  world.revision += 1;
  return [element('ok')];
}

/** With `elid` a row changes; without it the address is new here. */
function editAddress(world: IspWorld, call: PanelCall): readonly SimNode[] {
  const elid = call.parameters.get('elid');
  const named = canonicalIp(call.parameters.get('name') ?? '');
  const ip = world.knobs.ignoresName && named !== undefined ? choose(world) : named;
  const owner = call.parameters.get('owner') ?? '';
  if (ip === undefined) throw new SimError('value', 'name', call.parameters.get('name') ?? '');
  if (!world.users.has(owner)) throw new SimError('missed', 'user', owner);
  const row = world.addresses.get(ip);
  if (elid === undefined && row !== undefined) throw new SimError('exists', 'name', ip);
  if (elid !== undefined && row === undefined) throw new SimError('missed', 'ipaddr', elid);
  if (row !== undefined && row.owner !== '' && row.owner !== owner) throw new SimError('value', 'owner', owner);
  world.addresses.set(ip, { ip, role: 'assigned', owner, onInterface: row?.onInterface ?? false });
  world.revision += 1;
  return [element('ok'), element('id', ip)];
}

/** The panel's own choice: the first one it does not know yet. */
function choose(world: IspWorld): string {
  let last = 100;
  while (world.addresses.has(`192.0.2.${last}`)) last += 1;
  return `192.0.2.${last}`;
}

function freeAddress(world: IspWorld, call: PanelCall): readonly SimNode[] {
  const elid = call.parameters.get('elid') ?? '';
  const row = world.addresses.get(elid);
  if (row === undefined) throw new SimError('missed', 'ipaddr', elid);
  Object.assign(row, { role: 'free', owner: '' });
  world.revision += 1;
  return [element('ok')];
}

function deleteAddress(world: IspWorld, call: PanelCall): readonly SimNode[] {
  const elid = call.parameters.get('elid') ?? '';
  const row = world.addresses.get(elid);
  if (row === undefined) throw new SimError('missed', 'ipaddr', elid);
  if (row.onInterface) throw new SimError('value', 'ipaddr', elid);
  world.addresses.delete(elid);
  world.revision += 1;
  return [element('ok')];
}
