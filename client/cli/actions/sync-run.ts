import type { IntegrationRecord } from '../../../activities/ledger/records.ts';
import type { SyncRun } from '../../../activities/ledger/sync/sync-store.ts';
import type { SyncView } from '../../../workflows/contract.ts';
import { workflowIds } from '../../../workflows/contract.ts';
import { policies } from '../../../workflows/domain/plan.ts';
import { approveInput } from '../../../workflows/inputs/sync.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { accepted } from '../../accepted.ts';
import type { IptallyClient } from '../../index.ts';
import { syncExit } from '../../views/sync.ts';
import { readSoFar, syncText } from '../render/sync.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { follow } from './follow.ts';
import { knownIntegration } from './integration.ts';
import { oneOf } from './one-of.ts';
import { warnAboutPolicy } from './policy-warning.ts';
import { documentOf } from './sync-document.ts';
import { knownRun } from './sync-show.ts';

export interface RunFlags {
  readonly dryRun?: true | undefined;
  readonly policy?: string | undefined;
  readonly wait: boolean;
}

/** One sync by hand: waits for its end, or until its plan waits for approval. */
export async function runSync(session: Session, name: string, flags: RunFlags): Promise<Outcome> {
  const policy = flags.policy === undefined ? undefined : oneOf('policy', flags.policy, policies);
  const { ledger } = await session.parts();
  const integration = await knownIntegration(ledger, name);
  if (policy !== undefined) warnAboutPolicy(session, { ...integration, policy });
  const client = await session.client();
  const dryRun = flags.dryRun === true;
  const asked = { integration: name, dryRun, ...(policy === undefined ? {} : { policy }) };
  const workflowId = workflowIds.syncIntegration(name);
  const begin = async (): Promise<SyncView> => {
    const begun = await follow(session, { client, workflowId, work: () => client.syncs.run(asked) });
    if ('early' in begun) throw new Error('a sync begins with its answer');
    return begun.result;
  };
  const view = (await nightAtWork(session, client, name)) ?? (await begin());
  warnAboutJoined(session, view, { dryRun, policy: policy ?? integration.policy });
  if (flags.wait) await untilSettled(session, client, view);
  return outcome(session, await knownRun(ledger, view.run));
}

/** A run of the schedule that works now is followed itself: its workflow has another id than one started by hand. */
async function nightAtWork(session: Session, client: IptallyClient, integration: string): Promise<SyncRun | undefined> {
  const { ledger } = await session.parts();
  const [last] = await ledger.syncs.list(integration, 1);
  if (last?.state !== 'running' || last.workflowId === workflowIds.syncIntegration(integration)) return undefined;
  const standing = await client.standing(last.workflowId);
  return standing?.running === true ? last : undefined;
}

/** Who joins a run gets that run, whatever else was asked for. */
function warnAboutJoined(
  session: Session,
  { run, dryRun, policy }: Pick<SyncView, 'run' | 'dryRun' | 'policy'>,
  asked: { readonly dryRun: boolean; readonly policy: IntegrationRecord['policy'] },
): void {
  if (dryRun === asked.dryRun && policy === asked.policy) return;
  const what = `${dryRun ? 'a dry run' : 'not a dry run'}, policy ${policy}`;
  session.warn(`run ${run} works already (${what}); this is its end, not that of a run of your own`);
}

/** Lets a waiting plan be applied. Said again after an answer that was lost it shows how the run went on. */
export async function approveRun(
  session: Session,
  id: string,
  flags: { readonly checksum: string; readonly wait: boolean },
): Promise<Outcome> {
  const { checksum } = accepted(approveInput, { checksum: flags.checksum }, 'sync approve');
  const { ledger } = await session.parts();
  const run = await knownRun(ledger, id);
  if (run.checksum !== checksum) throw otherChecksum(run, checksum);
  if (run.state !== 'needs-approval' && run.approvedAt === null) throw notWaiting(run);
  const client = await session.client();
  if (run.state === 'needs-approval') await steered(run, client.syncs.approve(run.workflowId, { checksum }));
  if (flags.wait) await untilSettled(session, client, run);
  return outcome(session, await knownRun(ledger, id));
}

export async function rejectRun(session: Session, id: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const run = await knownRun(ledger, id);
  if (run.state === 'rejected') return { ...(await outcome(session, run)), exit: 0 };
  if (run.state !== 'needs-approval') throw notWaiting(run);
  const client = await session.client();
  await steered(run, client.syncs.reject(run.workflowId, run.owner.runId));
  const after = await left(session, run);
  return { ...(await outcome(session, after)), exit: after.state === 'rejected' ? 0 : 3 };
}

/** The run once it no longer waits: its workflow notes that a moment after its answer. */
async function left(session: Session, run: SyncRun): Promise<SyncRun> {
  const { ledger } = await session.parts();
  for (let look = 0; look < 50; look += 1) {
    const now = await knownRun(ledger, run.run);
    if (now.state !== 'needs-approval') return now;
    await sleep(100);
  }
  return knownRun(ledger, run.run);
}

/** What Temporal says of a run that just closed is a refusal like any other. */
async function steered(run: SyncRun, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw error instanceof IptallyError && error.code === 'not-running' ? notWaiting(run) : error;
  }
}

/** Until the run has ended or waits for a person. The ledger tells; Temporal's word is only for runs that broke. */
async function untilSettled(
  session: Session,
  client: IptallyClient,
  { run, workflowId }: Pick<SyncView, 'run' | 'workflowId'>,
): Promise<void> {
  const { ledger } = await session.parts();
  const settled = async (): Promise<true | undefined> => {
    const now = await knownRun(ledger, run);
    if (now.state === 'running') session.progress.say(`${workflowId}: ${goesOn(now)} …`);
    return now.state === 'running' ? undefined : true;
  };
  if (await settled()) return;
  try {
    await follow(session, {
      client,
      workflowId,
      work: (signal) => client.syncs.end(workflowId, signal),
      early: settled,
    });
  } catch (error) {
    // A run that failed has said so in the ledger, and its document tells more than the failure.
    if (!(await settled())) throw error;
  }
}

function goesOn(run: SyncRun): string {
  if (run.verdict === null) return readSoFar(run);
  const { done, failed, denied, changed } = run.outcomes;
  const wanted = run.planned - (run.counts.report ?? 0);
  return `${done + failed + denied + changed} of ${wanted} actions, ${failed + denied} of them failed or denied`;
}

async function outcome(session: Session, run: SyncRun): Promise<Outcome> {
  const { document, groups } = await documentOf(session, run);
  return { json: document, text: syncText(document, groups), exit: syncExit(document) };
}

function otherChecksum({ run, checksum }: SyncRun, given: string): IptallyError {
  return new IptallyError({
    code: 'other-checksum',
    message: `the plan of ${run} has another checksum than ${given}: what you saw is not what would be applied`,
    field: 'checksum',
    value: given,
    accepted: checksum ?? 'none yet: it is still being planned',
    next: `see "iptally sync show ${run}", then approve with the checksum it shows`,
    exitStatus: 3,
  });
}

function notWaiting({ run, state, integration }: SyncRun): IptallyError {
  return new IptallyError({
    code: 'not-waiting',
    message: `${run} does not wait for approval, it is ${state}: nothing was changed`,
    field: 'run',
    value: run,
    accepted: 'a run that waits for approval',
    next: `see "iptally sync runs ${integration}"`,
    exitStatus: 3,
  });
}
