import { canonicalIp } from '../../../workflows/domain/address.ts';
import { listNotComplete } from '../../http/list-not-complete.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import type { ServiceOnServer } from '../server-module.ts';
import type { Access } from './access.ts';
import { anyOf, beginsWith, equal, idOf, provenRows, textOf, type Row } from './lists.ts';
import { fieldOf } from './refusals.ts';
import { commentOf, isCommentOf, vmNameOf } from './vm-name.ts';

/** A virtual machine, as the list of machines shows it. */
export interface Machine {
  readonly id: number;
  readonly name: string;
  /** `creating active stopped` were seen; others are not known. */
  readonly state: string;
  /** `ip6[].ip` of the machine's row (seen): the list of its addresses was only ever seen with IPv4. */
  readonly ip6: readonly string[];
}

export interface FoundMachines {
  /** More than one only when two copies of a call ran at once for a service without addresses. */
  readonly ours: readonly Machine[];
  /** The name we would give is that of a machine that is not of this service. */
  readonly nameTaken: boolean;
}

/** By name or by comment: a machine that was renamed there is still the service's, and its addresses are in use (I4). */
export async function findMachines(access: Access, service: ServiceOnServer): Promise<FoundMachines> {
  const name = vmNameOf(service);
  const rows = await rowsOf(access, service);
  const ours = rows.filter((row) => isCommentOf(service, textOf(row, 'comment')));
  const named = rows.filter((row) => textOf(row, 'name') === name);
  return { ours: ours.flatMap(machineOf), nameTaken: named.some((row) => !ours.includes(row)) };
}

const notAskedFor: readonly string[] = ['panel-refused', 'panel-internal-error'];

/**
 * That a comment may be asked for is inferred (names may: seen). Where it may not, the name alone has to do; one client's
 * author saw HTTP 500 for a column the panel does not filter by.
 */
async function rowsOf(access: Access, service: ServiceOnServer): Promise<readonly Row[]> {
  const byName = equal('name', vmNameOf(service));
  try {
    return await provenRows(access, 'vm/v3/host', anyOf([byName, beginsWith('comment', commentOf(service))]));
  } catch (error) {
    const noSuchColumn = error instanceof PanelReadError && notAskedFor.includes(error.failure.code);
    if (!noSuchColumn) throw error;
    return provenRows(access, 'vm/v3/host', byName);
  }
}

export async function machineById(access: Access, id: number): Promise<Machine | undefined> {
  return (await provenRows(access, 'vm/v3/host', equal('id', id))).flatMap(machineOf).find((one) => one.id === id);
}

function machineOf(row: Row): readonly Machine[] {
  const id = idOf(row);
  if (id === undefined) return [];
  const six = fieldOf(row, 'ip6');
  const ip6 = Array.isArray(six) ? six.flatMap((one) => address(textOf(one, 'ip'))) : [];
  return [{ id, name: textOf(row, 'name'), state: textOf(row, 'state'), ip6 }];
}

/** An address as panels write one; a whole prefix given to a machine is none. */
export function address(text: string): readonly string[] {
  const ip = canonicalIp(text.trim().replace(text.includes(':') ? /\/128$/ : /\/32$/, ''));
  return ip === undefined ? [] : [ip];
}

/** `busy`: the panel works on it. `half-made`: its creation ended badly. */
export type Stage = 'busy' | 'half-made' | 'ready';

interface Entry {
  readonly order: number;
  readonly name: string;
  readonly state: string;
}

/** What a machine's own history says of work we may have asked for (seen: `name`, `state`, a rising `id`). */
export async function stageOf(access: Access, machine: Machine): Promise<Stage> {
  const entries = historyOf(await access.lookAgain(`vm/v3/host/${machine.id}/history`)).filter(({ name }) =>
    ourKind(name),
  );
  if (entries.some(({ state }) => outcomeOf(state) === 'running')) return 'busy';
  const making = entries.filter(({ name }) => /^host_(create|reinstall)/.test(name));
  const last = making.toSorted((one, other) => one.order - other.order).at(-1);
  if (last !== undefined && outcomeOf(last.state) === 'bad') return 'half-made';
  if (machine.state === 'creating') return 'busy';
  return /fail|error/.test(machine.state) ? 'half-made' : 'ready';
}

/** Names of tasks: `host_create host_delete host_reinstall ip_change ip_allocate` (seen). A backup is no reason to wait. */
function ourKind(name: string): boolean {
  return /^(host_create|host_delete|host_reinstall|ip_)/.test(name);
}

/** `complete`, `fail` and `running` were seen; a word nobody knows is one of work under way. */
export function outcomeOf(state: string): 'good' | 'bad' | 'running' {
  if (/^complete/.test(state)) return 'good';
  return /^(fail|error|cancel|abort)/.test(state) ? 'bad' : 'running';
}

function historyOf(answer: unknown): readonly Entry[] {
  const list = fieldOf(answer, 'list');
  // Of another shape it may hide work that is under way (I12).
  if (!Array.isArray(list)) throw listNotComplete('the history of a machine came without its list');
  return list.map((row) => ({ order: idOf(row) ?? 0, name: textOf(row, 'name'), state: textOf(row, 'state') }));
}
