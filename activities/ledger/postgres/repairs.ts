import type { RunRef } from '../records.ts';
import type { Mended, Repaired, Repairs } from '../sync/repairs.ts';
import { bound, changeAddress, lockCurrent, type AddressChange, type SeenRow } from './address-rows.ts';
import { endConflicts } from './conflicts.ts';
import type { Database } from './database.ts';
import { installationOf } from './installation.ts';
import { addressKey, holdsLock } from './locks.ts';
import { markFor } from './order-opening.ts';
import { endParking } from './parked.ts';
import type { Db } from './tables.ts';
import { canonical } from './values.ts';

export function repairsIn(database: Database): Repairs {
  return {
    markFor: async (key) => markFor(await installationOf(database), key),
    marked: (request) => database.transact((db) => marked(db, request)),
    unmarked: (request) => database.transact((db) => unmarked(db, request)),
    occupied: (request) => database.transact((db) => occupied(db, request)),
    tagged: (request) => database.transact((db) => tagged(db, request)),
    untagged: (request) => database.transact((db) => changeBound(db, request, { set: { untagged: true }, ...lostTag })),
    unparked: (request) => database.transact((db) => unparked(db, request)),
    unlockAll: (run) => database.transact((db) => unlockAll(db, run)),
  };
}

const lostTag = { event: 'untagged', reason: 'our tag is gone from its note and could not be written' } as const;

/** No version rises and no history tells of it: nothing has happened to the address yet. */
async function marked(db: Db, request: Mended): Promise<Repaired> {
  const row = await boundRow(db, request);
  if (typeof row === 'string') return row;
  const { mark } = request;
  if (row.tag !== null) return row.tag === mark.tag ? 'saved' : 'not-bound';
  const { tag, label } = mark;
  await db.updateTable('address').set({ tag, label, untagged: true }).where('id', '=', row.id).execute();
  return 'saved';
}

async function unmarked(db: Db, request: Mended): Promise<Repaired> {
  const row = await boundRow(db, request);
  if (typeof row === 'string') return row;
  if (row.tag !== request.mark.tag || !row.untagged) return 'saved';
  await db.updateTable('address').set({ tag: null, label: null }).where('id', '=', row.id).execute();
  return 'saved';
}

async function occupied(db: Db, request: Parameters<Repairs['occupied']>[0]): Promise<Repaired> {
  const { ip, mark, ptrSeen, run } = request;
  const set = { ptr_seen: ptrSeen, untagged: false, tag: mark.tag, label: mark.label };
  const row = await boundRow(db, { ip, run });
  if (typeof row === 'string') return row;
  await changeWhatDiffers(db, row, { set, event: 'occupied', reason: 'held in IPmanager again', run });
  await endConflicts(db, ip, row.integration);
  return 'saved';
}

function tagged(db: Db, { ip, mark, run }: Mended): Promise<Repaired> {
  const set = { untagged: false, tag: mark.tag, label: mark.label };
  return changeBound(db, { ip, run }, { set, event: 'tagged', reason: 'our tag is in its note again' });
}

type Change = Pick<AddressChange, 'set' | 'event' | 'reason'>;

async function changeBound(
  db: Db,
  request: { readonly ip: string; readonly run: RunRef },
  change: Change,
): Promise<Repaired> {
  const row = await boundRow(db, request);
  if (typeof row === 'string') return row;
  await changeWhatDiffers(db, row, { ...change, run: request.run });
  return 'saved';
}

/** Nothing is written, and no version rises, where the row says so already. */
async function changeWhatDiffers(db: Db, row: SeenRow, change: Change & { readonly run: RunRef }): Promise<void> {
  const now: Readonly<Record<string, unknown>> = row;
  const differs = Object.entries(change.set).some(([column, value]) => now[column] !== value);
  if (differs) await changeAddress(db, { row, ...change, holder: 'after' });
}

/** The row of an address on a service, under this run's lock. */
async function boundRow(
  db: Db,
  { ip, run }: { readonly ip: string; readonly run: RunRef },
): Promise<SeenRow | 'lock-lost' | 'not-bound'> {
  if (!(await holdsLock(db, addressKey(canonical(ip)), run))) return 'lock-lost';
  const row = await lockCurrent(db, ip);
  return row !== undefined && bound.includes(row.state) ? row : 'not-bound';
}

async function unparked(db: Db, { ip, run }: Parameters<Repairs['unparked']>[0]): Promise<Repaired> {
  if (!(await holdsLock(db, addressKey(canonical(ip)), run))) return 'lock-lost';
  await endParking(db, ip);
  return 'saved';
}

async function unlockAll(db: Db, { workflowId, runId }: RunRef): Promise<void> {
  await db
    .deleteFrom('lock')
    .where('owner_workflow', '=', workflowId)
    .where('owner_run', '=', runId)
    .where('key', 'like', `${addressKey('')}%`)
    .execute();
}
