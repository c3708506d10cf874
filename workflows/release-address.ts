import { allHandlersFinished, condition, continueAsNew, patched, setHandler } from '@temporalio/workflow';
import type { Locked } from '../activities/locking.ts';
import type { ReleaseTicket, Unbound } from '../activities/release.ts';
import type { ServerAnswer } from '../activities/set-up.ts';
import { keepUpdate, workflowIds, type AddressView, type KeepResult, type ReleaseResult } from './contract.ts';
import type { Failure } from './domain/failure.ts';
import type { AddressState } from './domain/states.ts';
import { releaseAddressInput, type ReleaseAddressInput } from './inputs/inputs.ts';
import { ledger, looking } from './steps/activity-profiles.ts';
import { openAnswer, type Answer } from './steps/answer.ts';
import { accept, shown } from './steps/input.ts';
import { interruptible, type Interruption, type Stop } from './steps/interruption.ts';
import { untilDone } from './steps/on-server.ts';
import { patches } from './steps/patches.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver, startOverWhenLong } from './steps/start-over.ts';
import { failWith, insist, pause, untilClear } from './steps/waiting.ts';

/** What a run that continues as new must not forget; the rest stands in the ledger. */
interface Carried {
  readonly late?: boolean;
  readonly stop?: Stop;
  readonly keeping?: ReleaseTicket;
  readonly unfinished?: boolean;
}

/**
 * Off the server, unbound, cool-down, then under the lock: still unused, still ours, deleted, confirmed, quarantined
 * (design.md 3, "Release"). Until the second lock `keep` or a cancel leaves the address where it was.
 */
export async function releaseAddress(raw: ReleaseAddressInput, carried: Carried = {}): Promise<ReleaseResult> {
  const talk: Talk = {
    kept: openAnswer<KeepResult>(),
    keep: false,
    late: carried.late ?? false,
    keeping: carried.keeping,
  };
  return interruptible(async (interruption) => {
    if (carried.stop !== undefined) interruption.request(carried.stop);
    const address = shown(raw, 'address');
    const stage = openStage(`Release ${address ?? 'an address'}`, { address });
    setHandler(keepUpdate, () => keep(talk), {
      description: 'leaves the address on its service, as long as its delete has not begun; answers whether it stays',
    });
    try {
      const result = await story(raw, { talk, interruption, stage, unfinished: carried.unfinished ?? false });
      talk.kept.give(tooLate(result));
      stage.end('done');
      await condition(allHandlersFinished);
      return result;
    } catch (error) {
      if (error instanceof StartOver)
        return continueAsNew<typeof releaseAddress>(raw, carry(carried, talk, interruption));
      talk.kept.fail(error instanceof Error ? error : new Error('failed'));
      stage.end('failed');
      await condition(allHandlersFinished);
      throw error;
    }
  });
}

interface Talk {
  readonly kept: Answer<KeepResult>;
  keep: boolean;
  /** The second lock is taken: nothing keeps the address any more. */
  late: boolean;
  /** On its way back to its service: whatever comes meanwhile, it is put back on its server. */
  keeping: ReleaseTicket | undefined;
}

/** A delete may have been sent, and then nobody keeps the address; before that a stop means that it stays. */
function carry({ unfinished }: Carried, { late, keeping }: Talk, { stop }: Interruption): Carried {
  return {
    late,
    ...(unfinished === undefined ? {} : { unfinished }),
    ...(stop === undefined ? {} : { stop }),
    ...(keeping === undefined ? {} : { keeping }),
  };
}

interface Run {
  readonly talk: Talk;
  readonly interruption: Interruption;
  readonly stage: Stage;
  /** Started by a sync to finish what was begun: an address that is on a service again stays there. */
  readonly unfinished: boolean;
}

async function keep(talk: Talk): Promise<KeepResult> {
  if (!talk.late) talk.keep = true;
  return talk.kept.get();
}

