import { isRecord } from './local/values.ts';
import type { Failure } from '../workflows/domain/failure.ts';

/** Whether a value from elsewhere is a failure of ours. */
export function isFailure(value: unknown): value is Failure {
  return isRecord(value) && ['code', 'message', 'next'].every((key) => typeof value[key] === 'string');
}
