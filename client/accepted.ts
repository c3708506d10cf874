import type { z } from 'zod';
import { check } from '../workflows/inputs/check.ts';
import { IptallyError } from '../worker/iptally-error.ts';
import { exitStatusOf } from './exit-status.ts';

/** The value as the schema reads it, or the refusal that names the field. */
export function accepted<Schema extends z.ZodType>(schema: Schema, input: unknown, where: string): z.output<Schema> {
  const checked = check(schema, input, where);
  if (checked.ok) return checked.value;
  throw new IptallyError({ ...checked.failure, exitStatus: exitStatusOf(checked.failure.code) });
}
