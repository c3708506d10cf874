import type { SyncView } from '../../workflows/contract.ts';
import type { Failure, Reason } from '../../workflows/domain/failure.ts';
import { nextStart, nightOf, startOn } from '../../workflows/domain/nightly.ts';
import { applies } from '../../workflows/domain/policy.ts';
import type { SyncIntegration } from '../../workflows/inputs/sync.ts';
import type { Deps } from '../deps.ts';
import type { IntegrationRecord, RunRef } from '../ledger/records.ts';
import type { NotApproved, RunState, SyncRun } from '../ledger/sync/sync-store.ts';
import { mostItems, syncView } from './view.ts';

/** What the steps of one sync need to know: ids, limits and times. Rows stay in the ledger. */
export interface SyncTicket {
  readonly run: string;
  readonly integration: string;
  readonly owner: RunRef;
  readonly scheduled: boolean;
  readonly requestTimeoutMs: number;
  readonly fenceMs: number;
  readonly releaseLimit: number;
  /** The policy was given for this run alone. */
  readonly policyGiven?: boolean;
  /** Where it stands: a run that was broken off goes on there. */
  readonly phase: 'compare' | 'decide' | 'over';
}

export type SyncBegun =
  | { readonly kind: 'begun'; readonly ticket: SyncTicket; readonly view: SyncView }
  /** Another run of this integration works, or waits for approval. */
  | { readonly kind: 'busy'; readonly view: SyncView }
  /** This local date had its run. */
  | { readonly kind: 'ran-already'; readonly view: SyncView }
  | { readonly kind: 'refused'; readonly failure: Failure };

export interface SyncStart {
  readonly input: SyncIntegration;
  readonly owner: RunRef;
  /** The nominal time of a start by the schedule (ISO 8601), out of the workflow id. */
  readonly nominal: string | null;
}

/** What follows from a finished plan. */
export type Decided =
  | { readonly next: 'apply' | 'end'; readonly view: SyncView }
  | { readonly next: 'wait'; readonly view: SyncView; readonly until: string };

/** A waiting plan makes room this long before the next start, which would be skipped while its run is open. */
const roomMs = 60_000;

export function syncRunActivities(deps: Deps) {
  return {
    beginSync: (start: SyncStart) => beginSync(deps, start),
    showSync: (run: string, items: number) => showSync(deps, run, items),
    /** A run that nobody works at any more will not change by itself. */
    lookAtSync: (run: string) => lookAtSync(deps, run),
    decideSync: (ticket: SyncTicket) => decideSync(deps, ticket),
    approveSync: (run: string, checksum: string) => approveSync(deps, run, checksum),
    /** The last word on a run; its sync lock goes with it. */
    endSync: (run: string, state: RunState, reason: Reason | null) => endSync(deps, run, { state, reason }),
  };
}

/** Takes the integration's sync lock, or says who has it (design.md 5). Ledger and Temporal only. */
async function beginSync(deps: Deps, start: SyncStart): Promise<SyncBegun> {
  const { input, owner } = start;
  const integration = await deps.ledger.settings.integrations.find(input.integration);
  if (integration === undefined) return { kind: 'refused', failure: noSuchIntegration(input.integration) };
  const scheduledFor = start.nominal === null ? null : nightOf(start.nominal, integration.timeZone);
  const request = {
    integration: integration.name,
    policy: input.policy ?? integration.policy,
    dryRun: input.dryRun ?? false,
    login: integration.login,
    scheduledFor,
    run: owner,
  };
  let begun = await deps.ledger.syncs.begin(request);
  if (begun.kind === 'busy' && (await isOver(deps, begun.run, integration))) {
    begun = await deps.ledger.syncs.begin({ ...request, takeOverFrom: begun.run.owner });
  }
  const view = await showSync(deps, begun.run.run, mostItems);
  if (begun.kind !== 'begun') return { kind: begun.kind, view };
  return {
    kind: 'begun',
    ticket: { ...ticketOf(begun.run, integration), policyGiven: typeof input.policy === 'string' },
    view,
  };
}

/** Its workflow is closed, and what it sent can land no more. */
async function isOver(deps: Deps, { owner }: SyncRun, { fenceMs }: IntegrationRecord): Promise<boolean> {
  const closedAt = await deps.runs.closedAt(owner);
  return closedAt !== undefined && deps.now() >= closedAt.getTime() + fenceMs;
}

