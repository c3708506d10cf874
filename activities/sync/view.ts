import type { SyncItemView, SyncView } from '../../workflows/contract.ts';
import type { PlannedItem, SyncRun } from '../ledger/sync/sync-store.ts';

/** Rows a view carries unless more are asked for: a plan is looked into by paging, not by one document. */
export const mostItems = 50;

/** A run as every surface shows it (design.md 7). */
export function syncView(run: SyncRun, items: readonly PlannedItem[]): SyncView {
  const { integration, workflowId, state, verdict, reason, checksum, policy, dryRun, counts, outcomes } = run;
  return {
    run: run.run,
    integration,
    workflowId,
    state,
    verdict,
    reason,
    checksum,
    policy,
    dryRun,
    counts,
    outcomes,
    progress: { rows: run.progress.rows, total: run.progress.total },
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    items: items.map((item) => itemView(item, run)),
  };
}

/** What is only reported is done with being told: no row is written for it (I10). */
function itemView({ ip: address, discrepancy, action, ...row }: PlannedItem, { state }: SyncRun): SyncItemView {
  const outcome = row.outcome ?? (action === 'report' && state === 'applied' ? 'done' : null);
  return { address, discrepancy, action, outcome, reason: row.outcomeReason ?? row.reason };
}
