import { continueAsNew, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Removal } from '../activities/removal.ts';
import { workflowIds, type RemovalResult } from './contract.ts';
import type { Reason } from './domain/failure.ts';
import { removeServiceInput, type RemoveServiceInput } from './inputs/inputs.ts';
import { releaseAddress } from './release-address.ts';
import { ledger, looking } from './steps/activity-profiles.ts';
import { accept, shown } from './steps/input.ts';
import { interruptible, stopped, type Interruption, type Stop } from './steps/interruption.ts';
import { untilDone } from './steps/on-server.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver, startOverWhenLong } from './steps/start-over.ts';
import { failWith, insist, pause, reasonOf } from './steps/waiting.ts';

/**
 * The end of a service: `removing` first, so that nothing new begins for it; what runs for it is abandoned or awaited;
 * each address goes by `releaseAddress`, and the service on its server last (design.md 3).
 */
export async function removeService(raw: RemoveServiceInput, carried: Carried = {}): Promise<RemovalResult> {
  const released = new Set(carried.released);
  return interruptible(async (interruption) => {
    if (carried.stop !== undefined) interruption.request(carried.stop);
    const service = shown(raw, 'service');
    const stage = openStage(`Remove ${service ?? 'a service'}`, { service });
    try {
      const result = await story(raw, { stage, interruption, released });
      stage.end('done');
      return result;
    } catch (error) {
      if (error instanceof StartOver) {
        const { stop } = interruption;
        const more = { released: [...released], ...(stop === undefined ? {} : { stop }) };
        return continueAsNew<typeof removeService>(raw, more);
      }
      stage.end('failed');
      throw error;
    }
  });
}

/** What a run that continues as new must not forget; the rest stands in the ledger. */
interface Carried {
  readonly stop?: Stop;
  readonly released?: readonly string[];
}

interface Run {
  readonly stage: Stage;
  readonly interruption: Interruption;
  /** What was on its way out when this run, or one before it, looked. */
  readonly released: Set<string>;
}

type Removing = Extract<Removal, { kind: 'removing' }>;

async function story(raw: RemoveServiceInput, run: Run): Promise<RemovalResult> {
  const { stage, released } = run;
  const { service, reason } = accept(removeServiceInput, raw, (input) => workflowIds.removeService(input.service));
  stage.about({ service });
  const ask = () => insist<Removal>(stage, 'begin the removal', () => ledger.beginRemoval(service, reason, stage.run));
  for (let round = 0; ; round += 1) {
    const look = await ask();
    if (look.kind === 'refused') throw failWith(look.failure);
    if (look.kind === 'removed-already') return { service, released: [...released].toSorted(), kept: [] };
    if (round === 0) {
      await insist(stage, 'abandon what provisions it', async () => ({
        asked: await looking(10_000, `abandon provision/${service}`).abandonProvision(
          workflowIds.provisionService(service),
        ),
      }));
    }
    for (const { ip } of look.addresses) released.add(ip);
    const waitsFor = look.busy.length > 0 ? busyReason(look.busy) : await releaseAll(look, reason, stage);
    const result = waitsFor === undefined && look.busy.length === 0 ? await finish(look, service, run) : undefined;
    if (result !== undefined) return result;
    await waitFor(waitsFor, round, run);
  }
}

/** Every address side by side; what could not go is the reason to wait. One failing address does not stop the others. */
async function releaseAll({ addresses }: Removing, reason: string, stage: Stage): Promise<Reason | undefined> {
  const left = await Promise.all(addresses.map(async ({ ip }) => ({ ip, why: await releaseOne(ip, reason) })));
  const failed = left.filter(({ why }) => why !== undefined);
  for (const { ip, why } of left) stage.tell(why === undefined ? `${ip} is released` : `${ip} stays: ${why.message}`);
  const [first] = failed;
  if (first?.why === undefined) return undefined;
  return { code: first.why.code, message: failed.map(({ ip, why }) => `${ip}: ${why?.message ?? ''}`).join('; ') };
}

/** As a child of its own id, so that a release started by somebody else is joined, never doubled. */
async function releaseOne(ip: string, reason: string): Promise<Reason | undefined> {
  try {
    const { state } = await executeChild(releaseAddress, {
      workflowId: workflowIds.releaseAddress(ip),
      args: [{ address: ip, reason }],
      staticSummary: `release ${ip}: ${reason}`,
      // A release that has begun goes on even when this run is terminated.
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
    return state === 'active' ? { code: 'kept', message: 'somebody kept it' } : undefined;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return { code: 'joined', message: `waiting for the running ${workflowIds.releaseAddress(ip)}` };
    }
    return reasonOf(error);
  }
}

/** Nothing when it was given an address meanwhile, by hand in the ledger: that one goes first. */
async function finish(
  { server, serverTimeoutMs }: Removing,
  service: string,
  { stage, released }: Run,
): Promise<RemovalResult | undefined> {
  stage.goOn();
  const what = `remove ${service} from ${server}`;
  const call = (summary: string) => looking(serverTimeoutMs, summary).removeFromServer(service);
  await untilDone({ stage, service, what, requestTimeoutMs: serverTimeoutMs, call });
  const end = async () => ({ ended: await ledger.finishRemoval(service, stage.run) });
  const { ended } = await insist(stage, 'end the service', end);
  if (ended === 'holds-addresses') return undefined;
  stage.tell(`**${service} is removed**`);
  return { service, released: [...released].toSorted(), kept: [] };
}

async function waitFor(reason: Reason | undefined, round: number, { stage, interruption }: Run): Promise<void> {
  if (reason === undefined) return;
  // What runs for the service mostly ends at once: only a wait that lasts is worth an event.
  if (round > 1 || (reason.code !== 'busy' && reason.code !== 'joined')) stage.wait(reason);
  if (interruption.stop === undefined) startOverWhenLong();
  const most = reason.code === 'busy' || reason.code === 'joined' ? 15_000 : 60_000;
  await pause(
    Math.min(most, 500 * 2 ** Math.min(round, 10)),
    reason.message.slice(0, 200),
    () => interruption.stop !== undefined,
  );
  if (interruption.stop !== undefined) throw stopped(interruption.stop, 'the removal');
}

function busyReason(busy: readonly string[]): Reason {
  return { code: 'busy', message: `waiting for ${busy.join(', ')} to end` };
}
