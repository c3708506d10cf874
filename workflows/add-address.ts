import { allHandlersFinished, condition, continueAsNew, patched, setHandler } from '@temporalio/workflow';
import type { Opened, Plan } from '../activities/opening.ts';
import { addedUpdate, workflowIds, type AllocationResult } from './contract.ts';
import { addAddressFields, addAddressInput, type AddAddress, type AddAddressInput } from './inputs/inputs.ts';
import { check } from './inputs/check.ts';
import { ledger, looking } from './steps/activity-profiles.ts';
import { allocate, closeOrder, type Kept, type ToGoBack } from './steps/allocate.ts';
import { openAnswer } from './steps/answer.ts';
import { withForms } from './steps/forms.ts';
import { giveBack } from './steps/give-back.ts';
import { accept, insistOnId, shown } from './steps/input.ts';
import { interruptible, stopped, type Interruption, type Stop } from './steps/interruption.ts';
import { untilDone } from './steps/on-server.ts';
import { patches } from './steps/patches.ts';
import { addedDiffers, addingStopped } from './steps/refusals.ts';
import { activateHeld } from './steps/set-up.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver } from './steps/start-over.ts';
import { failureOf, failWith, insist } from './steps/waiting.ts';

/** One more address for a service that is there: reserve it with its PTR, answer, put it on the server, make it active. */
export async function addAddress(
  raw: AddAddressInput,
  carried: { readonly stop?: Stop } = {},
): Promise<AllocationResult> {
  const answer = openAnswer<AllocationResult>();
  return interruptible(async (interruption) => {
    if (carried.stop !== undefined) interruption.request(carried.stop);
    const service = shown(raw, 'service');
    const stage = openStage(`Add an address to ${service ?? 'a service'}`, { service });
    setHandler(addedUpdate, () => answer.get(), {
      description: 'answers as soon as the address is reserved and its PTR written, or with the reason why not',
      validator: (sent?: unknown) => refuseOther(raw, sent),
    });
    try {
      const result = await story(raw, { stage, interruption, answered: (early) => answer.give(early) });
      answer.give(result);
      stage.end('done');
      await condition(allHandlersFinished);
      return result;
    } catch (error) {
      const { stop } = interruption;
      if (error instanceof StartOver) return continueAsNew<typeof addAddress>(raw, stop === undefined ? {} : { stop });
      answer.fail(stop === undefined && error instanceof Error ? error : failWith(addingStopped(stop ?? 'cancelled')));
      stage.end('failed');
      await condition(allHandlersFinished);
      throw error;
    }
  });
}

interface Run {
  readonly stage: Stage;
  readonly interruption: Interruption;
  readonly answered: (early: AllocationResult) => void;
}

async function story(raw: AddAddressInput, run: Run): Promise<AllocationResult> {
  const { stage, interruption } = run;
  const input = accept(schemaFor(raw), raw, ({ order }) => workflowIds.addAddress(order));
  const { service } = input;
  stage.about({ service });
  const plan = await open(input, stage);
  stage.about({ integration: plan.integration?.name ?? null });
  // Done by an earlier run: nothing is asked for it any more, so there is nothing that a stop could take back either.
  if (plan.done !== undefined) return { service, outcome: 'allocated', addresses: [plan.done] };
  const [order] = plan.orders;
  if (order === undefined || plan.integration === null) {
    const reason = plan.reason ?? { code: 'no-address', message: `service ${service} gets no address` };
    stage.tell(`no address: ${reason.message}`);
    return { service, outcome: 'not-allocated', reason, addresses: [] };
  }
  const { maxAttempts, maxConflicts } = plan.integration;
  const stop = () => (interruption.stop === undefined ? undefined : addingStopped(interruption.stop));
  const held = await allocate(order, {
    ...plan.integration,
    stage,
    limits: { maxAttempts, maxConflicts },
    stopped: stop,
  });
  if (held.kind === 'refused') {
    if (interruption.stop !== undefined) throw stopped(interruption.stop, `order ${input.order}`);
    throw failWith(held.failure);
  }
  if (held.kind === 'to-go-back') return goBack(plan, held, run);
  run.answered({ service, outcome: 'allocated', addresses: [held.address] });
  return putOnServer(plan, held, run);
}