async function story(raw: ReleaseAddressInput, run: Run): Promise<ReleaseResult> {
  const { stage } = run;
  const { address: ip, reason } = accept(releaseAddressInput, raw, ({ address }) =>
    workflowIds.releaseAddress(address),
  );
  stage.about({ address: ip });
  if (run.talk.keeping !== undefined) return keepIt(run.talk.keeping, run);
  const look = await insist(stage, `lock ${ip}`, () =>
    run.unfinished ? ledger.lookForUnfinished(ip, reason, stage.run) : ledger.lookForRelease(ip, reason, stage.run),
  );
  if (look.kind === 'refused') throw failWith(look.failure);
  if (look.kind === 'not-held') return { address: ip, state: look.state };
  const { ticket } = look;
  // An earlier run of this address, ended in the middle: that one had taken the second lock.
  if (ticket.deleteBegun) run.talk.late = true;
  stage.about({ service: ticket.service, integration: ticket.integration.name });
  const off = ticket.unbound ? 'done' : await takeOff(ticket, run);
  if (off === 'stopped') return keepIt(ticket, run);
  const unbound = off === 'done' ? await unbind(ticket, run) : off;
  if (unbound.kind === 'protected' || unbound.kind === 'taken-up') await keepIt(ticket, run);
  if (unbound.kind !== 'unbound') throw failWith(unbound.failure);
  stage.tell(`${ip} is off its service and \`releasing\``);
  if (await coolDown(ticket, run)) return keepIt(ticket, run);
  run.talk.late = true;
  const gone = await deleteForGood(ticket, stage);
  stage.tell(`${ip} is back in IPmanager; \`${gone.state}\` here`);
  return { address: ip, state: gone.state };
}

function wantsToKeep({ talk, interruption }: Run): boolean {
  return !talk.late && (talk.keep || interruption.stop !== undefined);
}

function unbind(ticket: ReleaseTicket, { stage }: Run): Promise<Exclude<Unbound, Locked>> {
  return insist<Unbound>(stage, `unbind ${ticket.ip}`, () => ledger.unbind(ticket));
}

interface Stays {
  readonly kind: 'protected' | 'taken-up';
  readonly failure: Failure;
}

const staysFor: Readonly<Record<string, Stays['kind']>> = {
  'address-protected': 'protected',
  'address-in-flight': 'taken-up',
};

/**
 * Each round looks whether the address was protected meanwhile, or taken up by another run; then it may stand on its server
 * no longer, and goes back.
 */
async function takeOff(ticket: ReleaseTicket, run: Run): Promise<'done' | 'stopped' | Stays> {
  const { ip, service, server, serverTimeoutMs } = ticket;
  if (service === null || server === null) return 'done';
  let guarded: Stays | undefined;
  const call = async (summary: string): Promise<ServerAnswer> => {
    const answer = await looking(serverTimeoutMs, summary).takeOffService(service, ip, ticket);
    const kind = answer.kind === 'refused' ? staysFor[answer.failure.code] : undefined;
    guarded = kind !== undefined && answer.kind === 'refused' ? { kind, failure: answer.failure } : undefined;
    return answer;
  };
  const what = `take ${ip} off ${service} at ${server}`;
  const step = { stage: run.stage, service, what, requestTimeoutMs: serverTimeoutMs, call };
  const stays = () => guarded !== undefined || wantsToKeep(run);
  if (!wantsToKeep(run)) await untilDone(step, stays);
  return wantsToKeep(run) ? 'stopped' : (guarded ?? 'done');
}

/** True when somebody wants to keep it. */
async function coolDown({ ip, integration }: ReleaseTicket, run: Run): Promise<boolean> {
  if (wantsToKeep(run)) return true;
  if (integration.coolDownMs === 0) return false;
  if (run.talk.late && patched(patches.lateCoolsNoMore)) return false;
  const message = `cool-down of ${ip}: \`keep\` leaves it on its service`;
  run.stage.wait({ code: 'cool-down', message }, 'cool-down');
  await pause(integration.coolDownMs, message, () => wantsToKeep(run));
  run.stage.goOn('cool-down', 'quietly');
  return wantsToKeep(run);
}