function ticketOf(run: SyncRun, integration: IntegrationRecord): SyncTicket {
  const { requestTimeoutMs, fenceMs, releaseLimit } = integration;
  return {
    run: run.run,
    integration: integration.name,
    owner: run.owner,
    scheduled: run.scheduledFor !== null,
    requestTimeoutMs,
    fenceMs,
    releaseLimit,
    phase: phaseOf(run),
  };
}

function phaseOf({ state, verdict }: SyncRun): SyncTicket['phase'] {
  if (state !== 'running' && state !== 'needs-approval') return 'over';
  return verdict === null ? 'compare' : 'decide';
}

async function showSync(deps: Deps, run: string, items: number): Promise<SyncView> {
  const found = await deps.ledger.syncs.find(run);
  if (found === undefined) throw new Error('a run that was begun stays');
  return syncView(found, await deps.ledger.syncs.items(run, { after: null, limit: items }));
}

async function lookAtSync(deps: Deps, run: string): Promise<{ readonly view: SyncView; readonly alone: boolean }> {
  const view = await showSync(deps, run, mostItems);
  const found = await deps.ledger.syncs.find(run);
  const closedAt = found === undefined ? undefined : await deps.runs.closedAt(found.owner);
  return { view, alone: closedAt !== undefined };
}

/** The guard has spoken over the finished plan: what comes of it (design.md 5). */
async function decideSync(deps: Deps, ticket: SyncTicket): Promise<Decided> {
  const run = await deps.ledger.syncs.find(ticket.run);
  if (run === undefined) throw new Error('a run that was begun stays');
  const move = async (state: RunState) => {
    await deps.ledger.syncs.setState(run.run, state, run.reason);
    return showSync(deps, run.run, mostItems);
  };
  if (run.verdict === 'refuse') return { next: 'end', view: await move('refused') };
  if (run.dryRun || !applies(run.policy)) return { next: 'end', view: await move('planned') };
  if (run.verdict !== 'needs-approval') return { next: 'apply', view: await showSync(deps, run.run, mostItems) };
  if (run.approvedAt !== null) return { next: 'apply', view: await showSync(deps, run.run, mostItems) };
  const zone = (await deps.ledger.settings.integrations.find(run.integration))?.timeZone ?? 'UTC';
  const due = Date.parse(nextStart(laterOf(deps.now(), run.scheduledFor, zone), zone));
  const until = new Date(Math.max(due - roomMs, deps.now())).toISOString();
  return { next: 'wait', view: await move('needs-approval'), until };
}

/** By a clock that lags, tonight's own start may lie ahead: it is not the next one. */
function laterOf(now: number, night: string | null, zone: string): string {
  const own = night === null ? undefined : startOn(night, zone);
  return new Date(Math.max(now, own === undefined ? now : Date.parse(own))).toISOString();
}

async function approveSync(
  deps: Deps,
  run: string,
  checksum: string,
): Promise<{ readonly kind: 'approved'; readonly view: SyncView } | { readonly kind: NotApproved }> {
  const approved = await deps.ledger.syncs.approve(run, checksum);
  if (typeof approved === 'string') return { kind: approved };
  return { kind: 'approved', view: await showSync(deps, run, mostItems) };
}

async function endSync(
  deps: Deps,
  run: string,
  { state, reason }: { readonly state: RunState; readonly reason: Reason | null },
): Promise<SyncView> {
  if (state === 'refused' && reason !== null) await refuseList(deps, run, reason);
  const ended = await deps.ledger.syncs.setState(run, state, reason);
  // One that failed may have something on its way: its locks wait for whoever finds it closed and its fence over.
  if (state !== 'failed') await deps.ledger.repairs.unlockAll(ended.owner);
  return showSync(deps, run, mostItems);
}

/** A list that never came whole concludes nothing (I12): its plan is empty and its verdict that of any other bad list. */
async function refuseList({ ledger: { syncs } }: Deps, run: string, reason: Reason): Promise<void> {
  const found = await syncs.find(run);
  if (found === undefined || found.verdict !== null) return;
  await syncs.restart(run, found.progress.listing);
  await syncs.finishPlan({ run, verdict: 'refuse', reason });
}

function noSuchIntegration(name: string): Failure {
  return {
    code: 'no-such-integration',
    message: `there is no integration ${name}`,
    field: 'integration',
    value: name,
    next: 'see iptally integration list',
  };
}
