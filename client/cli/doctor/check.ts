import { asShown } from '../errors.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly next?: string;
  /** Of the failure, where there was one: it decides the exit status. */
  readonly code?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail };
}

export function warn(name: string, detail: string, next: string): Check {
  return { name, state: 'warn', detail, next };
}

/** Whatever was thrown, in words that are safe to show (I11). */
export function failed(name: string, error: unknown): Check {
  const { code, message, next } = asShown(error);
  return { name, state: 'fail', detail: `${message} (${code})`, next, code };
}
