import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Reason } from '../../../workflows/domain/failure.ts';
import { policies, type Counts, type Policy } from '../../../workflows/domain/plan.ts';
import { runStates, verdicts, type RunState, type SyncRun } from '../sync/sync-store.ts';
import { oneOf } from './checks.ts';

/** One execution of a sync: who runs it, where its comparison stands, what was decided, how many rows came to what. */
export const SyncRunEntity = defineEntity({
  name: 'SyncRunEntity',
  tableName: 'sync_run',
  properties: {
    /** Sorts by the time it began. */
    run: p.text().primary(),
    integration: p.text(),
    ownerWorkflow: p.text(),
    ownerRun: p.text(),
    login: p.text(),
    policy: p.text().$type<Policy>(),
    dryRun: p.boolean(),
    scheduledFor: p.text().nullable(),
    state: p.text().$type<RunState>().defaultRaw(`'running'`),
    verdict: p.text().$type<NonNullable<SyncRun['verdict']>>().nullable(),
    reason: p.json<Reason>().nullable(),
    checksum: p.text().nullable(),
    counts: p.json<Counts>().defaultRaw(`'{}'::jsonb`),
    /** Rows by outcome, counted as they come: a list of runs reads no rows of plans. */
    done: p.integer().defaultRaw('0'),
    failed: p.integer().defaultRaw('0'),
    denied: p.integer().defaultRaw('0'),
    changed: p.integer().defaultRaw('0'),
    remoteCount: p.integer().nullable(),
    ledgerCount: p.integer().nullable(),
    /** Which listing it is: a broken one begins again, and what its stragglers save is refused. */
    listing: p.integer().defaultRaw('1'),
    nextPage: p.integer().defaultRaw('1'),
    pageSize: p.integer().nullable(),
    lastIp: p.text().columnType('inet').nullable(),
    rowsRead: p.integer().defaultRaw('0'),
    rowsTotal: p.integer().nullable(),
    session: p.text().nullable(),
    ledgerRows: p.integer().defaultRaw('0'),
    planned: p.integer().defaultRaw('0'),
    /** The last entry of the history when it began: what came later happened since. */
    historyBefore: p.bigint('string'),
    startedAt: p.text().columnType('timestamptz').defaultRaw('now()'),
    approvedAt: p.text().columnType('timestamptz').nullable(),
    endedAt: p.text().columnType('timestamptz').nullable(),
  },
  uniques: [
    { name: 'sync_run_owner', properties: ['ownerWorkflow', 'ownerRun'] },
    { name: 'sync_run_date', properties: ['integration', 'scheduledFor'], where: 'scheduled_for IS NOT NULL' },
  ],
  indexes: [{ name: 'sync_run_integration', properties: ['integration', 'run'] }],
  checks: [
    { name: 'sync_run_policy_check', expression: oneOf('policy', policies) },
    { name: 'sync_run_state_check', expression: oneOf('state', runStates) },
    { name: 'sync_run_verdict_check', expression: oneOf('verdict', verdicts) },
  ],
});
