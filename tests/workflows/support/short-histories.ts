import { afterAll } from '@jest/globals';
import type { Client } from '@temporalio/client';
import { openHome } from '../../../worker/local/home.ts';
import { openPortBook } from '../../../worker/local/ports.ts';
import { findTemporal } from '../../../worker/local/temporal-binary.ts';
import { startTemporal, type Temporal } from '../../../worker/local/temporal.ts';
import { removeHome, temporaryHome } from '../../support/servers.ts';

/** A server that finds every history long: each wait that may start over does so. */
export function startShortHistories(): Promise<Temporal> {
  const home = openHome(temporaryHome());
  afterAll(() => removeHome(home.path));
  const find = findTemporal({ progress: () => undefined });
  return find.then((binary) =>
    startTemporal({
      home,
      ports: openPortBook(home.ports),
      binary,
      inMemory: true,
      alsoDynamic: ['limit.historyCount.suggestContinueAsNew=12'],
    }),
  );
}

/** How many runs there were under that workflow id. */
export async function runsOf(client: Client, workflowId: string): Promise<number> {
  let runs = 0;
  for await (const run of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs += run.runId ? 1 : 0;
  return runs;
}
