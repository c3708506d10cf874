import type { Failure } from '../../../workflows/domain/failure.ts';
import { done } from '../outcome.ts';
import type { ServerOutcome } from '../server-module.ts';
import type { Access } from './access.ts';
import { anyOf, equal, idOf, provenRows, textOf, type Row } from './lists.ts';
import { machineById, outcomeOf, stageOf, type Machine } from './machines.ts';
import { fieldOf } from './refusals.ts';

/** Clients ask every 5 s (seen); the first look is sooner, as a small change takes a second. The workflow slows down. */
const firstPollMs = 1_000;

/**
 * What `progressOf` needs in another process: the machine, and the tasks we were told of. Without tasks the machine's own
 * history is watched: work that an earlier call began, whose answer nobody has.
 */
export function started(machine: number, tasks: readonly number[] = []): ServerOutcome {
  const task = tasks.length === 0 ? `vm${machine}` : `vm${machine}:${tasks.join(',')}`;
  return { kind: 'started', task, pollMs: firstPollMs };
}

/** The task of an answer `{"id":12,"task":345}` (seen); nothing when the work was done at once. */
export function taskIn(answer: unknown): number | undefined {
  return idOf(answer, 'task');
}

export async function progressOf(access: Access, task: string): Promise<ServerOutcome> {
  const read = /^vm(\d+)(?::(\d+(?:,\d+)*))?$/.exec(task);
  if (read === null) return { kind: 'task-failed', failure: noTask(task) };
  const machine = Number(read[1]);
  const ids = (read[2] ?? '').split(',').filter((id) => id !== '');
  return ids.length === 0 ? watch(access, machine) : follow(access, { machine, ids: ids.map(Number) });
}

interface Followed {
  readonly machine: number;
  readonly ids: readonly number[];
}

/** `GET /vm/v3/task?where=consul_id EQ n` → `status` (seen: reference 5.3). */
async function follow(access: Access, { machine, ids }: Followed): Promise<ServerOutcome> {
  const asked = anyOf(ids.map((id) => equal('consul_id', id)));
  const rows = (await provenRows(access, 'vm/v3/task', asked)).filter((row) =>
    ids.includes(idOf(row, 'consul_id') ?? 0),
  );
  const bad = rows.find((row) => outcomeOf(textOf(row, 'status')) === 'bad');
  // As long as one still works, the panel does: what went wrong is said when all have ended.
  if (rows.some((row) => outcomeOf(textOf(row, 'status')) === 'running')) return started(machine, ids);
  if (bad !== undefined) return { kind: 'task-failed', failure: endedBadly(access, bad) };
  const known = ids.every((id) => rows.some((row) => idOf(row, 'consul_id') === id));
  return known ? done : watch(access, machine); // forgotten already, or not in the list yet
}

/** Ended, or gone: the call that asked for it is made again, and looks. */
async function watch(access: Access, id: number): Promise<ServerOutcome> {
  const machine = await machineById(access, id);
  if (machine === undefined) return done;
  return (await stageOf(access, machine)) === 'busy' ? started(id) : done;
}

/** What a list does not show yet, another copy's task may be at work on; otherwise it is not clear what became of it. */
export async function unlessBusy(access: Access, machine: Machine, failure: Failure): Promise<ServerOutcome> {
  return (await stageOf(access, machine)) === 'busy' ? started(machine.id) : { kind: 'unknown', failure };
}

/** Where a task keeps its words: `output` (seen), `error` (seen in one client's types). */
function endedBadly(access: Access, row: Row): Failure {
  const error = fieldOf(row, 'error');
  const words = [textOf(row, 'output'), typeof error === 'string' ? error : textOf(error, 'msg')].find((w) => w !== '');
  const name = access.words(textOf(row, 'name'));
  return {
    code: 'server-task-failed',
    message: `VMmanager ended task ${idOf(row, 'consul_id')} (${name}) with "${access.words(textOf(row, 'status'))}": ${access.words(words ?? 'it says no more')}`,
    next: "Look at the task in VMmanager's list of tasks; what is left is looked for before anything is done again.",
  };
}

function noTask(task: string): Failure {
  return {
    code: 'server-task-unknown',
    message: `"${task.slice(0, 60)}" is no task of VMmanager`,
    next: 'Start the step again: it looks at the machine first.',
  };
}
