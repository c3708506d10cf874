import { getExternalWorkflowHandle, patched } from '@temporalio/workflow';
import type { SyncBegun, SyncTicket } from '../../activities/sync/run.ts';
import { supersedeSignal, type SyncView } from '../contract.ts';
import type { SyncIntegration } from '../inputs/sync.ts';
import { ledger, reading } from './activity-profiles.ts';
import type { Interruption } from './interruption.ts';
import { patches } from './patches.ts';
import type { Stage } from './stage.ts';
import { startOverWhenLong } from './start-over.ts';
import { failWith, insist, pause } from './waiting.ts';

/** The desk of one sync: what every paragraph of its story works with. */
export interface SyncDesk {
  readonly stage: Stage;
  readonly interruption: Interruption;
  readonly ticket: SyncTicket;
  /** Keeps what the query shows, and tells it in the details. */
  readonly show: (view: SyncView) => void;
}

export interface Beginning {
  readonly input: SyncIntegration;
  /** When the schedule meant it to start; `null` by hand. */
  readonly nominal: string | null;
  readonly stage: Stage;
  readonly interruption: Interruption;
  /** Told of the run that works already, as soon as it is joined. */
  readonly joins: (other: SyncView) => void;
}

/**
 * The sync lock of the integration, or what another run came to: two syncs of one integration never run together, however
 * they were started (design.md 5). One that waits for approval makes room; one that works is joined by a start by hand,
 * while the night waits for its own turn.
 */
export async function beginRun(
  beginning: Beginning,
): Promise<{ readonly ticket: SyncTicket; readonly view: SyncView } | { readonly joined: SyncView }> {
  const { input, nominal, stage } = beginning;
  const start = { input, owner: stage.run, nominal };
  for (let round = 0; ; round += 1) {
    const begun = await insist<SyncBegun>(stage, 'take the sync lock', () =>
      reading(10_000, `take the sync lock of ${input.integration}`).beginSync(start),
    );
    switch (begun.kind) {
      case 'refused':
        throw failWith(begun.failure);
      case 'ran-already':
        stage.tell(`this date had its sync already: run ${begun.view.run}`);
        return { joined: begun.view };
      case 'begun':
        stage.goOn('busy');
        return { ticket: begun.ticket, view: begun.view };
      case 'busy': {
        const joined = await meet(begun.view, beginning, round);
        if (joined !== undefined) return { joined };
      }
    }
  }
}

/** Another run has the lock: what it came to when this start joins it; nothing when the lock is to be tried again. */
async function meet(other: SyncView, beginning: Beginning, round: number): Promise<SyncView | undefined> {
  const { stage, nominal, interruption } = beginning;
  if (interruption.stop !== undefined) return other;
  const scheduled = nominal !== null;
  stage.wait({ code: 'busy', message: `${other.workflowId} syncs ${other.integration} (run ${other.run})` }, 'busy');
  if (other.state === 'needs-approval') {
    stage.tell(`run ${other.run} waits for approval and makes room`);
    await getExternalWorkflowHandle(other.workflowId)
      .signal(supersedeSignal, { scheduled })
      .catch(() => undefined);
  } else if (!scheduled) {
    return join(other, beginning);
  }
  startOverWhenLong();
  await waitOnce(other, round);
  return undefined;
}

/** Until it is over, or waits for approval; nothing when its workflow is gone and its run would never end. */
async function join(other: SyncView, { stage, interruption, joins }: Beginning): Promise<SyncView | undefined> {
  const look = () =>
    insist(stage, `look at run ${other.run}`, () => reading(10_000, `look at run ${other.run}`).lookAtSync(other.run));
  // One that nobody works at any more is not what the caller is told of: a run of its own begins.
  if (patched(patches.looksBeforeJoining) && (await look()).alone) return undefined;
  stage.tell(`run ${other.run} of ${other.workflowId} works already: joined`);
  joins(other);
  for (let round = 0; ; round += 1) {
    await waitOnce(other, round);
    const { view, alone } = await look();
    if (view.state !== 'running' || interruption.stop !== undefined) {
      stage.goOn('busy');
      return view;
    }
    if (alone) return undefined;
    startOverWhenLong();
  }
}

async function waitOnce({ run, workflowId }: SyncView, round: number): Promise<void> {
  await pause(Math.min(15_000, 500 * 2 ** Math.min(round, 6)), `run ${run} of ${workflowId} has the sync lock`);
}

/** The last word on a run; the sync lock goes with it. */
export async function endRun(
  desk: Pick<SyncDesk, 'stage' | 'ticket' | 'show'>,
  state: SyncView['state'],
  reason: SyncView['reason'],
): Promise<SyncView> {
  const { stage, ticket } = desk;
  const view = await insist(stage, `end run ${ticket.run}`, () => ledger.endSync(ticket.run, state, reason));
  desk.show(view);
  return view;
}
