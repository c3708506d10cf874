import type { Context, Facts, Judgement, LedgerSide, ListedSide } from '../../../workflows/domain/discrepancy.ts';
import { context, facts } from './sync-sides.ts';

/** What a person expects of one look of an address, written by hand from design.md 6. */
export interface TruthCase {
  readonly when: string;
  readonly sides: readonly [ListedSide, LedgerSide];
  readonly is: readonly [Judgement['discrepancy'], Judgement['action'], underAll?: Judgement['policyAction']];
  readonly facts: Facts;
  readonly context: Context;
}

/** By row of the table: `remote | ledger | and`. */
export type TruthCases = Readonly<Record<string, readonly TruthCase[]>>;

export function look(
  when: string,
  sides: TruthCase['sides'],
  is: TruthCase['is'],
  told: Facts = facts(),
  about: Context = context(),
): TruthCase {
  return { when, sides, is, facts: told, context: about };
}
