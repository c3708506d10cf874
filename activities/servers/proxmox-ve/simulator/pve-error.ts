/** A refusal in the panel's own form: 400 parameters, 401 login, 403 rights, 500 everything else (documented: 5.4). */
export class PveError extends Error {
  readonly status: number;
  readonly errors: Readonly<Record<string, string>> | undefined;

  constructor(status: number, message: string, errors?: Readonly<Record<string, string>>) {
    super(message);
    this.name = 'PveError';
    this.status = status;
    this.errors = errors;
  }
}

export function parameterError(errors: Readonly<Record<string, string>>): PveError {
  return new PveError(400, 'Parameter verification failed.', errors);
}

export function permissionError(path: string, right: string): PveError {
  return new PveError(403, `Permission check failed (${path}, ${right})`);
}
