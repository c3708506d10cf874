import { continueAsNew, executeChild, ParentClosePolicy, patched } from '@temporalio/workflow';
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
import { patches } from './steps/patches.ts';
import { notingRemoval } from './steps/removal-note.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver, startOverWhenLong } from './steps/start-over.ts';
import { failWith, insist, pause, reasonOf } from './steps/waiting.ts';

/**
 * The end of a service: `removing` first, so that nothing new begins for it; what runs for it is abandoned or awaited;
 * each address goes by `releaseAddress`, and the service on its server last (design.md 3).
 */
export async function removeService(raw: RemoveServiceInput, carried: Carried = {}): Promise<RemovalResult> {
  const released = new Set(carried.released);
  const life: Life = { generation: carried.generation };
  return interruptible(async (interruption) => {
    if (carried.stop !== undefined) interruption.request(carried.stop);
    const service = shown(raw, 'service');
    const stage = notingRemoval(openStage(`Remove ${service ?? 'a service'}`, { service }), raw);
    try {
      const result = await story(raw, { stage, interruption, released, life });
      stage.end('done');
      return result;
    } catch (error) {
      if (error instanceof StartOver)
        return continueAsNew<typeof removeService>(raw, carry({ interruption, released, life }));
      stage.end('failed');
      throw error;
    }
  });
}

/** What a run that continues as new must not forget; the rest stands in the ledger. */
interface Carried {
  readonly stop?: Stop;
  readonly released?: readonly string[];
  readonly generation?: number;
}

/** Of the first look. A provision that ends by itself ends that life too, and the service may be ordered anew at once. */
interface Life {
  generation: number | undefined;
}

interface Run {
  readonly stage: Stage;
  readonly interruption: Interruption;
  /** What was on its way out when this run, or one before it, looked. */
  readonly released: Set<string>;
  readonly life: Life;
}

function carry({ interruption: { stop }, released, life: { generation } }: Omit<Run, 'stage'>): Carried {
  return {
    released: [...released],
    ...(stop === undefined ? {} : { stop }),
    ...(generation === undefined ? {} : { generation }),
  };
}

type Removing = Extract<Removal, { kind: 'removing' }>;

async function story(raw: RemoveServiceInput, run: Run): Promise<RemovalResult> {
  const { stage, released, life } = run;
  const { service, reason } = accept(removeServiceInput, raw, (input) => workflowIds.removeService(input.service));
  stage.about({ service });
  const ask = () =>
    insist<Removal>(stage, 'begin the removal', () =>
      ledger.beginRemoval({ service, reason, generation: life.generation, run: stage.run }),
    );
  let heard = false;
  for (let round = 0; ; round += 1) {
    const look = await ask();
    if (look.kind === 'refused') throw failWith(look.failure);
    if (look.kind === 'removed-already') return { service, released: [...released].toSorted(), kept: [] };
    life.generation ??= look.generation;
    if (round === 0 || (!heard && asksAgain(look, service))) heard = await abandon(service, stage);
    for (const { ip } of look.addresses) released.add(ip);
    const waitsFor = look.busy.length > 0 ? busyReason(look.busy) : await releaseAll(look, reason, stage);
    const result = waitsFor === undefined && look.busy.length === 0 ? await finish(look, service, run) : undefined;
    if (result !== undefined) return result;
    await waitFor(waitsFor, round, run);
  }
}

/** A provision that could not be abandoned a moment ago may wait for a person by now, and would be waited for without end. */
function asksAgain({ busy }: Removing, service: string): boolean {
  return busy.includes(workflowIds.provisionService(service)) && patched(patches.removalAsksAgain);
}

/** Whether it took the word: then it ends by itself, and is not told again. */
async function abandon(service: string, stage: Stage): Promise<boolean> {
  const workflowId = workflowIds.provisionService(service);
  const { asked } = await insist(stage, 'abandon what provisions it', async () => ({
    asked: await looking(10_000, `abandon ${workflowId}`).abandonProvision(workflowId),
  }));
  return asked === 'asked';
}

/** Every address side by side; what could not go is the reason to wait. One failing address does not stop the others. */
async function releaseAll({ addresses }: Removing, reason: string, stage: Stage): Promise<Reason | undefined> {
  const left = await Promise.all(addresses.map(async ({ ip }) => ({ ip, why: await releaseOne(ip, reason) })));
  const failed = left.filter(({ why }) => why !== undefined);
  for (const { ip, why } of left) stage.tell(why === undefined ? `${ip} is released` : `${ip} stays: ${why.message}`);
  const [first] = failed;
  if (first?.why === undefined) return undefined;
  return { code: first.why.code, message: failed.map(({ ip, why }) => named(ip, why?.message ?? '')).join('; ') };
}

/** The words of most refusals name the address already. */
function named(ip: string, message: string): string {
  return message.includes(ip) ? message : `${ip}: ${message}`;
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
  { stage, released, life }: Run,
): Promise<RemovalResult | undefined> {
  stage.goOn();
  await stage.note?.();
  const what = `remove ${service} from ${server}`;
  const call = (summary: string) => looking(serverTimeoutMs, summary).removeFromServer(service, life.generation);
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
  if (round > 1 || (reason.code !== 'busy' && reason.code !== 'joined')) {
    stage.wait(reason);
    await stage.note?.(reason);
  }
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
