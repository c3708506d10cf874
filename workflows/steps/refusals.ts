import type { Failure, Reason } from '../domain/failure.ts';
import type { ServiceState } from '../domain/states.ts';

/** Why a message to a running workflow is refused. Nothing was done by it. */

export function orderDiffers(service: string, fields: readonly string[]): Failure {
  const which = fields.join(', ');
  return {
    code: 'order-differs',
    message: `service ${service} is being provisioned with another ${which}`,
    field: which,
    accepted: 'the order as it was first sent; another server, domain or tariff while it waits for set-up',
    next: 'send it as it was first sent, or abandon that run first; nothing was changed',
  };
}

/** An order for one more address, sent again otherwise. */
export function addedDiffers(order: string, fields: readonly string[]): Failure {
  const which = fields.join(', ');
  return {
    code: 'order-differs',
    message: `order ${order} is under way with another ${which}`,
    field: which,
    accepted: 'the order as it was first sent',
    next: 'send it as it was first sent, or under a new order id; nothing was changed',
  };
}

export function nothingToRetry(state: ServiceState): Failure {
  return {
    code: 'nothing-to-retry',
    message: `the run does not wait for a retry: its service is ${state}`,
    value: state,
    next: 'see iptally service show; retry is for a run that waits after a failed set-up',
  };
}

export const setUpFinished: Failure = {
  code: 'set-up-finished',
  message: 'the service is set up, so it cannot be abandoned any more',
  next: 'remove the service instead (iptally service remove)',
};

/** A good report that the server itself does not bear out. */
export function notTaken(reason: Reason): Failure {
  return {
    code: reason.code,
    message: `the set-up was reported as done, and the server says otherwise: ${reason.message}`,
    next: 'see the server, then retry the set-up',
  };
}

export function stoppedAlready(stop: 'cancelled' | 'abandoned'): Failure {
  return {
    code: stop,
    message: `the run was ${stop}; its addresses go back`,
    next: 'order the service anew when it is wanted after all',
  };
}

/** The service goes on without it. */
export function addingStopped(stop: 'cancelled' | 'abandoned'): Failure {
  return {
    code: stop,
    message: `the run was ${stop}; its address goes back`,
    next: 'order the address anew, under a new order id, when it is wanted after all',
  };
}

/** Several orders of one service were refused: all reasons, under the code of the first. */
export function together(failures: readonly Failure[]): Failure {
  const [first] = failures;
  if (first === undefined || failures.length === 1) return first ?? stoppedAlready('cancelled');
  return { ...first, message: [...new Set(failures.map(({ message }) => message))].join('; ') };
}

export function besideAnother(failure: Failure): Failure {
  return {
    code: 'refused-together',
    message: `not kept, because another address of this service was refused: ${failure.message}`,
    next: failure.next,
  };
}
