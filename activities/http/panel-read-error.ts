import type { Failure } from '../../workflows/domain/failure.ts';

interface HowItFailed {
  readonly retryable: boolean;
  readonly notLoggedIn?: boolean;
  /** The panel itself said no: the kind of its own error. COREmanager: `type`, or `func` for a function it does not have; REST: what its panel tells kinds by. */
  readonly said?: string;
}

/** A read of a panel that failed, before an adapter puts it into its own port's error. */
export class PanelReadError extends Error {
  readonly failure: Failure;
  readonly retryable: boolean;
  readonly notLoggedIn: boolean;
  readonly said: string | undefined;

  constructor(failure: Failure, how: HowItFailed) {
    super(failure.message);
    this.name = 'PanelReadError';
    this.failure = failure;
    this.retryable = how.retryable;
    this.notLoggedIn = how.notLoggedIn ?? false;
    this.said = how.said;
  }
}
