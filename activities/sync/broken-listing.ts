import type { Reason } from '../../workflows/domain/failure.ts';

/** The list proves nothing, and why: it begins again, or the run is refused. */
export class BrokenListing extends Error {
  override readonly name = 'BrokenListing';
}

/** A row of it makes the list worthless, however often it is read. */
export class UselessListing extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason.message);
    this.name = 'UselessListing';
    this.reason = reason;
  }
}

/** The remote does not sort its list: it has to be read whole before anything can be merged. */
export class UnorderedListing extends Error {
  override readonly name = 'UnorderedListing';
}
