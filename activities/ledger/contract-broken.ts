/** What a caller did that the ledger's contract rules out. Not retryable: the same call fails again. */
export type BrokenContract =
  | 'no-such-service'
  | 'no-such-order'
  | 'no-such-integration'
  | 'no-such-server'
  | 'no-such-address'
  | 'not-canonical'
  | 'lock-lost'
  | 'not-owner'
  | 'order-holds-address'
  | 'address-not-bound'
  | 'address-not-releasing'
  | 'service-not-live'
  | 'no-such-run'
  | 'sync-lock-foreign'
  /** A constraint of the database: a value no caller of ours should send. */
  | 'refused-by-database';

/** A caller broke the ledger's contract. `message` names identifiers only, never a driver's words (I11). */
export class LedgerContractBroken extends Error {
  readonly code: BrokenContract;

  constructor(code: BrokenContract, what: string) {
    super(`the ledger refused the call: ${code} (${what})`);
    this.name = 'LedgerContractBroken';
    this.code = code;
  }
}
