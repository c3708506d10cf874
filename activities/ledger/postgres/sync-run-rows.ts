import { LedgerContractBroken } from '../contract-broken.ts';
import type { RunRef } from '../records.ts';
import type { RunState, SyncRun } from '../sync/sync-store.ts';
import type { Db, Row } from './tables.ts';
import { ipTextOrNull, ownerOf, time, timeOrNull } from './values.ts';

export type RunRow = Row<'sync_run'>;

/** A run in one of these goes on; any other state is its last. */
const open: readonly RunState[] = ['running', 'needs-approval'];

export function hasEnded(row: RunRow): boolean {
  return !open.includes(row.state);
}

/** Runs begun since the integration, as it stands now, speaks to the panel and login it names: others saw another list. */
export function runsOfItsPanel(db: Db, integration: string) {
  return db
    .selectFrom('sync_run')
    .where('integration', '=', integration)
    .where('started_at', '>=', (eb) =>
      eb.selectFrom('integration').select('panel_since').where('name', '=', integration),
    );
}

export function syncKey(integration: string): string {
  return `sync/${integration}`;
}

export function syncRun(row: RunRow): SyncRun {
  const { done, failed, denied, changed } = row;
  return {
    run: row.run,
    integration: row.integration,
    workflowId: row.owner_workflow,
    owner: ownerOf(row),
    login: row.login,
    policy: row.policy,
    dryRun: row.dry_run,
    scheduledFor: row.scheduled_for,
    state: row.state,
    verdict: row.verdict,
    reason: row.reason,
    checksum: row.checksum,
    counts: row.counts,
    outcomes: { done, failed, denied, changed },
    remoteCount: row.remote_count,
    ledgerCount: row.ledger_count,
    progress: {
      listing: row.listing,
      nextPage: row.next_page,
      pageSize: row.page_size,
      lastIp: ipTextOrNull(row.last_ip),
      rows: row.rows_read,
      total: row.rows_total,
      session: row.session,
    },
    ledgerRows: row.ledger_rows,
    planned: row.planned,
    startedAt: time(row.started_at),
    approvedAt: timeOrNull(row.approved_at),
    endedAt: timeOrNull(row.ended_at),
  };
}

export async function findRun(db: Db, run: string): Promise<RunRow | undefined> {
  return db.selectFrom('sync_run').selectAll().where('run', '=', run).executeTakeFirst();
}

/** The run, alone in our hands until the transaction ends. */
export async function lockRun(db: Db, run: string): Promise<RunRow> {
  const row = await db.selectFrom('sync_run').selectAll().where('run', '=', run).forNoKeyUpdate().executeTakeFirst();
  if (row === undefined) throw new LedgerContractBroken('no-such-run', run);
  return row;
}

export async function runOfOwner(db: Db, owner: RunRef): Promise<RunRow | undefined> {
  return db
    .selectFrom('sync_run')
    .selectAll()
    .where('owner_workflow', '=', owner.workflowId)
    .where('owner_run', '=', owner.runId)
    .executeTakeFirst();
}
