import { noFacts, type Context, type Facts, type Sides } from './discrepancy.ts';
import type { Reason } from './failure.ts';
import { judge } from './judge.ts';
import { draftRow, type DraftRow, type PlanRow, type Policy } from './plan.ts';
import { underPolicy } from './policy.ts';

/** One address of both lists, merged; with what is known of it beside them, where that was looked up. */
export interface SeenAddress extends Sides {
  readonly ip: string;
  readonly facts?: Facts;
}

/** `refused`: a row made the whole list worthless, and nothing is planned at all (I12). */
export type Plan = { readonly rows: readonly PlanRow[] } | { readonly refused: Reason };

/**
 * Two lists → plan: each address as the truth table judges it, in the order of the lists; then the policy, a filter over
 * what came out. The guard decides over the counts of the whole (guard.ts).
 */
export function planOf(
  seen: readonly SeenAddress[],
  { context, policy }: { readonly context: Context; readonly policy: Policy },
): Plan {
  const drafts: DraftRow[] = [];
  for (const { ip, facts = noFacts, ...sides } of seen) {
    const judgement = judge(sides, facts, context);
    if (judgement.refusesRun) return { refused: { code: judgement.discrepancy, message: judgement.reason } };
    const draft = draftRow(ip, sides, judgement);
    if (draft !== undefined) drafts.push(draft);
  }
  return { rows: drafts.map((draft) => underPolicy(draft, policy, context.installation)) };
}
