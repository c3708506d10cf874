import type { SyncView } from '../contract.ts';
import type { Failure, Reason } from '../domain/failure.ts';
import { listing } from './activity-profiles.ts';
import { patiently } from './patience.ts';
import { startOverWhenLong } from './start-over.ts';
import { endRun, type SyncDesk } from './sync-run.ts';

/** By hand somebody waits for the answer; at night there are hours. */
export function patienceOf(scheduled: boolean): number {
  return scheduled ? 3_600_000 : 30_000;
}

/** Lists and compares range by range; ends the run when the list cannot be trusted or the panel stays away (I12). */
export async function compare(desk: SyncDesk): Promise<SyncView | undefined> {
  const { stage, ticket, interruption } = desk;
  const { run, integration } = ticket;
  const stopped = () => interruption.stop !== undefined;
  const patience = { stage, ms: patienceOf(ticket.scheduled), stopped };
  for (let range = 1; ; range += 1) {
    const what = `list and compare ${integration}, range ${range}`;
    const tried = await patiently({ ...patience, what }, () => listing(what).compareRange(run));
    if ('failure' in tried) return endRun(desk, endOf(tried.failure), reasonOf(tried.failure));
    const { answer } = tried;
    stage.tell(`range ${range}: rows ${answer.rows} of ${answer.total ?? '?'}, ${answer.planned} planned so far`);
    if (answer.refused !== null) stage.tell(`the list is refused: ${answer.refused.message}`);
    if (answer.done) break;
    if (stopped()) return undefined;
    startOverWhenLong();
  }
  const what = `finish the plan of ${integration}`;
  const finished = await patiently({ ...patience, what }, async () => ({
    run: await listing(what).finishCompare(run),
  }));
  if ('answer' in finished) return undefined;
  return endRun(desk, 'failed', reasonOf(finished.failure));
}

/** A list that never came whole, however often it was asked for, is a bad list; a panel that stays away has none. */
function endOf({ code }: Failure): 'refused' | 'failed' {
  return code === 'panel-answer-cut' ? 'refused' : 'failed';
}

function reasonOf({ code, message }: Failure): Reason {
  return { code, message };
}
