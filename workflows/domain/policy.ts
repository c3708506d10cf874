import { markLabel } from './hostname.ts';
import type { DraftRow, PlanRow, Policy } from './plan.ts';
import { parseTag } from './tag.ts';

/**
 * Policies are filters over finished plan rows; the truth table knows none.
 *
 * - `observe`: a plan is made and shown; {@link applies} says that nothing of it is applied.
 * - `owned`: only what carries our tag is released. A past row here is no proof: the address may have a new holder.
 * - `all`: also what carries no tag and is not known here. Never what another installation tagged (I8).
 *
 * A release that began here is finished under each of them: its row is here, `releasing` (I8), and `releaseAddress` reads
 * the address again before it deletes.
 */
export function underPolicy(draft: DraftRow, policy: Policy, installation: string): PlanRow {
  const { policyAction, ...row } = draft;
  const action = policy === 'all' && policyAction !== null ? policyAction : row.action;
  if (action !== 'release') return { ...row, action };
  const owner = ownerOf(row.remote, installation);
  const may = mayRelease(row, policy, owner);
  return may ? { ...row, action } : { ...row, action: 'report', reason: `not released under ${policy}; ${row.reason}` };
}

function mayRelease({ discrepancy }: PlanRow, policy: Policy, owner: Owner): boolean {
  if (discrepancy === 'release-unfinished') return owner !== 'other';
  return discrepancy === 'unknown-holder' ? policy === 'all' && owner === 'nobody' : owner === 'ours';
}

/** What an integration says by now of rows that were planned before. */
export interface Intent {
  readonly policy: Policy;
  readonly ignoredGroups: ReadonlySet<string>;
  readonly installation: string;
}

/**
 * Why a planned row is not meant any more: a plan may wait for its approval for a day, and what was forbidden meanwhile is
 * not done. `groups`: those that either side says now. `null`: it still is.
 */
export function notMeant(row: PlanRow, groups: readonly string[], now: Intent): string | null {
  const ignored = groups.find((group) => now.ignoredGroups.has(group));
  if (ignored !== undefined) return `group ${ignored} is ignored now`;
  const { action } = underPolicy({ ...row, policyAction: null }, now.policy, now.installation);
  return applies(now.policy) && action === row.action ? null : `policy ${now.policy} does not do it`;
}

/** Whether a plan of this policy is ever applied. */
export function applies(policy: Policy): boolean {
  return policy !== 'observe';
}

type Owner = 'ours' | 'other' | 'nobody';

/**
 * A second look at the mark, apart from the truth table's. A label in the PTR is a hash that names nobody: the row's
 * discrepancy says that one of our orders has it.
 */
function ownerOf(remote: PlanRow['remote'], installation: string): Owner {
  if (remote === null) return 'other';
  if (remote.tag !== null) return parseTag(remote.tag)?.installation === installation ? 'ours' : 'other';
  return markLabel.test(remote.ptr.split('.')[0] ?? '') ? 'ours' : 'nobody';
}
