import {
  ApplicationFailure,
  CancelledFailure,
  isGrpcServiceError,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Failure } from '../workflows/domain/failure.ts';
import { IptallyError } from '../worker/iptally-error.ts';
import { exitStatusOf } from './exit-status.ts';
import { isFailure } from '../worker/is-failure.ts';

/** Where a failure was met: it says what to look at. */
export interface Place {
  readonly address: string;
  readonly namespace: string;
  readonly workflowId?: string;
}

/** gRPC's numbers, as far as they say something a person can mend. */
const grpc = { deadlineExceeded: 4, notFound: 5, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const;

/** What Temporal's client threw, as the failure of ours it carries, or as the reason why there is none. */
export function asIptallyError(error: unknown, place: Place): IptallyError {
  if (error instanceof IptallyError) return error;
  if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError) {
    return failed(innermost(error.cause), place);
  }
  if (error instanceof WorkflowNotFoundError) return notRunning(place);
  return fromService(error, place);
}

/** The failure that says most: an activity's or a child's failure only wraps it (stack.md 3). */
function innermost(error: Error | undefined): Error | undefined {
  let here = error;
  while (here !== undefined && !(here instanceof ApplicationFailure) && here.cause instanceof Error) here = here.cause;
  return here;
}

function failed(cause: Error | undefined, place: Place): IptallyError {
  const id = place.workflowId ?? 'the workflow';
  if (cause instanceof ApplicationFailure) return fromApplication(cause, id);
  if (cause instanceof CancelledFailure) {
    return made({ code: 'cancelled', message: `${id} was cancelled`, next: `read its history in the Web UI` });
  }
  if (cause instanceof TerminatedFailure) {
    return made({
      code: 'terminated',
      message: `${id} was terminated by hand: what it was doing was left undone`,
      next: 'send the same request again: it goes on from what the ledger knows',
    });
  }
  if (cause instanceof TimeoutFailure) {
    return made({ code: 'timed-out', message: `${id} ran out of time`, next: 'read its history in the Web UI' });
  }
  return made({ code: 'failed', message: `${id} failed`, next: 'read its history in the Web UI' });
}

function fromApplication(failure: ApplicationFailure, id: string): IptallyError {
  const detail: unknown = failure.details?.[0];
  if (isFailure(detail)) return made(detail);
  return made({
    code: failure.type ?? 'failed',
    message: failure.message,
    next: `read the history of ${id} in the Web UI`,
  });
}

function made(failure: Failure): IptallyError {
  return new IptallyError({ ...failure, exitStatus: exitStatusOf(failure.code) });
}

function notRunning({ workflowId = 'the workflow' }: Place): IptallyError {
  return made({
    code: 'not-running',
    message: `${workflowId} does not run`,
    next: 'look at the service or the address: what was asked for may be done already',
  });
}

function fromService(error: unknown, place: Place): IptallyError {
  const status = grpcStatus(error);
  const where = `Temporal at ${place.address}`;
  const next = 'start the stack of this machine with "iptally up", or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE';
  if (status === grpc.permissionDenied || status === grpc.unauthenticated) {
    return made({
      code: 'temporal-denied',
      message: `${where} denies access to namespace ${place.namespace}`,
      next: 'set TEMPORAL_API_KEY or the TLS certificate that it expects',
    });
  }
  if (status === grpc.notFound) {
    return made({
      code: 'no-such-namespace',
      message: `${where} has no namespace ${place.namespace}, or no such workflow in it`,
      field: 'TEMPORAL_NAMESPACE',
      value: place.namespace,
      next: 'set TEMPORAL_NAMESPACE, or let "iptally migrate" tell what is missing',
    });
  }
  if (status === grpc.unavailable || status === grpc.deadlineExceeded || isConnectFailure(error)) {
    return made({ code: 'temporal-unreachable', message: `${where} does not answer`, next });
  }
  return made({
    code: 'temporal-failed',
    message: `${where} answered with an error${status === undefined ? '' : ` (gRPC status ${status})`}`,
    next: 'read the log of the Temporal server',
  });
}

function grpcStatus(error: unknown): number | undefined {
  let here: unknown = error;
  while (here instanceof Error) {
    if (isGrpcServiceError(here)) return here.code;
    here = here.cause;
  }
  return undefined;
}

/** The connection could not be made in time: a plain error of the client, without a status. */
function isConnectFailure(error: unknown): boolean {
  return error instanceof Error && /connect/i.test(error.message);
}
