import type { Deps } from '../deps.ts';

/** Rows of one transaction: few enough that nobody waits for it. */
const batchRows = 5_000;

/** A night drops more than a night plans; what years left behind goes in some weeks. */
const mostBatches = 40;

/** Plans are not kept for ever: a night of many reports would outgrow the ledger itself. */
export async function dropOldRows({ ledger }: Deps, integration: string): Promise<void> {
  for (let batch = 0; batch < mostBatches; batch += 1) {
    if ((await ledger.syncs.dropOldRows(integration, batchRows)) < batchRows) return;
  }
}
