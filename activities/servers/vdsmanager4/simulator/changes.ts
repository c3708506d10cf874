import { canonicalIp } from '../../../../workflows/domain/address.ts';
import { element, type SimNode } from '../../../coremanager/simulator/node.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { beginWork, phaseOf } from '../../../coremanager/simulator/slow-work.ts';
import { usedAddresses, type SimVds, type VdsWorld } from './world.ts';

type Parameters = ReadonlyMap<string, string>;

/** A VDS is known by its main address. */
export function vdsOf(world: VdsWorld, parameters: Parameters, name: string): SimVds {
  const main = parameters.get(name) ?? '';
  const vds = [...world.vdss].find(({ addresses }) => addresses[0]?.ip === main);
  if (vds === undefined) throw new SimError('missed', 'vds', main);
  return vds;
}

const sizeNames = ['disk', 'mem', 'cpu', 'proc', 'desc', 'traf'] as const;

/** The answer comes with the address; the template is unpacked afterwards, which the list shows. */
export function createVds(world: VdsWorld, parameters: Parameters): readonly SimNode[] {
  const field = (name: string): string => parameters.get(name) ?? '';
  checkFields(world, field);
  const ip = field('ip') === 'auto' ? freeAddress(world) : free(world, field('ip'));
  if (world.knobs.diskFull) throw new SimError('limit', 'disk', 'disk');
  world.lastId += 1;
  world.vdss.add({
    id: field('id') === 'auto' ? String(world.lastId) : field('id'),
    name: field('name'),
    owner: field('owner'),
    addresses: [{ ip, ptr: field('name') }],
    sizes: Object.fromEntries(sizeNames.map((size) => [size, field(size)])),
    work: beginWork(world.knobs),
  });
  world.revision += 1;
  return [element('ok'), element('ip', ip)];
}

function checkFields(world: VdsWorld, field: (name: string) => string): void {
  if (!/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i.test(field('name')))
    throw new SimError('value', 'name', field('name')); // a domain name and nothing else (seen)
  if (field('passwd') === '' || field('passwd') !== field('confirm')) throw new SimError('value', 'passwd', 'passwd');
  const preset = world.presets[field('vdspreset')];
  if (preset === undefined) throw new SimError('missed', 'vdspreset', field('vdspreset'));
  for (const size of sizeNames) {
    // In these words, seen when `traf` was not sent.
    if (field(size) === '') throw new SimError("Can't change pos in edit mode", '');
    if (!/^\d+$/.test(field(size))) throw new SimError('value', size, field(size)); // `desc` is a number too
  }
  if (world.templates[field('disktempl')] !== 'ok') throw new SimError('value', 'disktempl', field('disktempl'));
  if (!world.logins.has(field('owner'))) throw new SimError('value', 'owner', field('owner'));
}

function free(world: VdsWorld, text: string): string {
  const ip = canonicalIp(text);
  if (ip === undefined) throw new SimError('value', 'ip', text);
  if (usedAddresses(world).has(ip)) throw new SimError('exists', 'ip', ip);
  return ip;
}

function freeAddress(world: VdsWorld): string {
  const used = usedAddresses(world);
  const ip = world.pool.find((one) => !used.has(one));
  if (ip === undefined) throw new SimError('limit', 'ip', 'ip');
  return ip;
}

/** Another of its own addresses becomes the main one, and the old one a further one. */
export function moveMain(world: VdsWorld, parameters: Parameters): readonly SimNode[] {
  const vds = vdsOf(world, parameters, 'elid');
  const ip = parameters.get('ip') ?? '';
  const row = vds.addresses.find((one) => one.ip === ip);
  if (row === undefined || !world.knobs.mainMoves) throw new SimError('value', 'ip', ip);
  vds.addresses = [row, ...vds.addresses.filter((one) => one !== row)];
  world.revision += 1;
  return [element('ok'), element('ip', ip)];
}

/** With `elid` the PTR of an address changes; without it the VDS gets one more. */
export function editAddress(world: VdsWorld, parameters: Parameters): readonly SimNode[] {
  const elid = parameters.get('elid') ?? '';
  if (elid === '') return addAddress(world, parameters);
  const vds = vdsOf(world, parameters, 'plid');
  if (!vds.addresses.some(({ ip }) => ip === elid)) throw new SimError('missed', 'ip', elid);
  const ptr = parameters.get('name') ?? '';
  vds.addresses = vds.addresses.map((row) => (row.ip === elid ? { ...row, ptr } : row));
  world.revision += 1;
  return [element('ok'), element('ip', elid)];
}

function addAddress(world: VdsWorld, parameters: Parameters): readonly SimNode[] {
  const vds = vdsOf(world, parameters, 'plid');
  const choice = parameters.get('ip') ?? '';
  const named = world.knobs.namedAddresses && choice === 'other';
  if (!named && !['auto', 'auto6', 'other'].includes(choice)) throw new SimError('value', 'ip', choice);
  const ip = named ? free(world, parameters.get('otherip') ?? '') : freeAddress(world);
  vds.addresses = [...vds.addresses, { ip, ptr: parameters.get('name') ?? '' }];
  world.revision += 1;
  return [element('ok'), element('ip', ip)];
}

export function deleteAddress(world: VdsWorld, parameters: Parameters): readonly SimNode[] {
  const vds = vdsOf(world, parameters, 'plid');
  const ip = parameters.get('elid') ?? '';
  if (vds.addresses[0]?.ip === ip) throw new SimError('value', 'ip', ip); // the VDS is known by it
  if (!vds.addresses.some((one) => one.ip === ip)) throw new SimError('missed', 'ip', ip);
  vds.addresses = vds.addresses.filter((one) => one.ip !== ip);
  world.revision += 1;
  return [element('ok')];
}

export function deleteVds(world: VdsWorld, parameters: Parameters): readonly SimNode[] {
  const vds = vdsOf(world, parameters, 'elid');
  if (phaseOf(vds.work) === 'working') throw new SimError('value', 'vds', vds.name);
  world.vdss.delete(vds);
  world.revision += 1;
  return [element('ok')];
}
