import type { Context } from '../../workflows/domain/discrepancy.ts';
import type { Reason } from '../../workflows/domain/failure.ts';
import type { Deps } from '../deps.ts';
import type { IpManager } from '../ipmanager/ip-manager.ts';
import type { ComparedRange, SyncRun, SyncStore } from '../ledger/sync/sync-store.ts';
import { RepeatedRow } from './broken-listing.ts';
import type { FactSource } from './facts.ts';

/** What one comparison works with: the run, both sides, and all that is the same for every address. */
export interface Comparison {
  readonly panel: IpManager;
  readonly context: Context;
  readonly policy: SyncRun['policy'];
  readonly facts: FactSource;
  /** Addresses with an open conflict: few, and judged whatever they look like. */
  readonly conflicts: ReadonlySet<string>;
  readonly ledger: Pick<SyncStore, 'glances' | 'current'>;
  readonly liveCount: () => Promise<number>;
  readonly ownChanges: (since: number) => Promise<number>;
  readonly now: () => number;
  readonly run: () => Promise<SyncRun>;
  readonly begins: () => Promise<void>;
  readonly save: (range: ComparedRange) => Promise<SyncRun>;
  readonly restart: (listing: number) => Promise<SyncRun>;
  readonly refuse: (reason: Reason) => Promise<SyncRun>;
}

/** Clocks of a worker and of the database differ by less than this. */
const clockMarginMs = 10_000;

export async function comparisonOf(deps: Deps, runId: string): Promise<Comparison> {
  const { syncs, settings, addresses } = deps.ledger;
  const run = async (): Promise<SyncRun> => {
    const found = await syncs.find(runId);
    if (found === undefined) throw new Error('a run that was begun stays');
    return found;
  };
  const { integration: name, policy } = await run();
  const integration = await settings.integrations.find(name);
  if (integration === undefined) throw new Error('an integration stays while its sync runs');
  const installation = await deps.ledger.installation();
  const open = await addresses.conflicts({ open: true });
  return {
    panel: await deps.panels.of(name),
    context: {
      integration: name,
      installation,
      ignoredGroups: new Set(integration.ignoredGroups),
      tagImported: integration.tagImported,
      now: new Date(deps.now()).toISOString(),
    },
    policy,
    facts: { syncs, runs: deps.runs, installation },
    conflicts: new Set(open.flatMap(({ ip, integration: of, mark }) => (mark && of === name ? [ip] : []))),
    ledger: syncs,
    liveCount: () => syncs.liveCount(name),
    ownChanges: (since) => syncs.ownChanges(name, new Date(since - clockMarginMs).toISOString()),
    now: deps.now,
    run,
    save: async (range) => {
      const saved = await syncs.saveRange(range);
      if ('repeated' in saved) throw new RepeatedRow(saved.repeated);
      return saved;
    },
    begins: () => syncs.noteHistory(runId),
    restart: (listing) => syncs.restart(runId, listing),
    refuse: (reason) => syncs.finishPlan({ run: runId, verdict: 'refuse', reason }),
  };
}
