import { canonicalIp, familyOf } from '../../../../workflows/domain/address.ts';
import { element, type SimNode } from '../../../coremanager/simulator/node.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { beginWork } from '../../../coremanager/simulator/slow-work.ts';
import { addressRow, nextId, type SimVm, type VmWorld } from './world.ts';

type Parameters = ReadonlyMap<string, string>;

/** A new machine: the form is checked, the answer comes at once, the system is installed afterwards. */
export function createVm(world: VmWorld, parameters: Parameters): readonly SimNode[] {
  const field = (name: string): string => parameters.get(name) ?? '';
  checkFields(world, field);
  const ip = chosenAddress(world, parameters);
  if (world.knobs.diskFull) throw new SimError('limit', 'disk');
  const vm: SimVm = {
    id: nextId(world),
    name: field('name'),
    domain: field('domain'),
    user: field('user'),
    vmi: field('vmi'),
    hostnode: field('hostnode') === 'auto' ? (world.nodes[0] ?? '') : field('hostnode'),
    addresses: [addressRow(world, ip, field('domain'))],
    work: beginWork(world.knobs),
    deleting: null,
  };
  world.vms.set(vm.id, vm);
  world.revision += 1;
  return [element('ok'), element('id', vm.id)];
}

function checkFields(world: VmWorld, field: (name: string) => string): void {
  const name = field('name');
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name)) throw new SimError('value', 'name', name);
  if ([...world.vms.values()].some((vm) => vm.name === name)) throw new SimError('exists', 'name', name);
  if (!/^[a-z0-9.-]+$/i.test(field('domain'))) throw new SimError('value', 'domain', field('domain'));
  if (!world.users.has(field('user'))) throw new SimError('missed', 'user', field('user'));
  if (!world.presets.some(({ id }) => id === field('preset'))) throw new SimError('missed', 'preset', field('preset'));
  for (const size of ['mem', 'vcpu', 'vsize']) if (!/^[1-9]\d*$/.test(field(size))) throw new SimError('value', size);
  if (!world.templates.some((template) => field('vmi') === `ISPsystem__${template}`))
    throw new SimError('value', 'vmi', field('vmi'));
  const nodes = ['auto', ...world.nodes, ...world.nodes.map((_, at) => String(at + 1))];
  if (!nodes.includes(field('hostnode'))) throw new SimError('value', 'hostnode', field('hostnode'));
  if (field('password') === '' || field('password') !== field('confirm')) throw new SimError('value', 'password');
}

/** `ip` names the address (inferred); empty or missing it is automatic (seen). */
export function chosenAddress(world: VmWorld, parameters: Parameters): string {
  const family = parameters.get('family') ?? '';
  if (!['ipv4', 'ipv6'].includes(family)) throw new SimError('value', 'family', family);
  const used = new Set([...world.vms.values()].flatMap((vm) => vm.addresses.map(({ ip }) => ip)));
  const wanted = world.knobs.honoursIp ? (parameters.get('ip') ?? '') : '';
  if (wanted !== '') {
    const ip = canonicalIp(wanted);
    if (ip === undefined || familyOf(ip) !== family) throw new SimError('value', 'ip', wanted);
    if (used.has(ip)) throw new SimError('exists', 'ip', ip);
    return ip;
  }
  const free = world.pool.find((ip) => familyOf(ip) === family && !used.has(ip));
  if (free === undefined) throw new SimError('limit', 'ip');
  return free;
}
