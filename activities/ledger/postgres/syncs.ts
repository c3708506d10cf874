import type { SyncStore } from '../sync/sync-store.ts';
import type { Database } from './database.ts';
import { currentRows, glanceChunks, liveCount } from './sync-addresses.ts';
import { adoptPtrs } from './sync-adopt.ts';
import { lookUp } from './sync-look-up.ts';
import { dropOldRows } from './sync-old-rows.ts';
import { ownChanges, ownChangesSince } from './sync-own-changes.ts';
import * as plan from './sync-plan.ts';
import { findRun, syncRun } from './sync-run-rows.ts';
import {
  approveRun,
  baselineRun,
  beginRun,
  everApproved,
  isOfItsPanel,
  lastGoodEnd,
  noteHistory,
  setRunState,
} from './sync-runs.ts';
import { sight } from './sync-sightings.ts';

/** What syncs keep in the ledger. */
export function syncsIn(database: Database): SyncStore {
  return {
    begin: (request) => database.transact((db) => beginRun(db, request)),
    saveRange: (range) => database.transact((db) => plan.saveRange(db, range)),
    noteHistory: (run) => database.transact((db) => noteHistory(db, run)),
    restart: (run, listing) => database.transact((db) => plan.restartListing(db, run, listing)),
    finishPlan: (request) => database.transact((db) => plan.finishPlan(db, request)),
    setState: (run, state, reason) => database.transact((db) => setRunState(db, run, { state, reason })),
    isOfItsPanel: (run) => database.read((db) => isOfItsPanel(db, run)),
    approve: (run, checksum) => database.transact((db) => approveRun(db, run, checksum)),
    toApply: (run, after, limit) => database.read((db) => plan.itemsToApply(db, run, { after, limit })),
    countReleases: (run, pending) => database.read((db) => plan.countReleases(db, run, pending)),
    saveOutcomes: (run, rows) => database.transact((db) => plan.saveOutcomes(db, run, rows)),
    sight: (run, rows, localDate) => database.transact((db) => sight(db, run, { rows, localDate })),
    find: (run) =>
      database.read(async (db) => {
        const row = await findRun(db, run);
        return row === undefined ? undefined : syncRun(row);
      }),
    list: (integration, limit) =>
      database.read(async (db) => {
        const rows = await db
          .selectFrom('sync_run')
          .selectAll()
          .where('integration', '=', integration)
          .orderBy('run', 'desc')
          .limit(limit)
          .execute();
        return rows.map(syncRun);
      }),
    hasItem: (run, ip) => database.read((db) => plan.hasItem(db, run, ip)),
    items: (run, page) => database.read((db) => plan.itemPage(db, run, page)),
    baseline: (integration, login) => database.read((db) => baselineRun(db, integration, login)),
    lastGood: (integration) => database.read((db) => lastGoodEnd(db, integration)),
    everApproved: (integration) => database.read((db) => everApproved(db, integration)),
    glances: (range) => glanceChunks(database, range),
    current: (ips) => database.read((db) => currentRows(db, ips)),
    liveCount: (integration) => database.read((db) => liveCount(db, integration)),
    countPlan: (run) => database.read((db) => plan.countPlan(db, run)),
    dropOldRows: (integration, limit) => database.transact((db) => dropOldRows(db, integration, limit)),
    holdBack: (run, rows) => database.transact((db) => plan.holdBack(db, run, rows)),
    ownChangesSince: (run) => database.read((db) => ownChangesSince(db, run)),
    ownChanges: (integration, since) => database.read((db) => ownChanges(db, integration, since)),
    lookUp: (request) => database.read((db) => lookUp(db, request)),
    adoptPtrs: (request) => database.transact((db) => adoptPtrs(db, request)),
  };
}
