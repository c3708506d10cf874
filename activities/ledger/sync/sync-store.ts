import type { Discrepancy, LedgerSide } from '../../../workflows/domain/discrepancy.ts';
import type { Glance } from '../../../workflows/domain/glance.ts';
import type { Reason } from '../../../workflows/domain/failure.ts';
import type { OwnChanges } from '../../../workflows/domain/guard.ts';
import type { Counts, Outcome, PlanRow, Policy } from '../../../workflows/domain/plan.ts';
import type { ConflictRecord, LockRecord, RunRef } from '../records.ts';

/**
 * The port to what syncs keep in the ledger: runs, their progress, their plans row by row, sightings, and the ordered read
 * of all addresses. Rows never travel through workflows: ids and counts only. Each method is one transaction, idempotent.
 */
export interface SyncStore {
  /** Begins a run under the integration's sync lock, or finds the run of this very workflow to go on with. */
  begin(request: BeginRun): Promise<BegunRun>;
  /**
   * Where the comparison stands; written with the plan rows of its range in one transaction, so that a kill repeats one range at most. Answers
   * where the run stands then, which is elsewhere when another copy of the activity was here first. `repeated`: a row that
   * is no address stands in the list twice; nothing was saved.
   */
  saveRange(range: ComparedRange): Promise<SyncRun | { readonly repeated: string }>;
  /** Notes where the history of addresses stands: what comes after it is no part of the lists this run compares. */
  noteHistory(run: string): Promise<void>;
  /** Forgets what listing number `listing` compared: it begins again from its first page. Harmless again. */
  restart(run: string, listing: number): Promise<SyncRun>;
  /** Closes the comparison: counts, checksum over the rows in address order, verdict. */
  finishPlan(request: FinishPlan): Promise<SyncRun>;
  setState(run: string, state: RunState, reason: Reason | null): Promise<SyncRun>;
  /** Approves exactly this checksum; another one, a run that does not wait, or one of another panel is refused. */
  approve(run: string, checksum: string): Promise<SyncRun | NotApproved>;
  /** Whether the integration still speaks to the panel and login that this run saw. */
  isOfItsPanel(run: { readonly run: string; readonly integration: string }): Promise<boolean>;
  /** The next rows to apply, in address order, after `after`. */
  toApply(run: string, after: string | null, limit: number): Promise<readonly PlannedItem[]>;
  /**
   * Releases of the run that count against its limit: those done or failed, and those of the `pending` rows that have no
   * outcome yet. What was denied or not as planned took nothing, and takes none of what the rows behind it may.
   */
  countReleases(run: string, pending: readonly string[]): Promise<number>;
  /** One sighting of (address, tag, group, PTR) at most per local date; answers on how many dates it was seen. */
  sight(run: string, rows: readonly PlanRow[], localDate: string): Promise<ReadonlyMap<string, number>>;
  find(run: string): Promise<SyncRun | undefined>;
  list(integration: string, limit: number): Promise<readonly SyncRun[]>;
  /** Whether the plan has a row of this address, or of this text of a network. */
  hasItem(run: string, ip: string): Promise<boolean>;
  /** Rows after an address, which need not have a row itself, or after the row of a network. */
  items(run: string, page: { readonly after: string | null; readonly limit: number }): Promise<readonly PlannedItem[]>;
  /** Last run that was planned or applied with a proven list, of the integration's present panel and by the same login. */
  baseline(integration: string, login: string): Promise<SyncRun | undefined>;
  /**
   * When the newest good run of it ended (ISO 8601): applied, or planned where the policy is to observe. A dry run mends
   * nothing and a person asked for it, so it does not stand for a night; what was rejected or left waiting neither.
   */
  lastGood(integration: string): Promise<string | null>;
  /** Whether a plan of its present panel was ever approved: runs begun before its URL or login changed do not count. */
  everApproved(integration: string): Promise<boolean>;
  /**
   * Live addresses of an integration in address order, at a glance, chunk by chunk: an index-only read of texts, without
   * rows or entities (reference/performance.md 2.2).
   */
  glances(range: GlanceRange): AsyncIterable<readonly Glance[]>;
  /** The rows that count for these addresses, in the whole ledger, in any order. */
  current(ips: readonly string[]): Promise<readonly LedgerRow[]>;
  liveCount(integration: string): Promise<number>;
  /** Planned rows by action, as they stand now. */
  countPlan(run: string): Promise<Counts>;
  /**
   * Drops rows of plans that are kept no longer (`keptRuns`, `keptDays`), at most `limit`, and says how many it dropped. Never what
   * was released or occupied: that is told nowhere else, and the guard counts it.
   */
  dropOldRows(integration: string, limit: number): Promise<number>;
  /** Planned actions that are only reported in this run (too few sightings): each with its reason. Harmless again. */
  holdBack(run: string, rows: readonly { readonly ip: string; readonly reason: string }[]): Promise<void>;
  /** What iptally itself gave back and took on each side of its integration since that run began, by that run too. */
  ownChangesSince(run: string): Promise<OwnChanges>;
  /** The most creates and deletes of ours that may have landed at the remote since then (ISO 8601), or still may. */
  ownChanges(integration: string, since: string): Promise<number>;
  /** What the ledger knows of these addresses and tags beside their rows: asked only where a judgement needs it. */
  lookUp(request: LookUp): Promise<Known>;
  /** Many outcomes in one transaction; a row that has one keeps it. */
  saveOutcomes(run: string, rows: readonly RowOutcome[]): Promise<void>;
  /**
   * Takes PTRs as the remote has them into the ledger, with history and outcomes, in one transaction: `done`, or
   * `changed` where the row is no longer the planned version.
   */
  adoptPtrs(request: {
    readonly run: string;
    readonly rows: readonly { readonly ip: string; readonly version: number; readonly ptr: string }[];
    readonly by: RunRef;
  }): Promise<readonly RowOutcome[]>;
}

