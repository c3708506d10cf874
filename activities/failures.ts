import { ApplicationFailure } from '@temporalio/activity';
import { IptallyError } from '../worker/iptally-error.ts';
import type { Failure } from '../workflows/domain/failure.ts';
import { RemoteError } from './ipmanager/ip-manager.ts';
import { LedgerContractBroken } from './ledger/contract-broken.ts';
import { LedgerUnavailable } from './ledger/ledger.ts';
import { SecretError } from './ledger/secrets.ts';
import { ServerError } from './servers/server-module.ts';

/**
 * The one table from what adapters throw to what leaves an activity: code, retryable or not, safe text. A new failure is
 * built; neither `cause` nor a driver's text goes along, because both carry rows, statements and URLs (I11).
 */
export function toFailure(error: unknown): { readonly failure: Failure; readonly retryable: boolean } {
  if (error instanceof RemoteError || error instanceof ServerError) {
    return { failure: error.failure, retryable: error.retryable };
  }
  if (error instanceof LedgerUnavailable) {
    return {
      failure: {
        code: 'ledger-unreachable',
        message: error.message,
        next: 'check the database (iptally doctor); the run goes on by itself',
      },
      retryable: true,
    };
  }
  if (error instanceof SecretError) return { failure: error.failure, retryable: false };
  if (error instanceof LedgerContractBroken) {
    const next = 'see iptally doctor; the run waits and asks again';
    return { failure: { code: error.code, message: error.message, next }, retryable: false };
  }
  if (error instanceof IptallyError) return { failure: error.failure, retryable: false };
  return {
    failure: {
      code: 'internal-error',
      message: `an error of iptally itself: ${error instanceof Error ? error.name : 'unknown'}`,
      next: "see the worker's log for where it stood; the run goes on once it is mended",
    },
    retryable: true,
  };
}

/** A failure as Temporal carries it: type is the code, details[0] the whole failure. */
export function applicationFailure(failure: Failure, retryable: boolean): ApplicationFailure {
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.code,
    nonRetryable: !retryable,
    details: [failure],
  });
}

/** Wraps the edge of every activity of an object: nothing foreign passes it. */
export function guarded<Activities extends object>(activities: Activities, log: (error: unknown) => void): Activities {
  const wrapped = Object.entries(activities).map(
    ([name, activity]: [string, (...args: unknown[]) => Promise<unknown>]) => [
      name,
      async (...args: unknown[]) => {
        try {
          return await activity(...args);
        } catch (error) {
          if (error instanceof ApplicationFailure) throw error;
          const { failure, retryable } = toFailure(error);
          if (failure.code === 'internal-error') log(error);
          throw applicationFailure(failure, retryable);
        }
      },
    ],
  );
  return Object.fromEntries(wrapped) as Activities;
}
