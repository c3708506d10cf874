import type { ServerOutcome } from '../server-module.ts';

export interface MachineTask {
  readonly kind: 'install' | 'delete';
  readonly id: string;
  readonly name: string;
}

/** Short at first; the workflow asks less and less often, up to the half minute of the clients seen (reference 5.2). */
const firstPollMs = 1_000;

/** These panels give out no task ids: a task names its machine, and the list tells how it stands. */
export function startedTask(kind: MachineTask['kind'], { id, name }: Omit<MachineTask, 'kind'>): ServerOutcome {
  return { kind: 'started', task: `${kind} ${id} ${name}`, pollMs: firstPollMs };
}

export function readTask(task: string): MachineTask | undefined {
  const [, kind, id, name] = /^(install|delete) (\S+) (\S+)$/.exec(task) ?? [];
  if (kind === undefined || id === undefined || name === undefined) return undefined;
  return { kind: kind === 'delete' ? 'delete' : 'install', id, name };
}
