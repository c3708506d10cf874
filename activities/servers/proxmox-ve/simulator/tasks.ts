import { createHash, randomInt } from 'node:crypto';
import { linksIn, type PveWorld, type SimGuest } from './world.ts';

/** What a task does when it ends well. Plain values: tasks outlive a restart. */
export type TaskWork =
  | { readonly kind: 'create' | 'clone'; readonly vmid: number; readonly config: Record<string, string> }
  | { readonly kind: 'start' | 'stop' | 'destroy'; readonly vmid: number }
  | { readonly kind: 'resize'; readonly vmid: number; readonly disk: string; readonly size: string };

export interface SimTask {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly work: TaskWork;
  readonly startedAt: number;
  /** Nothing: it hangs. */
  endsAt: number | null;
  /** Decided when it begins: why it will fail. */
  readonly failure: string | null;
  /** `OK`, `WARNINGS: n` or why it failed; nothing while it runs. */
  exit: string | null;
}

interface NewTask {
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly work: TaskWork;
}

export function beginTask(world: PveWorld, task: NewTask): string {
  const { knobs } = world;
  const startedAt = Date.now();
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
  const process = `${hex(randomInt(2 ** 22))}:${hex(randomInt(2 ** 31))}:${hex(Math.floor(startedAt / 1000))}`;
  const upid = `UPID:${task.node}:${process}:${task.type}:${task.id}:${task.user}:`;
  const failure = knobs.failNext.shift() ?? null;
  world.tasks.push({
    ...task,
    upid,
    startedAt,
    endsAt: knobs.hang ? null : startedAt + knobs.taskMs,
    failure,
    exit: null,
  });
  world.revision += 1;
  return upid;
}

/** Time goes by: every task whose end has come is ended. Called before each request is answered. */
export function settleTasks(world: PveWorld): void {
  const now = Date.now();
  for (const task of world.tasks) {
    if (task.exit !== null || task.endsAt === null || task.endsAt > now) continue;
    task.exit = end(world, task);
    world.revision += 1;
  }
  if (world.tasks.length > 2000) world.tasks.splice(0, 1000);
}

function end(world: PveWorld, task: SimTask): string {
  const guest = world.guests.get(task.work.vmid);
  if (guest === undefined) return 'Configuration file does not exist';
  const failure = task.failure ?? refusal(world, guest, task.work);
  if (failure !== undefined && failure !== null) return failed(world, guest, { task, failure });
  perform(world, guest, task.work);
  return world.knobs.warnings > 0 ? `WARNINGS: ${world.knobs.warnings}` : 'OK';
}

/** What only shows when the task works. */
function refusal(world: PveWorld, guest: SimGuest, work: TaskWork): string | undefined {
  if (['create', 'clone'].includes(work.kind) && world.knobs.diskFull)
    return 'no space left on device (storage is full)';
  const bridges = world.nodes.find(({ name }) => name === guest.node)?.bridges ?? [];
  const wanted = Object.entries(guest.config).flatMap(([name, value]) =>
    /^net\d+$/.test(name) ? [/bridge=([^,]*)/.exec(value)?.[1] ?? ''] : [],
  );
  const lacking = work.kind === 'start' ? wanted.find((bridge) => !bridges.includes(bridge)) : undefined;
  return lacking === undefined ? undefined : `bridge '${lacking}' does not exist`;
}

interface Failed {
  readonly task: SimTask;
  readonly failure: string;
}

/** A container or clone that fails in the making is taken away again (seen: API2/LXC.pm, API2/Qemu.pm). */
function failed(world: PveWorld, guest: SimGuest, { task, failure }: Failed): string {
  const { kind } = task.work;
  // Old versions left what was begun (inferred: API2/OpenVZ.pm cleans up after a restore only).
  if (guest.lock !== '' && guest.type !== 'openvz' && ['create', 'clone'].includes(kind))
    world.guests.delete(guest.vmid);
  if (kind === 'create') return `unable to create CT ${guest.vmid} - ${failure}`;
  return kind === 'clone' ? `clone failed: ${failure}` : failure;
}

function perform(world: PveWorld, guest: SimGuest, work: TaskWork): void {
  switch (work.kind) {
    case 'create':
    case 'clone':
      Object.assign(guest, { lock: '', config: work.config });
      return;
    case 'start':
      Object.assign(guest, { status: 'running', inForce: linksIn(guest.config) });
      return;
    case 'stop':
      guest.status = 'stopped';
      return;
    case 'destroy':
      world.guests.delete(guest.vmid);
      return;
    case 'resize': {
      const drive = guest.config[work.disk] ?? '';
      guest.config = { ...guest.config, [work.disk]: drive.replace(/size=[^,]*/, `size=${work.size}`) };
    }
  }
}

export function digestOf(guest: SimGuest): string {
  return createHash('sha1').update(JSON.stringify(guest.config)).digest('hex');
}
