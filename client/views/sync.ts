import type { SyncItemView } from '../../workflows/contract.ts';
import type { PlannedItem, SyncRun } from '../../activities/ledger/sync/sync-store.ts';
import { syncView as sharedView } from '../../worker/views.ts';
import { type ExitStatus, exitStatusOf } from '../exit-status.ts';
import { webUiLink } from './service.ts';

type Place = Parameters<typeof webUiLink>[0];

/** A run as every surface shows it, without its items (design.md 7), with what people at a terminal need besides. */
export function syncView(run: SyncRun, place: Place) {
  const { items: _items, progress, ...view } = sharedView(run, []);
  const { remoteCount, ledgerCount, planned, approvedAt, workflowId, owner } = run;
  return {
    ...view,
    planned,
    remoteCount,
    ledgerCount,
    progress,
    approvedAt,
    // All runs by hand of one integration share a workflow id.
    link: webUiLink(place, workflowId, owner.runId),
  };
}

export type SyncRunView = ReturnType<typeof syncView>;

/** Rows of its plan. */
export function itemViews(run: SyncRun, items: readonly PlannedItem[]): readonly ItemView[] {
  return sharedView(run, items).items;
}

export type ItemView = SyncItemView;

/** Exit status of a command that ran or approved a sync: what stands in the way weighs more than what was done. */
export function syncExit({
  state,
  reason,
  outcomes,
}: Pick<SyncRunView, 'state' | 'reason' | 'outcomes'>): 0 | ExitStatus {
  switch (state) {
    case 'running':
    case 'planned':
      return 0;
    case 'applied':
      return outcomes.failed + outcomes.denied > 0 ? 1 : 0;
    case 'refused':
    case 'needs-approval':
    case 'rejected':
    case 'expired':
    case 'superseded':
      return 3;
    case 'failed':
      return reason === null ? 1 : exitStatusOf(reason.code);
  }
}
