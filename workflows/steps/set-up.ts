import { allHandlersFinished, patched } from '@temporalio/workflow';
import type { Plan } from '../../activities/opening.ts';
import type { Held } from '../../activities/set-up.ts';
import type { AddressView } from '../contract.ts';
import type { Failure, Reason } from '../domain/failure.ts';
import { nextLookMs } from '../domain/waits.ts';
import { ledger, looking } from './activity-profiles.ts';
import type { Interruption } from './interruption.ts';
import { tryOnServer, untilDone, type ServerEnd } from './on-server.ts';
import { patches } from './patches.ts';
import type { Talk } from './provision-talk.ts';
import { stoppedAlready } from './refusals.ts';
import type { Stage } from './stage.ts';
import { startOverWhenLong, untilTold } from './start-over.ts';
import { insist, pause, untilClear } from './waiting.ts';

export interface SetUpRun {
  readonly talk: Talk;
  readonly interruption: Interruption;
  readonly stage: Stage;
}

/** Tries made by themselves before a person is asked. */
const triesByItself = 3;

/**
 * Step 8: the same addresses at every try. When the tries are used up the run waits visibly until `retrySetup`,
 * `abandon`, a changed order, or for a reporting system its `setupFinished`.
 */
export async function setUpUntilDone(plan: Plan, run: SetUpRun): Promise<'done' | 'stopped'> {
  const { talk, interruption, stage } = run;
  for (let tries = 1; ; tries += 1) {
    const end = await trySetUp(plan, run);
    if (end.kind === 'done') {
      if (interruption.stop !== undefined && !talk.report?.ok) return 'stopped';
      finish(run);
      return 'done';
    }
    if (interruption.stop !== undefined) return 'stopped';
    if (end.kind !== 'failed') continue;
    stage.tell(`set-up failed: ${end.failure.message}`);
    // A worker that was lost says nothing of the server: a good report that is here already keeps its word.
    const reportedWell = end.failure.code === 'timed-out' && talk.report?.ok === true;
    if ((tries % triesByItself !== 0 && !end.reported) || reportedWell) {
      await pause(
        Math.min(60_000, 1_000 * 2 ** (tries - 1)),
        `next try of the set-up: ${end.failure.message}`.slice(0, 200),
        () => interruption.stop !== undefined,
      );
      continue;
    }
    await waitForSomebody(run, end.failure);
    tries = 0;
    if (interruption.stop !== undefined) return 'stopped';
  }
}

/** Whoever stops it later comes too late: the service is theirs, and only its removal takes it back. */
export function finish({ talk, interruption }: Pick<SetUpRun, 'talk' | 'interruption'>): void {
  talk.finished = true;
  interruption.passOver();
}

type Try = Exclude<ServerEnd, { kind: 'awaiting-report' | 'failed' }> | Failed | { readonly kind: 'again' };
interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
  /** Said by the provisioning system: trying again by ourselves would ask nobody. */
  readonly reported: boolean;
}

async function trySetUp(plan: Plan, { talk, interruption, stage }: SetUpRun): Promise<Try> {
  const service = plan.service.id;
  const ips = talk.held.map(({ ip }) => ip);
  const server = talk.input?.service.server ?? plan.service.server;
  const what = `set up ${service} on ${server}${ips.length === 0 ? '' : ` with ${ips.join(', ')}`}`;
  talk.placed = true;
  const end = await tryOnServer({
    stage,
    service,
    what,
    requestTimeoutMs: talk.serverTimeoutMs,
    call: (summary) => looking(talk.serverTimeoutMs, summary).setUpService(service, ips),
  });
  if (end.kind === 'failed') {
    if (end.left !== 'as-before') talk.mayBeThere = end.left === 'something';
    return { ...end, reported: false };
  }
  if (end.kind === 'done') {
    stage.tell(`${what}: done`);
    return { kind: 'done' };
  }
  stage.tell(`${what}: waiting for the report of the provisioning system`);
  await untilTold(() => talk.report !== undefined || interruption.stop !== undefined);
  return reported(talk);
}

