import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  ParentClosePolicy,
  patched,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { Answered, Opened, Plan } from '../activities/opening.ts';
import { workflowIds, type AllocationResult } from './contract.ts';
import type { Failure } from './domain/failure.ts';
import { check } from './inputs/check.ts';
import { provisionServiceInput, type ProvisionServiceInput } from './inputs/inputs.ts';
import { ledger } from './steps/activity-profiles.ts';
import { allocate, closeOrder, type Allocated, type Desk } from './steps/allocate.ts';
import { withForms } from './steps/forms.ts';
import { giveBack } from './steps/give-back.ts';
import { accept, shown } from './steps/input.ts';
import { interruptible, stopped, type Interruption, type Stop } from './steps/interruption.ts';
import { patches } from './steps/patches.ts';
import { listen, openTalk, type Talk } from './steps/provision-talk.ts';
import { besideAnother, stoppedAlready, together } from './steps/refusals.ts';
import { activate, finish, setUpUntilDone, takeDown } from './steps/set-up.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver } from './steps/start-over.ts';
import { failureOf, failWith, insist } from './steps/waiting.ts';

/** What a run that continues as new must not forget; the rest stands in the ledger. */
export interface Carried {
  readonly stop?: Stop;
  readonly input?: ProvisionServiceInput;
  readonly report?: Talk['report'];
  readonly placed?: boolean;
  readonly mayBeThere?: boolean;
  readonly answered?: Answered;
  readonly finished?: boolean;
}

/**
 * A new service: reserve each address with its PTR, answer `addresses`, set the service up with them, make them active.
 * All or nothing; a failed set-up keeps the addresses and waits (design.md 3).
 */
export async function provisionService(raw: ProvisionServiceInput, carried: Carried = {}): Promise<AllocationResult> {
  const talk = openTalk();
  return interruptible(async (interruption) => {
    if (carried.stop !== undefined) interruption.request(carried.stop);
    talk.report = carried.report;
    talk.placed = carried.placed ?? false;
    talk.mayBeThere = carried.mayBeThere ?? false;
    talk.answered = carried.answered ?? null;
    talk.finished = carried.finished ?? false;
    // Messages may come before the story takes it up, and are compared with it.
    const first = check(provisionServiceInput, carried.input ?? raw, 'provisionService');
    if (first.ok) talk.input = first.value;
    const service = shown(raw, 'service', 'id');
    const stage = openStage(`Provision ${service ?? 'a service'}`, { service });
    listen(talk, interruption, () => stage.waitsFor);
    try {
      const result = await story(carried.input ?? raw, { talk, interruption, stage });
      stage.end('done');
      await condition(allHandlersFinished);
      return result;
    } catch (error) {
      if (error instanceof StartOver) return continueAsNew<typeof provisionService>(raw, carry(talk, interruption));
      talk.ended = true;
      talk.answer.fail(interruption.stop === undefined ? asError(error) : failWith(stoppedAlready(interruption.stop)));
      stage.end('failed');
      await condition(allHandlersFinished);
      throw error;
    }
  });
}

interface Run {
  readonly talk: Talk;
  readonly interruption: Interruption;
  readonly stage: Stage;
}

async function story(raw: ProvisionServiceInput, run: Run): Promise<AllocationResult> {
  const { talk, interruption, stage } = run;
  talk.input = accept(provisionServiceInput, raw, ({ service }) => workflowIds.provisionService(service.id));
  const plan = await open(run, talk.input);
  talk.plan = plan;
  talk.serverTimeoutMs = plan.serverTimeoutMs;
  stage.about({ integration: plan.integration?.name ?? null });
  // Nothing is asked for it any more, so there is nothing that a stop could take back either.
  if (plan.complete) return answerComplete(plan, talk);
  const setUpBefore = goesOn(plan, run);
  if (!setUpBefore) await reserve(plan, run);
  if (interruption.stop === undefined) {
    talk.answer.give(resultOf(plan, talk));
    talk.answered = { reason: plan.reason };
    const setUp = setUpBefore ? 'done' : await setUpUntilDone(plan, run);
    if (setUp === 'done' && (await activate(plan, run)) === 'done') return complete(plan, talk);
  }
  await undo(plan, run);
  throw stopped(interruption.stop ?? 'cancelled', `service ${plan.service.id}`);
}

/** Step 1. */
async function open({ stage, talk }: Run, input: NonNullable<Talk['input']>): Promise<Plan> {
  const ask = () =>
    insist<Opened>(stage, 'write the orders', () => ledger.openProvision(input, stage.run, talk.answered));
  const opened = await withForms(stage, ask, {
    needless: (plan) => plan.complete || plan.reason !== null,
    unreadable: async (error) => {
      const failure = failureOf(error);
      await end(input.service.id, failure.message, stage);
      throw failWith(failure);
    },
  });
  if (opened.kind === 'plan') return opened;
  if (opened.begun) await end(input.service.id, opened.failure.message, stage);
  throw failWith(opened.failure);
}

