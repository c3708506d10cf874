import { workflowInfo } from '@temporalio/workflow';
import type { z } from 'zod';
import { check } from '../inputs/check.ts';
import { failWith } from './waiting.ts';

/** The input in its canonical form, or a failure that any client can read; nothing was done yet (design.md 7). */
export function accept<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  expectedId: (input: z.output<Schema>) => string,
): z.output<Schema> {
  const { workflowType } = workflowInfo();
  const checked = check(schema, raw, workflowType);
  if (!checked.ok) throw failWith(checked.failure);
  insistOnId(expectedId(checked.value));
  return checked.value;
}

/** What is sent, at the start or to a running run, belongs to the thing the workflow id names. */
export function insistOnId(expected: string): void {
  const { workflowId } = workflowInfo();
  if (expected === workflowId) return;
  throw failWith({
    code: 'workflow-id-mismatch',
    message: `workflow id ${workflowId} does not belong to this input`,
    field: 'workflowId',
    value: workflowId,
    accepted: expected,
    next: `start it as ${expected}, so that two runs for one thing cannot stand beside each other`,
  });
}

/** A text of an input that is not checked yet, for titles and search attributes: none when it is no short text. */
export function shown(raw: unknown, ...path: readonly string[]): string | null {
  let here = raw;
  for (const field of path) {
    if (typeof here !== 'object' || here === null) return null;
    here = Reflect.get(here, field);
  }
  return typeof here === 'string' && /^[\w.:@-]{1,100}$/.test(here) ? here : null;
}
