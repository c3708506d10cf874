import { isNew } from './import-checks.ts';
import { lockedIp } from './locks.ts';
import { statement } from './statement.ts';
import type { Db } from './tables.ts';

/**
 * What the rows name stays as it is checked until all is written: no server or tariff is removed, and no service that is
 * given an address begins or ends a life (I6). Counted: there may be a million of them.
 */
export async function shareNamed(db: Db, batch: string): Promise<void> {
  for (const sql of [shareServices, shareAll('server'), shareAll('tariff')]) await statement(db, sql, [batch]);
}

const shareServices = `with shared as (select s.id from service s where s.id in (
    select r.service from import_row r where r.batch = $1 and r.ip is not null and ${isNew('r')}) order by s.id for share)
  select count(*) from shared`;

const shareAll = (what: 'server' | 'tariff'): string => `with shared as (select n.name from ${what} n
    where n.name in (select r.${what} from import_row r where r.batch = $1) order by n.name for share)
  select count(*) from shared`;

/**
 * Whoever acts on an address holds its lock and has looked here for its row: an import, which takes none, must not come in
 * between the look and the act (I4). Locks taken before this are seen here, and whoever takes one from now on waits for
 * our end and sees our rows. Thrown as a race that was lost: all is checked again, and what is in work then is named.
 */
export async function insistNoneInWork(db: Db, batch: string): Promise<void> {
  await statement(db, 'lock table lock in share mode', []);
  const [found] = await statement(
    db,
    `select l.key from lock l join address a on a.ip = ${lockedIp} and a.created_at = now()
       join import_row r on r.batch = $1 and r.ip = a.ip limit 1`,
    [batch],
  );
  if (found !== undefined) throw new AddressInWork();
}

/** Repeated like any other serialization failure: it carries that code. */
class AddressInWork extends Error {
  readonly code = '40001';
}
