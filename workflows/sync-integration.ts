import { allHandlersFinished, condition, continueAsNew, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  approveUpdate,
  planQuery,
  rejectUpdate,
  supersedeSignal,
  syncBegunUpdate,
  workflowIds,
  type SyncView,
} from './contract.ts';
import type { Failure } from './domain/failure.ts';
import { check } from './inputs/check.ts';
import { approveInput, syncIntegrationInput, type SyncIntegrationInput } from './inputs/sync.ts';
import { ledger } from './steps/activity-profiles.ts';
import { openAnswer, type Answer } from './steps/answer.ts';
import { insistOnId } from './steps/input.ts';
import { interruptible, stopped, type Interruption, type Stop } from './steps/interruption.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver } from './steps/start-over.ts';
import { apply, beginApply, type ApplyProgress } from './steps/sync-apply.ts';
import {
  answer,
  approve,
  openApproval,
  refuseApproval,
  refuseRejection,
  untilAnswered,
  type ApprovalTalk,
} from './steps/sync-approval.ts';
import { compare } from './steps/sync-compare.ts';
import { planMarkdown } from './steps/sync-details.ts';
import { beginRun, endRun, type SyncDesk } from './steps/sync-run.ts';
import { failWith, insist } from './steps/waiting.ts';

/**
 * Both lists compared and repaired: list completely, read the ledger after, compare, plan, guard, a person's approval
 * where it is needed, apply row by row, report (design.md 5). Pages and rows stay in activities; here are ids and counts.
 */
export async function syncIntegration(raw: SyncIntegrationInput, carried: Carried = {}): Promise<SyncView> {
  const talk: Talk = { approval: openApproval(), begun: openAnswer<SyncView>(), desk: undefined, view: null };
  return interruptible(async (interruption) => {
    if (carried.stop !== undefined) interruption.request(carried.stop);
    const stage = openStage('Sync', {});
    listen(raw, talk, interruption);
    const progress = carried.apply ?? beginApply();
    try {
      const view = await story(raw, { talk, interruption, stage, progress, applying: carried.apply !== undefined });
      talk.begun.give(view);
      talk.approval.after ??= view;
      stage.end(view.state === 'failed' || view.state === 'refused' ? 'failed' : 'done');
      await condition(allHandlersFinished);
      return view;
    } catch (error) {
      if (error instanceof StartOver) {
        return continueAsNew<typeof syncIntegration>(raw, carry(talk, progress, interruption.stop));
      }
      talk.begun.fail(error instanceof Error ? error : new Error('failed'));
      talk.approval.over = true;
      stage.end('failed');
      await condition(allHandlersFinished);
      throw error;
    }
  });
}

/** What goes along when the run continues as new; the rest stands in the ledger. */
interface Carried {
  readonly apply?: ApplyProgress;
  /** Temporal hands no cancel on to the next run. */
  readonly stop?: Stop;
}

function carry({ applying }: Talk, progress: ApplyProgress, stop: Stop | undefined): Carried {
  return { ...(applying === true ? { apply: progress } : {}), ...(stop === undefined ? {} : { stop }) };
}

interface Talk {
  readonly approval: ApprovalTalk;
  readonly begun: Answer<SyncView>;
  desk: SyncDesk | undefined;
  /** What the query shows. */
  view: SyncView | null;
  applying?: boolean;
}

interface Run {
  readonly talk: Talk;
  readonly interruption: Interruption;
  readonly stage: Stage;
  readonly progress: ApplyProgress;
  readonly applying: boolean;
}

/** Messages: they may come before the run is known. */
function listen(raw: SyncIntegrationInput, talk: Talk, interruption: Interruption): void {
  const { approval } = talk;
  setHandler(planQuery, () => talk.view);
  setHandler(
    syncBegunUpdate,
    () => (approval.waiting === undefined ? talk.begun.get() : answer(approval, 'superseded')),
    {
      description: 'answers once the run is known; a run that waits for approval ends superseded and answers that',
      validator: (sent?: unknown) => refuseOther(raw, sent),
    },
  );
  setHandler(
    approveUpdate,
    ({ checksum }) => {
      if (talk.desk === undefined || interruption.stop !== undefined) throw failWith(nothingWaits);
      return approve(approval, talk.desk, checksum);
    },
    {
      description: 'applies exactly the plan with this checksum',
      validator: (sent: unknown) => {
        const checked = check(approveInput, sent, 'approve');
        if (!checked.ok) throw failWith(checked.failure);
        refuseApproval(approval, checked.value.checksum);
      },
    },
  );
  setHandler(rejectUpdate, () => answer(approval, 'rejected'), {
    description: 'ends the run that waits for approval; nothing is applied',
    validator: () => refuseRejection(approval),
  });
  setHandler(supersedeSignal, ({ scheduled }) => {
    if (approval.waiting !== undefined && !approval.deciding)
      approval.answered ??= scheduled ? 'expired' : 'superseded';
  });
}

