import { noFacts, type Context } from '../../workflows/domain/discrepancy.ts';
import type { Reason } from '../../workflows/domain/failure.ts';
import { judge } from '../../workflows/domain/judge.ts';
import { cameTwice } from '../../workflows/domain/listing-proof.ts';

/** The list proves nothing, and why: it begins again, or the run is refused. */
export class BrokenListing extends Error {
  override readonly name: string = 'BrokenListing';
}

/** A row came twice: the list moved while it was read, or it says so each time (design.md 5 and 6). */
export class RepeatedRow extends BrokenListing {
  override readonly name = 'RepeatedRow';
  readonly text: string;

  constructor(text: string) {
    super(cameTwice(text));
    this.text = text;
  }
}

/** What the truth table says of it, for a run that is refused. */
export function whyRepeated({ text }: RepeatedRow, context: Context): Reason {
  const remote = { kind: 'duplicate-row', text } as const;
  const { discrepancy, reason } = judge({ remote, ledger: { kind: 'unknown' } }, noFacts, context);
  return { code: discrepancy, message: reason };
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
