import { LedgerContractBroken } from '../contract-broken.ts';
import { LedgerUnavailable } from '../ledger.ts';
import { SecretError } from '../secrets.ts';

/** Serialization failure, deadlock, and a race to insert: said again, the transaction sees what the other one wrote. */
const repeatableCodes: ReadonlySet<string> = new Set(['40001', '40P01', '23505']);

export function repeatable(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && repeatableCodes.has(code);
}

/**
 * What leaves the adapter instead of a driver's error: a code and our own words. The driver's text, detail and
 * statement hold rows, and its `cause` would carry them along (I11). A mistake of ours in the code stays what it is.
 */
export function ledgerError(error: unknown): Error {
  if (error instanceof LedgerUnavailable || error instanceof LedgerContractBroken || error instanceof SecretError) {
    return error;
  }
  const code = codeOf(error);
  if (code !== undefined) return new LedgerUnavailable(code);
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return error;
  return new LedgerUnavailable('connection-lost');
}

/** SQLSTATE or the system's code. Only a short word passes: `code` of a strange error may be any text. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z0-9_]{4,40}$/.test(error.code) ? error.code : undefined;
}