async function story(raw: SyncIntegrationInput, run: Run): Promise<SyncView> {
  const { talk, stage, interruption, progress } = run;
  const { input, nominal } = acceptSync(raw);
  stage.about({ integration: input.integration });
  const joins = (other: SyncView): void => {
    talk.view = other;
    talk.begun.give(other);
  };
  const begun = await beginRun({ input, nominal, stage, interruption, joins });
  if ('joined' in begun) {
    talk.view = begun.joined;
    return begun.joined;
  }
  const { ticket } = begun;
  const show = (view: SyncView): void => {
    // Where an apply stands is told without rows: those of the plan stay as they were shown.
    talk.view = view.items.length > 0 ? view : { ...view, items: talk.view?.items ?? [] };
    stage.shows(planMarkdown(talk.view));
  };
  const desk: SyncDesk = { stage, interruption, ticket, show };
  talk.desk = desk;
  show(begun.view);
  talk.begun.give(begun.view);
  if (ticket.phase === 'over') return begun.view;
  stage.tell(`run **${ticket.run}** of \`${ticket.integration}\`, policy \`${begun.view.policy}\``);
  if (!run.applying && ticket.phase === 'compare') {
    const ended = await compare(desk);
    if (ended !== undefined) return ended;
  }
  if (interruption.stop !== undefined) return cancelled(desk, interruption.stop);
  if (!run.applying) {
    const decided = await decide(desk, talk);
    if (decided !== undefined) return decided;
  }
  talk.applying = true;
  const failed = await apply(desk, progress);
  if (failed !== undefined) return failed;
  // Stopped when all was done: then there is nothing that it was kept from.
  if (interruption.stop !== undefined && !progress.through) return cancelled(desk, interruption.stop);
  return report(await endRun(desk, 'applied', null), stage);
}

/** The guard has spoken: over already, or after a person's word; nothing when the plan is to be applied. */
async function decide(desk: SyncDesk, talk: Talk): Promise<SyncView | undefined> {
  const { stage, ticket } = desk;
  const decided = await insist(stage, 'what comes of the plan', () => ledger.decideSync(ticket));
  desk.show(decided.view);
  if (decided.next === 'end') return report(decided.view, stage);
  if (decided.next !== 'wait' || (await untilAnswered(talk.approval, desk, decided))) return undefined;
  return talk.approval.after ?? decided.view;
}

async function cancelled(desk: SyncDesk, stop: Stop): Promise<never> {
  await endRun(desk, 'failed', { code: stop, message: 'the sync was cancelled; what was done by then stays' });
  throw stopped(stop, 'the sync');
}

function report(view: SyncView, stage: Stage): SyncView {
  const outcomes = Object.entries(view.outcomes).flatMap(([outcome, count]) => (count ? [`${count} ${outcome}`] : []));
  stage.tell(`**${view.state}**${outcomes.length === 0 ? '' : `: ${outcomes.join(', ')}`}`);
  return view;
}

/** `sync/<integration>`, or with the nominal time a schedule puts behind it. */
function acceptSync(raw: unknown) {
  const { workflowType, workflowId } = workflowInfo();
  const checked = check(syncIntegrationInput, raw, workflowType);
  if (!checked.ok) throw failWith(checked.failure);
  const own = workflowIds.syncIntegration(checked.value.integration);
  const rest = workflowId.startsWith(own) ? workflowId.slice(own.length) : '';
  const nominal = /^-(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)$/.exec(rest)?.[1] ?? null;
  if (nominal === null) insistOnId(own);
  return { input: checked.value, nominal };
}

function refuseOther(raw: SyncIntegrationInput, sent: unknown): void {
  if (sent === undefined || sent === null) return;
  const checked = check(syncIntegrationInput, sent, 'syncIntegration');
  if (!checked.ok) throw failWith(checked.failure);
  if (checked.value.integration === raw.integration) return;
  throw failWith({
    code: 'workflow-id-mismatch',
    message: `this run is for ${raw.integration}`,
    field: 'integration',
    value: checked.value.integration,
    accepted: raw.integration,
    next: `start it as ${workflowIds.syncIntegration(checked.value.integration)}`,
  });
}

const nothingWaits: Failure = {
  code: 'not-waiting',
  message: 'the run does not wait for approval',
  next: 'see iptally sync show; nothing was changed',
};
