import type { z } from 'zod';
import type { Failure } from '../domain/failure.ts';

/**
 * Checks a value against a schema of ours. The failure names the field by its path, the value as it stood (cut, never a
 * secret field: none of these schemas has one), what is accepted and what to do next.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): { readonly ok: true; readonly value: z.output<Schema> } | { readonly ok: false; readonly failure: Failure } {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, failure: firstFailure(parsed.error, value, where) };
}

function firstFailure(error: z.ZodError, value: unknown, where: string): Failure {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  if (issue?.code === 'unrecognized_keys') return unknownField(issue.keys[0] ?? '', path, where);
  const field = path.length === 0 ? where : path.join('.');
  const found = at(value, path);
  const problem = issue?.message ?? 'is not accepted';
  return {
    code: 'invalid-input',
    message: `${field}: ${shown(jsonOf(found))} in ${where}: ${problem}`,
    field,
    value: shown(typeof found === 'string' ? found : jsonOf(found)),
    accepted: problem.replace(/^.*accepted: /, ''),
    next: `correct ${field} and send it again; nothing was done`,
  };
}

function unknownField(key: string, path: readonly PropertyKey[], where: string): Failure {
  const field = [...path, key].join('.');
  return {
    code: 'unknown-field',
    message: `${field} is not a field of ${where}`,
    field,
    next: `leave ${field} out, or correct its name, and send it again; nothing was done`,
  };
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Reflect.get(here, key);
  }
  return here;
}

function jsonOf(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function shown(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