async function deleteForGood(ticket: ReleaseTicket, stage: Stage): Promise<AddressView> {
  const { ip, integration, run } = ticket;
  const { fenceMs, quarantineMs, requestTimeoutMs } = integration;
  const what = `release ${ip} in IPmanager`;
  for (let round = 0; ; round += 1) {
    const answer = await untilClear(stage, { ms: fenceMs, what }, () =>
      looking(requestTimeoutMs, what, 4).deleteAddress({ ip, fenceMs, quarantineMs, run }),
    );
    if (answer.kind === 'gone') {
      stage.goOn();
      return answer.address;
    }
    const { failure } = answer;
    stage.wait({ code: failure.code, message: failure.message });
    startOverWhenLong();
    await pause(Math.min(300_000, 5_000 * 2 ** Math.min(round, 6)), `${what}: ${failure.message}`.slice(0, 200));
  }
}

/** Back on its service, here and on its server, as it was; or why that cannot be any more. */
async function keepIt(ticket: ReleaseTicket, run: Run): Promise<ReleaseResult> {
  const { ip, service, serverTimeoutMs } = ticket;
  const { stage, talk } = run;
  const row = await insist(stage, `keep ${ip}`, () => ledger.rebind(ticket));
  const now = row.kind === 'kept' ? row.address.state : row.state;
  if (row.kind === 'service-gone' || now === 'releasing') return releaseAfterAll(ticket, now, run);
  talk.keeping = ticket;
  const unlock = () => insist(stage, `unlock ${ip}`, async () => ({ unlocked: await ledger.unlock(ip, stage.run) }));
  // Whoever sets it up may have to give it back, and until then its service may not be on the server at all.
  const unlocksFirst = now === 'reserved' && patched(patches.keepUnlocksFirst);
  if (unlocksFirst) await unlock();
  if (service !== null) {
    const what = `put ${ip} back on ${service}`;
    const call = (summary: string) => looking(serverTimeoutMs, summary).addToService(service, ip, null);
    await untilDone({ stage, service, what, requestTimeoutMs: serverTimeoutMs, call });
  }
  if (!unlocksFirst) await unlock();
  stage.tell(`${ip} stays on its service`);
  talk.kept.give({ address: ip, kept: true, state: now });
  return { address: ip, state: now };
}

/** Its service is removed, or it never was on one: there is nothing to go back to. */
async function releaseAfterAll(ticket: ReleaseTicket, now: AddressState, run: Run): Promise<ReleaseResult> {
  const { stage, talk } = run;
  const { ip } = ticket;
  stage.tell(`${ip} cannot be kept: its service is removed`);
  talk.late = true;
  if (now === 'reserved' || now === 'active') await leaveService(ticket, run);
  const gone = await deleteForGood(ticket, stage);
  const reason = { code: 'service-removed', message: `the service of ${ip} is removed, so it was released` };
  talk.kept.give({ address: ip, kept: false, state: gone.state, reason });
  return { address: ip, state: gone.state };
}

/** A removal that runs releases it in any case; what may not go is refused, as nobody puts it back. */
async function leaveService(ticket: ReleaseTicket, run: Run): Promise<void> {
  const { stage } = run;
  const { ip } = ticket;
  const off = await takeOff(ticket, run);
  const unbound = off === 'done' || off === 'stopped' ? await unbind(ticket, run) : off;
  if (unbound.kind === 'unbound') return;
  await insist(stage, `unlock ${ip}`, async () => ({ unlocked: await ledger.unlock(ip, stage.run) }));
  throw failWith(unbound.failure);
}

function tooLate({ address, state }: ReleaseResult): KeepResult {
  const reason = { code: 'too-late', message: `the release of ${address} had begun its delete; nothing was changed` };
  return { address, kept: false, state, reason };
}