/** A run that was begun before family and address were compared goes on to its claim, which ends it. */
function schemaFor(raw: AddAddressInput) {
  return addAddressInput.safeParse(raw).success || patched(patches.addressOfItsFamily)
    ? addAddressInput
    : addAddressFields;
}

async function open(input: AddAddress, stage: Stage): Promise<Plan> {
  const ask = () => insist<Opened>(stage, 'write the order', () => ledger.openAdded(input, stage.run));
  const opened = await withForms(stage, ask, {
    needless: ({ done }) => done !== undefined,
    unreadable: (error) => {
      throw failWith(failureOf(error));
    },
  });
  if (opened.kind === 'refused') throw failWith(opened.failure);
  return opened;
}

/** Steps 8 and 9. A stop takes it off the server again before it goes back. */
async function putOnServer(plan: Plan, held: Kept, run: Run): Promise<AllocationResult> {
  const { stage, interruption } = run;
  const { address, ticket } = held;
  const service = plan.service.id;
  const step = { stage, service, requestTimeoutMs: plan.serverTimeoutMs };
  const isStopped = () => interruption.stop !== undefined;
  if (address.state !== 'active' && !isStopped()) {
    const what = `put ${address.ip} on ${service} at ${plan.service.server}`;
    const call = (summary: string) =>
      looking(plan.serverTimeoutMs, summary).addToService(service, address.ip, ticket.ptr);
    await untilDone({ ...step, what, call }, isStopped);
  }
  if (isStopped()) return goBack(plan, held, run);
  const tickets = { tickets: [{ ip: address.ip, ticket }], addressesOnly: true };
  const addresses = await activateHeld(service, tickets, {
    stage,
    requestTimeoutMs: plan.integration?.requestTimeoutMs ?? 10_000,
    stopped: isStopped,
  });
  // Cancelled, or the service is being removed: the run ends as if it had been abandoned.
  if (typeof addresses === 'string') return goBack(plan, held, run);
  return { service, outcome: 'allocated', addresses };
}

/** Off the server and back to IPmanager; then the run ends as stopped, or with what the order ends with. */
async function goBack(plan: Plan, held: Kept | ToGoBack, { stage, interruption }: Run): Promise<never> {
  const { address, ticket } = held;
  if (held.kind === 'held') interruption.request('abandoned');
  const service = plan.service.id;
  // Active before a run of former code met it: its service uses it, and this run gave it nothing (I4).
  const stays = address.state === 'active' && patched(patches.activeStays);
  if (plan.integration !== null && !stays) {
    const what = `take ${address.ip} off ${service}`;
    const call = (summary: string) => looking(plan.serverTimeoutMs, summary).takeOffService(service, address.ip);
    await untilDone({ stage, service, requestTimeoutMs: plan.serverTimeoutMs, what, call });
    const reason = held.kind === 'held' ? `order ${ticket.order} was stopped` : held.failure.message;
    await giveBack(address.ip, ticket, { ...plan.integration, stage, reason });
    if (held.kind === 'to-go-back') await closeOrder(ticket, held.failure, stage);
  }
  if (held.kind === 'to-go-back' && interruption.stop === undefined) throw failWith(held.failure);
  throw stopped(interruption.stop ?? 'abandoned', `order ${ticket.order}`);
}

function refuseOther(raw: AddAddressInput, sent: unknown): void {
  if (sent === undefined || sent === null) return;
  const [one, other] = [check(addAddressInput, raw, 'addAddress'), check(addAddressInput, sent, 'addAddress')];
  if (!other.ok) throw failWith(other.failure);
  insistOnId(workflowIds.addAddress(other.value.order));
  if (!one.ok) return;
  const fields = (['service', 'family', 'ptr', 'address'] as const).filter(
    (field) => (one.value[field] ?? null) !== (other.value[field] ?? null),
  );
  if (fields.length > 0) throw failWith(addedDiffers(one.value.order, fields));
}
