import { nextId, type VmTask, type VmWorld } from './world.ts';

type Beginning = Pick<VmTask, 'name' | 'host'> & { readonly ip?: string };

/** Begins a task on a machine; those of one machine wait for each other (seen: clients send several at once). */
export function beginTask(world: VmWorld, { name, host, ip }: Beginning): VmTask {
  const { knobs } = world;
  const before = [...world.tasks.values()].filter((one) => one.host === host && one.status === 'running');
  const waits = Math.max(Date.now(), ...before.map(({ endsAt }) => endsAt ?? 0));
  const id = nextId(world);
  const task: VmTask = {
    id,
    consulId: id + 100_000,
    name,
    host,
    ip: ip ?? null,
    fails: knobs.failNext,
    endsAt: knobs.hang ? null : waits + knobs.taskMs,
    status: 'running',
  };
  knobs.failNext = null;
  world.tasks.set(id, task);
  return task;
}

/** Ends what time has ended. Called before every request, so nothing runs while nobody looks. */
export function endTasks(world: VmWorld, now = Date.now()): void {
  const due = [...world.tasks.values()].filter(
    (task) => task.status === 'running' && task.endsAt !== null && task.endsAt <= now,
  );
  for (const task of due.toSorted((one, other) => one.id - other.id)) {
    task.status = task.fails === null ? 'complete' : 'fail';
    (task.fails === null ? ended : failed)(world, task);
    world.revision += 1;
  }
}

function ended(world: VmWorld, { name, host, ip }: VmTask): void {
  const machine = world.hosts.get(host);
  const record = ip === null ? undefined : world.ips.get(ip);
  if (name === 'host_create' && machine !== undefined) machine.state = 'active';
  if (name === 'ip_allocate' && record !== undefined) record.pending = false;
  if (name === 'ip_release' && ip !== null) world.ips.delete(ip);
  if (name === 'host_delete') {
    world.hosts.delete(host);
    for (const row of world.ips.values()) if (row.host === host) world.ips.delete(row.ip);
  }
}

/** What a failed creation leaves is not known: here the state that tells least. An address not added is free again. */
function failed(world: VmWorld, { name, host, ip }: VmTask): void {
  const machine = world.hosts.get(host);
  if ((name === 'host_create' || name === 'host_delete') && machine !== undefined) machine.state = 'stopped';
  if (name === 'ip_allocate' && ip !== null) world.ips.delete(ip);
}
