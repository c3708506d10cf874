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
  // Data that cannot be, and constraints: the same again would be refused again.
  if (code !== undefined && /^2[23]\w{3}$/.test(code) && !repeatableCodes.has(code)) {
    return new LedgerContractBroken('refused-by-database', code);
  }
  if (code !== undefined) return new LedgerUnavailable(code);
  if (isMistake(error)) return error;
  return new LedgerUnavailable('connection-lost');
}

/** By name: an error of another realm (a test runner's) is no instance of our classes. */
function isMistake(error: unknown): error is Error {
  const mistakes = ['TypeError', 'RangeError', 'ReferenceError'];
  return typeof error === 'object' && error !== null && 'name' in error && mistakes.includes(String(error.name));
}

/** SQLSTATE or the system's code. Only a short word passes: `code` of a strange error may be any text. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z0-9_]{4,40}$/.test(error.code) ? error.code : undefined;
}
