import { patched, setHandler } from '@temporalio/workflow';
import type { Answered, Plan } from '../../activities/opening.ts';
import type { HeldTicket } from '../../activities/set-up.ts';
import {
  abandonUpdate,
  addressesUpdate,
  retrySetupUpdate,
  setupFinishedUpdate,
  workflowIds,
  type AddressView,
  type AllocationResult,
  type ServiceStanding,
} from '../contract.ts';
import type { Failure, Reason } from '../domain/failure.ts';
import { reAttach } from '../domain/re-attach.ts';
import type { ServiceState } from '../domain/states.ts';
import { check } from '../inputs/check.ts';
import { provisionServiceInput, setupFinishedInput, type ProvisionService } from '../inputs/inputs.ts';
import type { ToGoBack } from './allocate.ts';
import { openAnswer, type Answer } from './answer.ts';
import { insistOnId } from './input.ts';
import { hearOut, type Interruption, type Stop } from './interruption.ts';
import { patches } from './patches.ts';
import * as refusals from './refusals.ts';
import { failWith } from './waiting.ts';

/** What callers and operators tell a run that provisions a service, and what it tells them. */
export interface Talk {
  readonly answer: Answer<AllocationResult>;
  /** Once it is given, and also before this run started over: nothing more is ordered then. */
  answered: Answered | null;
  /** The input in force: as started, or as changed while the run waited for set-up. */
  input: ProvisionService | undefined;
  plan: Plan | undefined;
  /** Of the server in force. */
  serverTimeoutMs: number;
  held: readonly HeldTicket[];
  /** Those of them that are not to be kept: they go back with all the others, and their orders end so. */
  goingBack: readonly ToGoBack[];
  addresses: readonly AddressView[];
  state: ServiceState;
  reason: Reason | undefined;
  /** The run waits for `retrySetup`, `abandon`, or a changed order. */
  waitsForSetUp: boolean;
  retry: boolean;
  /** An address was lost after the set-up: a retry looks again. */
  waitsForAddress: boolean;
  /** Sent again with another server, domain or tariff: used for the next try. */
  change: Change | undefined;
  report: { readonly ok: boolean; readonly reason: string | null } | undefined;
  /** The set-up is done: from here on nothing can abandon it. */
  finished: boolean;
  /** A set-up was sent to the server: what may stand there is taken down before addresses go back. */
  placed: boolean;
  /** The last try had no clear end: something of it may stand on the server it was sent to. */
  mayBeThere: boolean;
  /** Everything that follows a stop is done, or the service is active. */
  ended: boolean;
}

/** A changed order on its way into the ledger; gone from the talk when it is taken, or refused with its reason. */
export interface Change {
  readonly input: ProvisionService;
  refused: Failure | undefined;
}

export function openTalk(): Talk {
  return {
    answer: openAnswer<AllocationResult>(),
    answered: null,
    input: undefined,
    plan: undefined,
    serverTimeoutMs: 10_000,
    held: [],
    goingBack: [],
    addresses: [],
    state: 'provisioning',
    reason: undefined,
    waitsForSetUp: false,
    retry: false,
    waitsForAddress: false,
    change: undefined,
    report: undefined,
    finished: false,
    placed: false,
    mayBeThere: false,
    ended: false,
  };
}

/** Registers every handler before the first await, so that no message finds none. */
export function listen(talk: Talk, interruption: Interruption, waits: () => Reason | undefined): void {
  setHandler(addressesUpdate, (sent?: unknown) => attach(talk, sent), {
    description: 'answers as soon as all addresses are reserved and their PTRs written, or with all reasons why not',
    validator: (sent?: unknown) => refuseOther(talk, sent),
  });
  setHandler(retrySetupUpdate, () => retry(talk), {
    description: 'tries the set-up again, with the same addresses',
    validator: () => {
      if (!talk.waitsForSetUp && !talk.waitsForAddress) throw failWith(refusals.nothingToRetry(talk.state));
    },
  });
  setHandler(abandonUpdate, () => abandon(talk, interruption, waits), {
    description: 'gives the addresses back and ends the run as Abandoned',
    validator: () => {
      if (talk.finished || talk.report?.ok) throw failWith(refusals.setUpFinished);
    },
  });
  setHandler(setupFinishedUpdate, (sent) => finish(talk, sent, interruption), {
    description: 'the provisioning system has set the service up, or could not (module external)',
    validator: (sent) => refuseReport(sent, interruption.stop),
  });
}

