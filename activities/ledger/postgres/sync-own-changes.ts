import type { OwnChanges } from '../../../workflows/domain/guard.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import { lockedIp } from './locks.ts';
import { statement } from './statement.ts';
import type { Db } from './tables.ts';

/**
 * What both lists shrank and grew by since that run began, by our own hand, each side by itself. The history tells what
 * happened to rows of ours; what a sync gave back that no row knew, and what it occupied for a row that stayed as it was,
 * only its plan tells. A release that was begun before (`release-unfinished`) is told by the history: not twice.
 */
export async function ownChangesSince(db: Db, run: string): Promise<OwnChanges> {
  const baseline = await db
    .selectFrom('sync_run')
    .select(['integration', 'history_before'])
    .where('run', '=', run)
    .executeTakeFirst();
  if (baseline === undefined) throw new LedgerContractBroken('no-such-run', run);
  const told = await toldSince(db, baseline);
  const mended = await mendedSince(db, { run, integration: baseline.integration });
  return {
    remote: {
      released: told('quarantined') + mended('release'),
      taken: told('reserved') + mended('occupy'),
    },
    ledger: {
      released: told('releasing') - told('kept'),
      taken: told('reserved') + told('imported'),
    },
  };
}

type CountOf = (name: string) => number;

function countOf(rows: readonly { readonly name: string; readonly count: string }[]): CountOf {
  const counts = new Map(rows.map(({ name, count }) => [name, Number(count)]));
  return (name) => counts.get(name) ?? 0;
}

async function toldSince(
  db: Db,
  since: { readonly integration: string; readonly history_before: string },
): Promise<CountOf> {
  const counts = await db
    .selectFrom('address_history')
    .select((eb) => ['event as name', eb.fn.countAll<string>().as('count')])
    .where('id', '>', since.history_before)
    .where('integration', '=', since.integration)
    .where('event', 'in', ['reserved', 'imported', 'releasing', 'kept', 'quarantined'])
    .groupBy('event')
    .execute();
  return countOf(counts);
}

/** Rows of plans that were done at the remote; later runs that never came to their end did some, too. */
async function mendedSince(db: Db, since: { readonly run: string; readonly integration: string }): Promise<CountOf> {
  const counts = await db
    .selectFrom('sync_item')
    .innerJoin('sync_run', 'sync_run.run', 'sync_item.run')
    .select((eb) => ['sync_item.action as name', eb.fn.countAll<string>().as('count')])
    .where('sync_run.integration', '=', since.integration)
    .where('sync_run.run', '>=', since.run)
    .where('sync_item.outcome', '=', 'done')
    .where('sync_item.action', 'in', ['release', 'occupy'])
    .where('sync_item.discrepancy', '!=', 'release-unfinished')
    .groupBy('sync_item.action')
    .execute();
  return countOf(counts);
}

/**
 * Attempts and releases that ended since then or are under way: an upper bound, asked for only when a total moved. A sync
 * gives back and occupies under the locks of addresses, and none of its integration runs beside a listing. A lock on an
 * address that is another integration's moves nothing here. An attempt that a kill left open is under way as long as its
 * order is; later it would loosen the proof of every listing to come (I12). The history is read from where this run began.
 */
export async function ownChanges(db: Db, integration: string, since: string): Promise<number> {
  const [row] = await statement<{ readonly count: string }>(
    db,
    `select
       (select count(*) from order_attempt a join address_order o on o.id = a.order_id
        where o.integration = $1 and $2::timestamptz <=
          coalesce(a.ended_at, case when o.outcome is null and o.ip is null then 'infinity' else a.sent_at end))
     + (select count(*) from address_history h
        where h.integration = $1 and h.at >= $2::timestamptz and h.event in ('quarantined', 'occupied') and h.id >
          coalesce((select max(history_before) from sync_run where integration = $1 and state = 'running'), 0))
     + (select count(*) from lock l where ${lockedIp} is not null and not exists (
        select from address a where a.ip = ${lockedIp} and a.integration <> $1
          and a.state in ('reserved', 'active', 'releasing', 'quarantined'))) as count`,
    [integration, since],
  );
  return Number(row?.count ?? 0);
}
