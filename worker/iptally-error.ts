import type { Failure } from '../workflows/domain/failure.ts';

/** What a refused or failed action tells: the JSON of every surface (`{ error: … }`) is made from these fields. */
export interface IptallyErrorFields extends Failure {
  /** Exit status of a command that ends with it: 1 failed, 2 wrong usage or input, 3 refused, 4 out of reach. */
  readonly exitStatus?: 1 | 2 | 3 | 4;
}

/**
 * The one error class of our own outside workflows. It never carries a `cause` nor a driver's text: both hold
 * statements, rows and URLs (I11).
 */
export class IptallyError extends Error {
  readonly code: string;
  readonly next: string;
  readonly field: string | undefined;
  readonly value: string | undefined;
  readonly accepted: string | undefined;
  readonly exitStatus: 1 | 2 | 3 | 4;

  constructor(fields: IptallyErrorFields) {
    super(fields.message);
    this.name = 'IptallyError';
    this.code = fields.code;
    this.next = fields.next;
    this.field = fields.field;
    this.value = fields.value;
    this.accepted = fields.accepted;
    this.exitStatus = fields.exitStatus ?? 1;
  }

  /** The failure as a plain value, as it stands in JSON and in a workflow's failure details. */
  get failure(): Failure {
    return {
      code: this.code,
      message: this.message,
      next: this.next,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.value === undefined ? {} : { value: this.value }),
      ...(this.accepted === undefined ? {} : { accepted: this.accepted }),
    };
  }
}
