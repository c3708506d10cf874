/** The ledger does not answer. Retryable; the text is ours, the driver's holds rows and statements (I11). */
export class LedgerUnavailable extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`the ledger did not answer (${code})`);
    this.name = 'LedgerUnavailable';
    this.code = code;
  }
}