/** Set up by a run before this one, with the addresses it still has: nothing is asked for, and nobody stops it any more. */
function goesOn({ orders }: Plan, { talk, interruption }: Run): boolean {
  const held = orders.flatMap((order) => (order.kind === 'holds' ? [{ ...order, kind: 'held' as const }] : []));
  talk.finished &&= held.length === orders.length;
  if (!talk.finished) return false;
  keep(talk, held);
  talk.placed = true;
  finish({ talk, interruption });
  return true;
}

/** Steps 2 to 7 for all orders side by side; all or nothing. */
async function reserve(plan: Plan, run: Run): Promise<void> {
  const { talk, interruption, stage } = run;
  if (plan.reason !== null) stage.tell(`no address: ${plan.reason.message}`);
  // Addresses held from an earlier run may stand on the server already, on a machine of which nobody heard the end.
  if (plan.orders.some(({ kind }) => kind === 'holds')) {
    talk.placed = true;
    if (patched(patches.heldMayBeThere)) talk.mayBeThere = true;
  }
  if (plan.integration === null || plan.orders.length === 0) return;
  const { maxAttempts, maxConflicts, requestTimeoutMs, fenceMs, quarantineMs, onConflict } = plan.integration;
  const refused: Failure[] = [];
  const desk: Desk = {
    stage,
    limits: { maxAttempts, maxConflicts },
    requestTimeoutMs,
    fenceMs,
    quarantineMs,
    onConflict,
    stopped: () =>
      interruption.stop === undefined ? refused.map(besideAnother)[0] : stoppedAlready(interruption.stop),
  };
  const outcomes = await Promise.all(
    plan.orders.map(async (order) => {
      const outcome = await allocate(order, desk);
      if (outcome.kind !== 'held' && outcome.failure.code !== 'refused-together') refused.push(outcome.failure);
      return outcome;
    }),
  );
  keep(talk, outcomes);
  if (refused.length === 0 || interruption.stop !== undefined) return;
  await undo(plan, run, together(refused).message);
  throw failWith(together(refused));
}

function keep(talk: Talk, outcomes: readonly Allocated[]): void {
  const held = outcomes.filter((outcome) => outcome.kind !== 'refused');
  talk.goingBack = outcomes.filter((outcome) => outcome.kind === 'to-go-back');
  talk.held = held.map(({ ticket, address }) => ({ ticket, ip: address.ip }));
  talk.addresses = held.map(({ address }) => address);
}

/** Nothing stays: off the server where it may be, addresses back, and the service's life is over. */
async function undo(plan: Plan, run: Run, why?: string): Promise<void> {
  const { talk, interruption, stage } = run;
  const reason = why ?? `service ${plan.service.id} was ${interruption.stop ?? 'stopped'}`;
  talk.waitsForSetUp = false;
  if (interruption.stop !== undefined) talk.answer.fail(failWith(stoppedAlready(interruption.stop)));
  await takeDown(plan, run);
  for (const { ip, ticket } of talk.held) {
    if (plan.integration !== null) await giveBack(ip, ticket, { ...plan.integration, stage, reason });
  }
  for (const { ticket, failure } of talk.goingBack) await closeOrder(ticket, failure, stage);
  talk.addresses = [];
  const left = await end(plan.service.id, reason, stage);
  // Addresses added meanwhile: a removal of its own takes them back, and owns the wait for them (I6).
  if (left === 'holds-more' && interruption.stop !== undefined) await removeTheRest(plan.service.id, reason, stage);
  talk.ended = true;
}

async function end(service: string, reason: string, stage: Stage): Promise<'removed' | 'holds-more'> {
  const ask = async () => ({ outcome: await ledger.endService(service, reason, stage.run) });
  return (await insist(stage, 'end the service', ask)).outcome;
}

async function removeTheRest(service: string, reason: string, stage: Stage): Promise<void> {
  stage.tell(`${service} has more addresses or orders: \`removeService\` takes them back`);
  try {
    await startChild('removeService', {
      workflowId: workflowIds.removeService(service),
      args: [{ service, reason }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `remove ${service}: ${reason}`,
    });
  } catch (error) {
    // One runs already, and does just that.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function answerComplete(plan: Plan, talk: Talk): AllocationResult {
  talk.addresses = plan.addresses;
  const result = complete(plan, talk);
  talk.answer.give(result);
  return result;
}

function complete(plan: Plan, talk: Talk): AllocationResult {
  talk.finished = true;
  talk.ended = true;
  talk.state = 'active';
  talk.reason = undefined;
  return resultOf(plan, talk);
}

function resultOf(plan: Plan, talk: Talk): AllocationResult {
  const { reason } = plan;
  const service = plan.service.id;
  if (reason !== null) return { service, outcome: 'not-allocated', reason, addresses: [] };
  return { service, outcome: 'allocated', addresses: talk.addresses };
}

function carry(talk: Talk, { stop }: Interruption): Carried {
  return {
    placed: talk.placed,
    mayBeThere: talk.mayBeThere,
    finished: talk.finished,
    ...(stop === undefined ? {} : { stop }),
    ...(talk.input === undefined ? {} : { input: talk.input }),
    ...(talk.answered === null ? {} : { answered: talk.answered }),
    ...(talk.report === undefined ? {} : { report: talk.report }),
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('failed');
}