export function standing(talk: Talk, stop?: Stop): ServiceStanding {
  const state = talk.ended && stop !== undefined && talk.state !== 'active' ? 'removed' : talk.state;
  const reason = talk.reason === undefined ? {} : { reason: talk.reason };
  return { service: talk.input?.service.id ?? '', state, ...reason, addresses: talk.addresses };
}

/** An order sent again must be the running one; the synchronous half of the comparison (design.md 3). */
function refuseOther(talk: Talk, sent: unknown): void {
  const { input } = talk;
  if (sent === undefined || sent === null || input === undefined) return;
  const checked = check(provisionServiceInput, sent, 'provisionService');
  if (!checked.ok) throw failWith(checked.failure);
  insistOnId(workflowIds.provisionService(checked.value.service.id));
  const compared = reAttach(input, checked.value, talk.waitsForSetUp);
  if (compared.kind === 'differs') throw failWith(refusals.orderDiffers(input.service.id, compared.fields));
}

async function attach(talk: Talk, sent: unknown): Promise<AllocationResult> {
  const checked =
    sent === undefined || sent === null ? undefined : check(provisionServiceInput, sent, 'provisionService');
  if (
    checked?.ok &&
    talk.input !== undefined &&
    reAttach(talk.input, checked.value, talk.waitsForSetUp).kind === 'changed'
  ) {
    const change: Change = { input: checked.value, refused: undefined };
    talk.change = change;
    await hearOut(() => talk.change !== change);
    if (change.refused !== undefined) throw failWith(change.refused);
  }
  return talk.answer.get();
}

async function retry(talk: Talk): Promise<ServiceStanding> {
  talk.retry = true;
  await hearOut(() => !talk.retry);
  return standing(talk);
}

async function abandon(
  talk: Talk,
  interruption: Interruption,
  waits: () => Reason | undefined,
): Promise<ServiceStanding> {
  interruption.request('abandoned');
  // What goes back may have to wait for a panel: then the caller is told for what, and the run goes on.
  await hearOut(() => talk.ended || (interruption.stop !== undefined && !talk.waitsForSetUp && waits() !== undefined));
  const reason = talk.ended ? undefined : waits();
  return { ...standing(talk, interruption.stop), ...(reason === undefined ? {} : { reason }) };
}

function refuseReport(sent: unknown, stop: Stop | undefined): void {
  const checked = check(setupFinishedInput, sent, 'setupFinished');
  if (!checked.ok) throw failWith(checked.failure);
  if (stop !== undefined) throw failWith(refusals.stoppedAlready(stop));
}

/** Answers once the addresses are active, or once a failed set-up is taken note of. It may come before it is waited for. */
async function finish(talk: Talk, sent: unknown, interruption: Interruption): Promise<ServiceStanding> {
  const checked = check(setupFinishedInput, sent, 'setupFinished');
  if (!checked.ok) throw failWith(checked.failure);
  // The wait it comes into was told of the report before it, and is over at once: its own answer comes with the next one.
  const another = !checked.value.ok && talk.waitsForSetUp && patched(patches.eachReportTakenUp);
  if (talk.report?.ok !== true) talk.report = { ok: checked.value.ok, reason: checked.value.reason ?? null };
  const takenUp = () => (another ? talk.report === undefined : talk.report?.ok !== true);
  await hearOut(() => talk.ended || (takenUp() && talk.waitsForSetUp));
  if (checked.value.ok && talk.state !== 'active') {
    const { stop } = interruption;
    // Neither stopped nor waiting: the order was refused, and its own reason is the answer.
    if (stop === undefined && talk.reason === undefined) await talk.answer.get();
    if (stop !== undefined || talk.reason === undefined) throw failWith(refusals.stoppedAlready(stop ?? 'cancelled'));
    throw failWith(refusals.notTaken(talk.reason));
  }
  return standing(talk);
}
