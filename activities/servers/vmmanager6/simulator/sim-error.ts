import type { PreparedAnswer } from '../../../http/simulator/answers.ts';

/** An error as VMmanager says it. Codes but 1000 (seen) and 3001 (documented) are made up: nobody should rely on them. */
export class SimError extends Error {
  readonly status: number;
  readonly code: number;
  readonly value: unknown;

  constructor([status, code]: readonly [status: number, code: number], message: string, value?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.value = value;
  }
}

export const notLoggedIn = (): SimError => new SimError([401, 1000], 'Unauthorized');
export const notFound = (what: string): SimError => new SimError([404, 4004], `${what} not found`);
export const denied = (): SimError => new SimError([403, 3003], 'Access denied');

export function errorAnswer({ status, code, message }: SimError, value: unknown): PreparedAnswer {
  const error = { code, msg: message, ...(value === undefined ? {} : { value }) };
  return jsonAnswer({ error }, status);
}

export function jsonAnswer(value: unknown, status = 200): PreparedAnswer {
  return { status, body: JSON.stringify(value), contentType: 'application/json' };
}
