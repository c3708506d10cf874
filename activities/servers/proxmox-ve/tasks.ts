import type { Failure } from '../../../workflows/domain/failure.ts';
import { safeText } from '../../http/safe-text.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { done, refused } from '../outcome.ts';
import type { ServerOutcome } from '../server-module.ts';
import { nodeOfUpid } from './cluster-view.ts';
import type { Found } from './find-guest.ts';
import type { Changed, Panel } from './panel.ts';
import { halfMade } from './refusals.ts';
import { arrayOrRecord, textIn } from './values.ts';

/** The first look comes soon: a container of a small template is there in seconds. The workflow asks ever less often. */
const pollMs = 1000;

/** A task is its UPID alone: the node is in it, and any process can ask for it. */
export function started(upid: string): ServerOutcome {
  return { kind: 'started', task: upid, pollMs };
}

/** A guest that does not say yet whose it is: waited for while a task makes it, and for people to see to after that. */
export function beingMade({ task, listed }: Extract<Found, { kind: 'being-made' }>): ServerOutcome {
  return task === undefined ? refused(halfMade(listed)) : started(task);
}

/** The task that an answer names; an answer that names none leaves open what it did. */
export function startedBy({ value }: Extract<Changed, { kind: 'ok' }>): ServerOutcome {
  if (typeof value === 'string' && nodeOfUpid(value) !== undefined) return started(value);
  return { kind: 'unknown', failure: nameless };
}

/** `exitstatus` is OK, `WARNINGS: n`, or why it failed (seen: pve-common UPID.pm). */
export async function progressOf(panel: Panel, task: string): Promise<ServerOutcome> {
  const node = nodeOfUpid(task);
  if (node === undefined) return { kind: 'task-failed', failure: lost(task) };
  const said = await statusOf(panel, node, task);
  if (said === undefined) return { kind: 'task-failed', failure: lost(task) };
  const status = arrayOrRecord(said) ?? {};
  if (textIn(status, 'status') !== 'stopped') return started(task);
  const exit = textIn(status, 'exitstatus') ?? 'unexpected status';
  return exit === 'OK' || /^WARNINGS: \d+$/.test(exit)
    ? done
    : { kind: 'task-failed', failure: failed(task, safeText(exit, panel.secrets, 300)) };
}

/** Nothing when the panel no longer has the task. */
async function statusOf(panel: Panel, node: string, task: string): Promise<unknown> {
  try {
    return await panel.read(`/nodes/${node}/tasks/${encodeURIComponent(task)}/status`);
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'missing') return undefined;
    throw error;
  }
}

function failed(task: string, exit: string): Failure {
  const [, , , , , type = '', id = ''] = task.split(':');
  return {
    code: 'server-task-failed',
    message: `The panel's task ${type} of ${id} failed: ${exit}`,
    next: 'See the log of the task in the panel; what it left is looked for before anything is made again.',
  };
}

function lost(task: string): Failure {
  return {
    code: 'server-task-lost',
    message: `The panel no longer knows the task ${safeText(task, [], 120)}`,
    next: 'The guest is looked at again.',
  };
}

const nameless: Failure = {
  code: 'panel-answer-foreign',
  message: 'The panel accepted the request and named no task for it',
  next: 'It is looked at again.',
};