function reported(talk: Talk): Try {
  const { report } = talk;
  if (report === undefined) return { kind: 'again' };
  if (report.ok) return { kind: 'done' };
  const message = `the provisioning system reports a failed set-up: ${report.reason ?? 'no reason given'}`;
  return {
    kind: 'failed',
    reported: true,
    failure: { code: 'set-up-failed', message, next: 'mend it and report again, or abandon the service' },
  };
}

/** A visible wait for a person. What arrives decides: a retry, a changed order, a late good report, or a stop. */
async function waitForSomebody(run: SetUpRun, failure: Failure): Promise<void> {
  const { talk, interruption, stage } = run;
  const reason: Reason = { code: 'set-up-failed', message: failure.message };
  const service = talk.input?.service.id ?? '';
  // Before anything else: a report that comes while the wait is being noted is a new one.
  talk.report = undefined;
  await insist(stage, 'note that the set-up waits', () => note(service, reason, stage));
  talk.state = 'waiting';
  talk.reason = reason;
  talk.waitsForSetUp = true;
  stage.tell('waiting for `retrySetup`, `abandon`, or the order sent again with another server, domain or tariff');
  stage.wait(reason);
  await untilTold(
    () => talk.retry || talk.change !== undefined || interruption.stop !== undefined || talk.report !== undefined,
  );
  talk.waitsForSetUp = false;
  talk.state = 'provisioning';
  talk.reason = undefined;
  stage.goOn();
  if (interruption.stop === undefined) {
    await insist(stage, 'note that the set-up goes on', () => note(service, null, stage));
    await takeChange(run);
  } else if (talk.change !== undefined) {
    // Sent in the same moment as the stop: who sent it hears that, and the run can end.
    talk.change.refused = stoppedAlready(interruption.stop);
    talk.change = undefined;
  }
  talk.retry = false;
}

async function note(service: string, reason: Reason | null, stage: Stage): Promise<object> {
  await ledger.noteService(service, reason, stage.run);
  return {};
}

/** The next try uses the changed order with the same addresses; PTRs that came from the domain follow it. */
async function takeChange(run: SetUpRun): Promise<void> {
  const { talk, stage } = run;
  const { change, input } = talk;
  if (change === undefined || input === undefined) return;
  // What an unclear try may have left on the server before would go on using the addresses.
  if (change.input.service.server !== input.service.server && talk.mayBeThere) await clear(run, input.service.server);
  const changed = await insist(stage, 'take the changed order', () => ledger.changeService(change.input, stage.run));
  if (changed.kind === 'refused') {
    stage.tell(`the changed order is not used: ${changed.failure.message}`);
    change.refused = changed.failure;
  } else {
    talk.input = change.input;
    talk.serverTimeoutMs = changed.serverTimeoutMs;
    stage.tell(`the next try is on ${changed.server} for \`${changed.domain}\``);
    if (changed.domain !== input.service.domain) await followDomain(run, input.service.domain, changed.domain);
  }
  talk.change = undefined;
}

async function clear({ talk, stage }: SetUpRun, server: string): Promise<void> {
  const service = talk.input?.service.id ?? '';
  const requestTimeoutMs = talk.serverTimeoutMs;
  const what = `take ${service} off ${server}`;
  const call = (summary: string) => looking(requestTimeoutMs, summary).removeFromServer(service);
  await untilDone({ stage, service, what, requestTimeoutMs, call });
  talk.mayBeThere = false;
}

