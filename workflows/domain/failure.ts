/**
 * A refusal or failure as a plain value: what every surface shows, and what an `ApplicationFailure` carries as its
 * details (its type is `code`). `code` is stable; `message` names the value and where it stood; `next` is the step to take.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly field?: string;
  readonly value?: string;
  readonly accepted?: string;
}

/** A normal answer that needs a word: why no address was given, why a run waits. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}