/** `after < ip <= upTo`; `null` is an open end. */
export interface GlanceRange {
  readonly integration: string;
  readonly after: string | null;
  readonly upTo: string | null;
}

export interface RowOutcome {
  readonly ip: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
}

export interface LookUp {
  readonly ips: readonly string[];
  /** Tags and labels seen on remote rows. */
  readonly tags: readonly string[];
  readonly labels: readonly string[];
}

/** Lists by address or tag; what is not in them is not known. */
export interface Known {
  readonly locks: ReadonlyMap<string, LockRecord>;
  /** The oldest open conflict of an address. */
  readonly conflicts: ReadonlyMap<string, ConflictRecord>;
  /** Open parking of an address, and the orders it was offered to. `ended`: what it waited for is over. */
  readonly parked: ReadonlyMap<string, 'running' | 'ended'>;
  /** By tag and by label: the order that carries it. */
  readonly orders: ReadonlyMap<string, KnownOrder>;
  /** Those of the tags and labels asked for that are of a row without an order (imported), whatever its state. */
  readonly imported: ReadonlySet<string>;
  /** By address: the order its row is of (reserved rows have an owner that can be asked). */
  readonly ordersOfRows: ReadonlyMap<string, KnownOrder>;
  /** By address: the host label of its row, which the ordered read leaves out. */
  readonly labels: ReadonlyMap<string, string>;
  /** By address: the run that last set it `releasing`. */
  readonly releasedBy: ReadonlyMap<string, RunRef>;
}

export interface KnownOrder {
  readonly id: string;
  readonly owner: RunRef;
  /** What it was given, also when that is released by now. */
  readonly ip: string | null;
  /** No address and no stored outcome. */
  readonly open: boolean;
}

export interface LedgerRow {
  readonly ip: string;
  readonly row: Extract<LedgerSide, { kind: 'row' }>;
}

/** `state` of design.md 7. `listing` … `applying` show as `running`. */
export const runStates = [
  'running',
  'needs-approval',
  'applied',
  'planned',
  'refused',
  'rejected',
  'expired',
  'superseded',
  'failed',
] as const;
/** Why an approval was not taken. */
export type NotApproved = 'other-checksum' | 'other-panel' | 'not-waiting';

export type RunState = (typeof runStates)[number];

export const verdicts = ['apply', 'needs-approval', 'refuse'] as const;

export interface BeginRun {
  readonly integration: string;
  readonly policy: Policy;
  readonly dryRun: boolean;
  readonly login: string;
  /** The local date of the schedule, for starts that come from it: one run a date. */
  readonly scheduledFor: string | null;
  readonly run: RunRef;
  /**
   * The owner of the sync lock, which the caller found closed: its lock moves here, and its run, if it had not ended,
   * ends `failed` (or `superseded`, when it waited for approval).
   */
  readonly takeOverFrom?: RunRef;
}

export type BegunRun =
  | { readonly kind: 'begun'; readonly run: SyncRun }
  /** A run waiting for approval is superseded by the caller; a working one is attached to. */
  | { readonly kind: 'busy'; readonly run: SyncRun }
  | { readonly kind: 'ran-already'; readonly run: SyncRun };

export interface SyncRun {
  readonly run: string;
  readonly integration: string;
  readonly workflowId: string;
  readonly owner: RunRef;
  readonly login: string;
  readonly policy: Policy;
  readonly dryRun: boolean;
  readonly scheduledFor: string | null;
  readonly state: RunState;
  readonly verdict: 'apply' | 'needs-approval' | 'refuse' | null;
  readonly reason: Reason | null;
  readonly checksum: string | null;
  readonly counts: Counts;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly remoteCount: number | null;
  readonly ledgerCount: number | null;
  readonly progress: Progress;
  /** Live rows of this integration compared so far. */
  readonly ledgerRows: number;
  /** Rows of the plan so far. */
  readonly planned: number;
  readonly startedAt: string;
  readonly approvedAt: string | null;
  readonly endedAt: string | null;
}

/** Where listing and comparison stand. */
export interface Progress {
  /** From 1: a broken listing begins again as the next one. */
  readonly listing: number;
  /** Rows of a page as the panel tells it; it may have a size of its own. */
  readonly pageSize: number | null;
  readonly nextPage: number;
  readonly lastIp: string | null;
  readonly rows: number;
  readonly total: number | null;
  /** A fingerprint of the panel's session: a listing is one session or it begins again. */
  readonly session: string | null;
}

export interface ComparedRange {
  readonly run: string;
  /** The first page of the range: a range that begins elsewhere than the run stands was saved before, or is a straggler's. */
  readonly fromPage: number;
  readonly progress: Progress;
  readonly plan: readonly PlanRow[];
  /** Rows whose PTR was found as wanted for the first time: kept as read, unless the run only looks. */
  readonly firstReads: readonly { readonly ip: string; readonly version: number }[];
  /** Live rows of this integration seen on the ledger's side of the range. */
  readonly ledgerRows: number;
}

export interface FinishPlan {
  readonly run: string;
  readonly verdict: 'apply' | 'needs-approval' | 'refuse';
  readonly reason: Reason | null;
}

export interface PlannedItem extends PlanRow {
  readonly discrepancy: Discrepancy;
  readonly outcome: Outcome | null;
  readonly outcomeReason: string | null;
}
