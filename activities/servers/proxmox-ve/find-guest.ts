import { PanelReadError } from '../../http/panel-read-error.ts';
import type { ServiceOnServer } from '../server-module.ts';
import { proofLine } from '../service-label.ts';
import {
  clusterList,
  guestPath,
  isFree,
  notWhole,
  runningTasks,
  type ClusterList,
  type ListedGuest,
  type RunningTask,
} from './cluster-view.ts';
import { hasNameOf, isOurs, isUnfinished, vmidsOf } from './guest-name.ts';
import type { Panel } from './panel.ts';
import type { VmidRange } from './settings.ts';
import { arrayOrRecord, textIn, type Fields } from './values.ts';

/** A guest that is provably ours. */
export interface Guest {
  readonly listed: ListedGuest;
  readonly config: Fields;
  readonly notes: string;
  readonly running: boolean;
  /** Its set-up was begun by us and not finished. */
  readonly unfinished: boolean;
  /** What the panel does to it just now. */
  readonly task: string | undefined;
}

export type Found =
  | { readonly kind: 'ours'; readonly guest: Guest; readonly list: ClusterList }
  /** At a VMID of this service, and so young that it does not say whose it is. */
  | { readonly kind: 'being-made'; readonly listed: ListedGuest; readonly task: string | undefined }
  /** It has the name of this service and not our line: only a person can say whose it is, so it counts as neither. */
  | { readonly kind: 'not-proven'; readonly listed: ListedGuest }
  /** Provably not there. `vmid`: where it is to be made; nothing when others have all of its VMIDs. */
  | { readonly kind: 'absent'; readonly vmid: number | undefined; readonly list: ClusterList };

/** A guest may be removed between the list and the look at it: then the list is asked for again, this often. */
const mostLists = 3;

/** Looks for the guest of a service. Throws when that cannot be known (I12). */
export async function findGuest(panel: Panel, service: ServiceOnServer, range: VmidRange): Promise<Found> {
  for (let lists = 0; lists < mostLists; lists += 1) {
    const found = await findIn(panel, service, { list: await clusterList(panel), vmids: vmidsOf(service, range) });
    if (found !== 'gone') return found;
  }
  throw notWhole('guests of this service came and went while we looked');
}

interface Searched {
  readonly list: ClusterList;
  readonly vmids: readonly number[];
}

async function findIn(panel: Panel, service: ServiceOnServer, { list, vmids }: Searched): Promise<Found | 'gone'> {
  const others: Found[] = [];
  for (const listed of list.guests.filter(({ vmid }) => vmids.includes(vmid))) {
    const found = await look(panel, service, { listed, list });
    if (found === 'gone' || found?.kind === 'ours') return found;
    if (found !== undefined) others.push(found);
  }
  const young = others.find(({ kind }) => kind === 'being-made');
  if (young !== undefined) return young;
  return (await byName(panel, service, list)) ?? others[0] ?? absent(panel, vmids, list);
}

interface Place {
  readonly listed: ListedGuest;
  readonly list: ClusterList;
}

type Looked = Found | 'gone' | undefined;

/** Nothing when the guest is somebody else's. */
async function look(panel: Panel, service: ServiceOnServer, place: Place): Promise<Looked> {
  try {
    return await lookAt(panel, service, place);
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'state') return 'gone';
    throw error;
  }
}

/** Tasks first: what has ended by then shows in what is read after them, so no step is taken for not done. */
async function lookAt(panel: Panel, service: ServiceOnServer, { listed, list }: Place): Promise<Found | undefined> {
  const tasks = await runningTasks(panel, listed.node);
  const [read, status] = await Promise.all([
    panel.read(`${guestPath(listed)}/config`),
    panel.read(`${guestPath(listed)}/status/current`),
  ]);
  const config = arrayOrRecord(read) ?? {};
  const notes = textIn(config, 'description') ?? '';
  const lock = textIn(config, 'lock') ?? '';
  const task = taskFor(tasks, listed, lock);
  if (!isOurs(notes, service)) {
    // The lock is written before anything else, the notes only in the end (seen: create_and_lock_config, qmclone).
    if (notes.trim() === '' && ['create', 'clone'].includes(lock)) return { kind: 'being-made', listed, task };
    const name = textIn(config, 'hostname') ?? textIn(config, 'name') ?? '';
    return hasNameOf(service, name) ? { kind: 'not-proven', listed } : undefined;
  }
  const running = textIn(arrayOrRecord(status) ?? {}, 'status') === 'running';
  return { kind: 'ours', list, guest: { listed, config, notes, running, unfinished: isUnfinished(notes), task } };
}

/** Tasks that make, change or end a guest; consoles and backups are none of them. */
const changing = /^(vz|qm)(create|restore|clone|config|start|stop|shutdown|reboot|destroy|resize|migrate)$|^resize$/;

/** A clone's task names the template, not the clone: which of several is ours does not matter, each is looked after. */
function taskFor(tasks: readonly RunningTask[], { vmid }: ListedGuest, lock: string): string | undefined {
  const own = tasks.find(({ type, id }) => id === String(vmid) && changing.test(type));
  const clone = lock === 'clone' ? tasks.find(({ type }) => type === 'qmclone') : undefined;
  return (own ?? clone)?.upid;
}

/** A guest restored from a backup, or made under another range of VMIDs: its name leads to it, its notes prove it. */
async function byName(panel: Panel, service: ServiceOnServer, list: ClusterList): Promise<Looked> {
  const found: Found[] = [];
  for (const listed of list.guests.filter(({ name }) => hasNameOf(service, name ?? ''))) {
    const one = await look(panel, service, { listed, list });
    if (one === 'gone') return one;
    if (one !== undefined) found.push(one);
  }
  const ours = found.filter(({ kind }) => kind === 'ours');
  if (ours.length > 1) throw twice(service, ours);
  return ours[0] ?? found.find(({ kind }) => kind === 'not-proven');
}

async function absent(panel: Panel, vmids: readonly number[], list: ClusterList): Promise<Found> {
  const unlisted = vmids.filter((one) => !list.guests.some(({ vmid }) => vmid === one));
  const free = await Promise.all(unlisted.map((vmid) => isFree(panel, vmid)));
  const hidden = unlisted.find((_vmid, at) => free[at] === false);
  if (hidden !== undefined) throw notWhole(`guest ${hidden} exists and is not in it`);
  return { kind: 'absent', vmid: unlisted[0], list };
}

function twice(service: ServiceOnServer, found: readonly Found[]): PanelReadError {
  const ids = found.flatMap((one) => (one.kind === 'ours' ? [one.guest.listed.vmid] : []));
  const failure = {
    code: 'service-twice-on-server',
    message: `The guests ${ids.join(' and ')} both say that they are service ${service.id}`,
    next: `Take the line "${proofLine(service)}" out of the notes of the one that is not, or remove it.`,
  };
  return new PanelReadError(failure, { retryable: false, said: 'twice' });
}
