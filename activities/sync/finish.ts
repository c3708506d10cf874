import { decide, noOwnChanges, type Situation, type Verdict } from '../../workflows/domain/guard.ts';
import { isComplete } from '../../workflows/domain/listing-proof.ts';
import { localDate } from '../../workflows/domain/nightly.ts';
import type { PlanRow } from '../../workflows/domain/plan.ts';
import type { Deps } from '../deps.ts';
import type { IntegrationRecord } from '../ledger/records.ts';
import type { SyncRun } from '../ledger/sync/sync-store.ts';
import { proofOf } from './listing.ts';

/** Rows of a plan that are looked at together. */
const planRows = 2_000;

/** The guard speaks over the finished plan, before the first write (design.md 5). Again is harmless: the first word stays. */
export async function finishCompare(deps: Deps, runId: string): Promise<SyncRun> {
  const { syncs, settings } = deps.ledger;
  const run = await syncs.find(runId);
  if (run === undefined) throw new Error('a run that was begun stays');
  if (run.verdict !== null) return run;
  const integration = await settings.integrations.find(run.integration);
  if (integration === undefined) throw new Error('an integration stays while its sync runs');
  const before = await situationOf(deps, run, integration);
  const verdict = decide(before);
  if (verdict.verdict === 'refuse') return syncs.finishPlan({ run: runId, ...verdict });
  // Only what passed the guard is a sighting; what is held back then is not counted among the releases.
  await confirmSightings(deps, run, integration);
  const decided: Verdict = decide({ ...before, counts: await syncs.countPlan(runId) });
  return syncs.finishPlan({ run: runId, ...decided });
}

async function situationOf(deps: Deps, run: SyncRun, { thresholds }: IntegrationRecord): Promise<Situation> {
  const { syncs } = deps.ledger;
  const baseline = await baselineOf(deps, run);
  const proven = isComplete(proofOf(run.progress));
  return {
    proven,
    ...(proven
      ? {}
      : { unproven: `${run.progress.rows} of ${run.progress.total ?? 'no known number of'} rows were read` }),
    remoteCount: run.progress.total ?? 0,
    ledgerCount: run.ledgerRows,
    baseline: baseline === undefined ? null : countsOf(baseline),
    own: baseline === undefined ? noOwnChanges : await syncs.ownChangesSince(baseline.run),
    counts: await syncs.countPlan(run.run),
    everApproved: await syncs.everApproved(run.integration),
    thresholds,
  };
}

/** A run that only observes, started by hand, sets a new baseline: nothing before it is measured against (design.md 5). */
async function baselineOf(deps: Deps, run: SyncRun): Promise<SyncRun | undefined> {
  const byHand = run.scheduledFor === null && run.policy === 'observe';
  return byHand ? undefined : deps.ledger.syncs.baseline(run.integration, run.login);
}

function countsOf({ remoteCount, ledgerCount }: SyncRun): Situation['baseline'] {
  return remoteCount === null || ledgerCount === null ? null : { remoteCount, ledgerCount };
}

/** Releases of what was not seen so on enough dates are reported, and wait (design.md 5). By default one sighting is enough. */
async function confirmSightings(deps: Deps, run: SyncRun, integration: IntegrationRecord): Promise<void> {
  const { syncs } = deps.ledger;
  const wanted = integration.confirmSightings;
  if (wanted <= 1) return;
  const date = run.scheduledFor ?? localDate(run.startedAt, integration.timeZone);
  for (let after: string | null = null; ;) {
    const items = await syncs.items(run.run, { after, limit: planRows });
    const releases = items.filter(isUnconfirmed);
    const dates = await syncs.sight(run.run, releases, date);
    const early = releases.filter(({ ip }) => (dates.get(ip) ?? 0) < wanted);
    const words = (row: PlanRow): string => `seen so on ${dates.get(row.ip) ?? 0} of ${wanted} dates; ${row.reason}`;
    await syncs.holdBack(
      run.run,
      early.map((row) => ({ ip: row.ip, reason: words(row) })),
    );
    after = items.at(-1)?.ip ?? null;
    if (items.length < planRows) return;
  }
}

/** A release that began here needs no confirming: its row is ours. */
function isUnconfirmed({ action, discrepancy }: PlanRow): boolean {
  return action === 'release' && discrepancy !== 'release-unfinished';
}
