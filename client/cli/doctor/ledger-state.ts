import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { relative } from '../render/time.ts';
import { type Check, ok, warn } from './check.ts';

const day = 86_400_000;

/** What waits for a person, or has been held for too long. */
export async function checkLedgerState(ledger: Ledger, now = Date.now()): Promise<readonly Check[]> {
  const [locks, waiting, conflicts, orders] = await Promise.all([
    ledger.locks.list(),
    ledger.services.list({ state: 'waiting' }),
    ledger.addresses.conflicts({ open: true }),
    ledger.orders.listOpen(),
  ]);
  const oldLocks = locks.filter(({ since }) => now - Date.parse(since) > day);
  const oldOrders = orders.filter(({ createdAt }) => now - Date.parse(createdAt) > day);
  return [
    oldLocks.length === 0
      ? ok('locks', `${locks.length} held, none older than a day`)
      : warn(
          'locks',
          some(oldLocks, ({ key, owner, since }) => `${key} by ${owner.workflowId}, ${relative(since, now)}`),
          'read these runs in the Web UI: each says what it waits for',
        ),
    waiting.length === 0
      ? ok('waiting services', 'none')
      : warn(
          'waiting services',
          some(waiting, ({ id, reason }) => `${id}: ${reason?.message ?? 'no reason was noted'}`),
          'mend what stands there, then "iptally service retry ID", or give up with "iptally service abandon ID"',
        ),
    conflicts.length === 0
      ? ok('conflicts', 'none open')
      : warn(
          'conflicts',
          some(
            conflicts,
            ({ ip, holder, since }) => `${ip} (${holder ?? 'no service of ours'}), ${relative(since, now)}`,
          ),
          'see who uses the address, then "iptally address resolve IP"',
        ),
    oldOrders.length === 0
      ? ok('open orders', `${orders.length}, none older than a day`)
      : warn(
          'open orders',
          some(oldOrders, ({ id, createdAt }) => `${id}, ${relative(createdAt, now)}`),
          'read the run of each in the Web UI: it says what it waits for',
        ),
  ];
}

/** The first few, and how many there are. */
function some<Item>(items: readonly Item[], say: (item: Item) => string): string {
  const more = items.length > 5 ? ` … (${items.length} in all)` : '';
  return items.slice(0, 5).map(say).join('; ') + more;
}
