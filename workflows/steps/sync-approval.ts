import { condition } from '@temporalio/workflow';
import type { SyncView } from '../contract.ts';
import type { Failure } from '../domain/failure.ts';
import { ledger } from './activity-profiles.ts';
import { endRun, type SyncDesk } from './sync-run.ts';
import { failWith, insist, pause } from './waiting.ts';

/** Why the wait for approval ended. The first that was accepted wins. */
export type Answered = 'approved' | 'rejected' | 'superseded' | 'expired';

/** What messages and the waiting story tell each other. */
export interface ApprovalTalk {
  /** The plan that waits. */
  waiting: SyncView | undefined;
  answered: Answered | undefined;
  /** The plan after its answer, for whoever gave it. */
  after: SyncView | undefined;
  /** Somebody's answer is being written down: others wait for what comes of it. */
  deciding: boolean;
  /** The story ended, however. */
  over: boolean;
}

export function openApproval(): ApprovalTalk {
  return { waiting: undefined, answered: undefined, after: undefined, deciding: false, over: false };
}

/** Exactly the plan that was shown: another checksum, or a run that does not wait, is refused before anything is written. */
export function refuseApproval({ waiting, answered }: ApprovalTalk, checksum: string): void {
  if (waiting === undefined || answered !== undefined) throw failWith(notWaiting);
  if (waiting.checksum !== checksum) throw failWith(otherChecksum(waiting.checksum));
}

export function refuseRejection({ waiting, answered }: ApprovalTalk): void {
  if (waiting === undefined || answered !== undefined) throw failWith(notWaiting);
}

/** The approval stands in the ledger before it is answered: a plan is never applied on a word that was lost. */
export async function approve(talk: ApprovalTalk, desk: SyncDesk, checksum: string): Promise<SyncView> {
  await condition(() => !talk.deciding);
  refuseApproval(talk, checksum);
  talk.deciding = true;
  try {
    const { stage, ticket } = desk;
    const said = await insist(stage, 'keep the approval', () => ledger.approveSync(ticket.run, checksum));
    if (said.kind !== 'approved') throw failWith(notApproved[said.kind]);
    talk.answered = 'approved';
    desk.show(said.view);
    return said.view;
  } finally {
    talk.deciding = false;
  }
}

/** Ends the wait otherwise; answers with the run after it. */
export async function answer(talk: ApprovalTalk, how: Exclude<Answered, 'approved'>): Promise<SyncView> {
  await condition(() => !talk.deciding);
  talk.answered ??= how;
  await condition(() => talk.after !== undefined || talk.over);
  if (talk.after === undefined) throw failWith(notWaiting);
  return talk.after;
}

/** Waits where everybody can see it. True: apply; else the run is over. */
export async function untilAnswered(
  talk: ApprovalTalk,
  desk: SyncDesk,
  plan: { readonly view: SyncView; readonly until: string },
): Promise<boolean> {
  const { stage, interruption } = desk;
  const { view, until } = plan;
  talk.waiting = view;
  desk.show(view);
  const why = view.reason?.message ?? 'this plan needs the approval of a person';
  stage.wait({ code: 'needs-approval', message: why }, 'approval');
  stage.tell(`waits until ${until} for \`iptally sync approve ${view.run} --checksum ${view.checksum ?? ''}\``);
  const over = () => talk.answered !== undefined || interruption.stop !== undefined;
  await pause(
    Math.max(0, Date.parse(until) - Date.now()),
    `run ${view.run} waits for approval: ${why}`.slice(0, 200),
    over,
  );
  await condition(() => !talk.deciding);
  stage.goOn('approval');
  talk.waiting = undefined;
  // A cancelled wait is a no: nothing was written, and nothing is to be.
  talk.answered ??= interruption.stop === undefined ? 'expired' : 'rejected';
  stage.tell(`the plan is **${talk.answered}**`);
  if (talk.answered === 'approved') return true;
  const reason = interruption.stop === undefined ? reasons[talk.answered] : cancelled;
  talk.after = await endRun(desk, talk.answered, reason);
  return false;
}

const reasons = {
  rejected: { code: 'rejected', message: 'a person rejected the plan' },
  superseded: { code: 'superseded', message: 'another sync was asked for while this plan waited for approval' },
  expired: { code: 'expired', message: 'nobody approved the plan before the next start was due' },
} as const;

const cancelled = { code: 'cancelled', message: 'the run was cancelled while its plan waited for approval' } as const;

const notWaiting: Failure = {
  code: 'not-waiting',
  message: 'the run does not wait for approval',
  next: 'see iptally sync show; nothing was changed',
};

const otherPanel: Failure = {
  code: 'other-panel',
  message: 'the integration points to another panel or login since this plan was made',
  next: 'run the sync again (iptally sync run) and approve its plan; nothing was changed',
};

function otherChecksum(checksum: string | null): Failure {
  return {
    code: 'other-checksum',
    message: 'that is not the checksum of the plan that waits',
    field: 'checksum',
    ...(checksum === null ? {} : { accepted: checksum }),
    next: 'look at the plan again (iptally sync show) and approve what is shown; nothing was changed',
  };
}

/** What the ledger says against an approval, in words. */
const notApproved = { 'not-waiting': notWaiting, 'other-panel': otherPanel, 'other-checksum': otherChecksum(null) };