async function followDomain({ talk, stage }: SetUpRun, before: string, domain: string): Promise<void> {
  const requestTimeoutMs = talk.plan?.integration?.requestTimeoutMs ?? 90_000;
  for (const { ip, ticket } of talk.held.filter((held) => held.ticket.ptr === before)) {
    const what = `set the PTR of ${ip} to ${domain}`;
    const { integration, mark, fenceMs, run: owner } = ticket;
    const target = { ip, integration, ptr: domain, mark, fenceMs, run: owner };
    const answer = await untilClear(stage, { ms: fenceMs, what }, () =>
      looking(requestTimeoutMs, what, 4).writePtr(target),
    );
    if (answer.kind === 'refused') {
      stage.tell(`${what}: ${answer.failure.message}`);
      continue;
    }
    talk.addresses = talk.addresses.map((row) => (row.ip === ip ? answer.address : row));
    talk.held = talk.held.map((held) => (held.ip === ip ? { ip, ticket: { ...ticket, ptr: domain } } : held));
  }
}

/**
 * Step 9: every tag read once more; one that is not ours any more is a wait with its reason, never another address. A
 * removal that began meanwhile wins: what is held goes back.
 */
export async function activate(plan: Plan, { talk, interruption, stage }: SetUpRun): Promise<'done' | 'stopped'> {
  const requestTimeoutMs = plan.integration?.requestTimeoutMs ?? 10_000;
  const woken = () => talk.retry;
  const service = plan.service.id;
  const held = { tickets: talk.held, addressesOnly: false };
  const waits = async (reason: Reason) => {
    talk.waitsForAddress = true;
    talk.state = 'waiting';
    talk.reason = reason;
    talk.retry = false;
    await insist(stage, 'note that an address is missing', () => note(service, reason, stage));
  };
  const active = await activateHeld(service, held, { stage, requestTimeoutMs, woken, waits });
  talk.waitsForAddress = false;
  talk.retry = false;
  if (typeof active === 'string') {
    talk.finished = false;
    interruption.overrule('abandoned');
    return 'stopped';
  }
  talk.addresses = active;
  return 'done';
}

export interface ActivateDesk {
  readonly stage: Stage;
  readonly requestTimeoutMs: number;
  /** Somebody asks to look again now. */
  readonly woken?: () => boolean;
  /** Told each time something is missing. */
  readonly waits?: (reason: Reason) => Promise<void>;
  /** What has to be given back then goes back, instead of being waited for. */
  readonly stopped?: () => boolean;
}

export async function activateHeld(
  service: string,
  held: Held,
  { stage, requestTimeoutMs, woken, waits, stopped }: ActivateDesk,
): Promise<readonly AddressView[] | 'removing' | 'stopped'> {
  const what = `read the tags once more and make ${service} active`;
  for (let round = 0; ; round += 1) {
    const answer = await insist(stage, what, () =>
      looking(requestTimeoutMs, what).activateService(service, held, stage.run),
    );
    if (answer.kind === 'active') {
      stage.goOn();
      stage.tell(`**${held.addressesOnly ? held.tickets.map(({ ip }) => ip).join(', ') : service} is active**`);
      return answer.addresses;
    }
    if (answer.kind === 'removing') {
      stage.tell(`${service} is being removed: what is held for it goes back`);
      return 'removing';
    }
    stage.tell(answer.reason.message);
    stage.wait(answer.reason);
    await waits?.(answer.reason);
    const ends = stopped !== undefined && patched(patches.lostEndsOnStop) ? stopped : () => false;
    if (ends()) return 'stopped';
    startOverWhenLong();
    await pause(
      nextLookMs(round, !allHandlersFinished()),
      answer.reason.message.slice(0, 200),
      () => ends() || woken?.() === true,
    );
  }
}

/** After a stop: what may stand on the server goes first, confirmed by the server, so that no address of it is in use. */
export async function takeDown(plan: Plan, { talk, stage }: SetUpRun): Promise<void> {
  if (!talk.placed) return;
  const service = plan.service.id;
  await untilDone({
    stage,
    service,
    what: `take ${service} off its server`,
    requestTimeoutMs: talk.serverTimeoutMs,
    call: (summary) => looking(talk.serverTimeoutMs, summary).removeFromServer(service),
  });
}
