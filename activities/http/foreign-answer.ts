import type { Failure } from '../../workflows/domain/failure.ts';

/** An answer that is no word of the panel: what was asked may have been done or not. */
export interface ForeignAnswer {
  readonly failure: Failure;
  readonly retryable: boolean;
}

/** A status that the panel's own protocol gives no meaning: its web server said it, or a proxy. Nothing for 2xx. */
export function foreignStatus(status: number): ForeignAnswer | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return { failure: redirects(status), retryable: false };
  return { failure: failing(status), retryable: true };
}

function redirects(status: number): Failure {
  return {
    code: 'panel-redirects',
    message: `The panel sends us elsewhere (HTTP ${status}), which is not followed`,
    next: 'Give the URL it sends to, if that is the panel.',
  };
}

function failing(status: number): Failure {
  return {
    code: 'panel-status',
    message: `The panel's web server failed (HTTP ${status})`,
    next: "Look at the panel's log; it may be restarting.",
  };
}

/** A body that is not of the panel's protocol. */
export function foreignBody(why: string): Failure {
  return {
    code: 'panel-answer-foreign',
    message: `The answer is none of the panel's API: ${why}`,
    next: 'Check that the URL is that of the panel and that nothing stands between.',
  };
}
