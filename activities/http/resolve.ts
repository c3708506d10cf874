import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Failure } from '../../workflows/domain/failure.ts';
import { hostLiteral, placeFailure, refusedPlace, type PlaceTrust } from './place.ts';

/** Turns a name into all its addresses. The system's by default; tests give a stub that changes its mind (rebinding). */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export const systemResolve: Resolve = (hostname, options, callback) => {
  systemLookup(hostname, options, callback);
};

/** A place we never connect to, met after a name was resolved. */
export class PlaceError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'PlaceError';
    this.failure = failure;
  }
}

/**
 * The look-up each connection is made with: every answer is checked, and the connection goes to a checked answer, so a
 * name that changes its mind between two look-ups (rebinding) gains nothing.
 */
export function guardedLookup(resolve: Resolve, trust: PlaceTrust): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      for (const { address } of addresses) {
        const reason = refusedPlace(address, trust);
        if (reason !== undefined) return callback(placeError(hostname, address, reason), '', 0);
      }
      const first = addresses[0];
      if (first === undefined) return callback(noAddress(hostname), '', 0);
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

/** The same check before anything is stored: what `integration add` and the HTTP API ask. */
export async function checkPlace(
  url: URL,
  trust: PlaceTrust,
  resolve: Resolve = systemResolve,
): Promise<Failure | undefined> {
  const literal = hostLiteral(url);
  if (literal !== undefined) {
    const reason = refusedPlace(literal, trust);
    return reason === undefined ? undefined : placeFailure(literal, reason);
  }
  const found = await new Promise<Failure | undefined>((settle) => {
    guardedLookup(resolve, trust)(url.hostname, { all: true }, (error) => {
      settle(error instanceof PlaceError ? error.failure : undefined);
    });
  });
  return found;
}

function placeError(hostname: string, address: string, reason: string): PlaceError {
  return new PlaceError(placeFailure(`${hostname} (${address})`, reason));
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}
