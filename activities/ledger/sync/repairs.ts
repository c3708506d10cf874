import type { Mark } from '../../../workflows/domain/tag.ts';
import type { RunRef } from '../records.ts';

/**
 * What a sync writes into the ledger when it mends an address. Each method is one transaction under the address's lock,
 * which stays; said again it is harmless; what is as it should be is not written (I10). `lock-lost`: nothing was written.
 */
export interface Repairs {
  /** The mark of an address that never had an order of ours (imported): always the same for the same key. */
  markFor(key: string): Promise<Mark>;
  /**
   * The mark that is about to be sent for an address without one: kept first, so that whatever becomes of the answer, what
   * carries it is known to be ours (I2). The row stays `untagged` until its tag was read, and its version stays.
   */
  marked(request: Mended): Promise<Repaired>;
  /** It was clearly not sent, or refused: the address has no mark, as before. */
  unmarked(request: Mended): Promise<Repaired>;
  /** Held in IPmanager again with PTR and tag; open conflicts end (I3), for whatever was offered went when it was free. */
  occupied(request: Mended & { readonly ptrSeen: string }): Promise<Repaired>;
  /** Our tag stands in its note (again). */
  tagged(request: Mended): Promise<Repaired>;
  /** Our tag is gone from its note and could not be written: a release goes by the row alone then (I2). */
  untagged(request: { readonly ip: string; readonly run: RunRef }): Promise<Repaired>;
  /** Given back after the quarantine it was parked for. */
  unparked(request: { readonly ip: string; readonly run: RunRef }): Promise<Repaired>;
  /** Lets go of every address this run still has: for a run that is over, with nothing on its way any more. */
  unlockAll(run: RunRef): Promise<void>;
}

export interface Mended {
  readonly ip: string;
  readonly mark: Mark;
  readonly run: RunRef;
}

export type Repaired = 'saved' | 'lock-lost' | 'not-bound';
