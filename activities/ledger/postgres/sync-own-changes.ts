import { LedgerContractBroken } from '../contract-broken.ts';
import { statement } from './statement.ts';
import type { Db } from './tables.ts';

/** Out of the history: what both lists shrank and grew by since that run began, by our own hand. */
export async function ownChangesSince(
  db: Db,
  run: string,
): Promise<{ readonly released: number; readonly created: number }> {
  const row = await db
    .selectFrom('sync_run')
    .select(['integration', 'history_before'])
    .where('run', '=', run)
    .executeTakeFirst();
  if (row === undefined) throw new LedgerContractBroken('no-such-run', run);
  const counts = await db
    .selectFrom('address_history')
    .select((eb) => ['event', eb.fn.countAll<string>().as('count')])
    .where('id', '>', row.history_before)
    .where('integration', '=', row.integration)
    .where('event', 'in', ['reserved', 'releasing', 'kept', 'quarantined'])
    .groupBy('event')
    .execute();
  const of = (event: string): number => Number(counts.find((one) => one.event === event)?.count ?? 0);
  // The ledger shrinks when an address leaves its service, the remote when it is deleted there: the larger of both.
  return { released: Math.max(of('releasing') - of('kept'), of('quarantined')), created: of('reserved') };
}

/** Attempts and releases that ended since then or are under way: an upper bound, asked for only when a total moved. */
export async function ownChanges(db: Db, integration: string, since: string): Promise<number> {
  const [row] = await statement<{ readonly count: string }>(
    db,
    `select
       (select count(*) from order_attempt a join address_order o on o.id = a.order_id
        where o.integration = $1 and coalesce(a.ended_at, 'infinity') >= $2::timestamptz)
     + (select count(*) from address_history h
        where h.integration = $1 and h.at >= $2::timestamptz and h.event in ('quarantined', 'occupied'))
     + (select count(*) from lock l where l.key like 'address/%') as count`,
    [integration, since],
  );
  return Number(row?.count ?? 0);
}
