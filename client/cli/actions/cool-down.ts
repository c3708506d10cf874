import type { Ledger } from '../../../activities/ledger/ledger.ts';

/** Longer than this nobody is kept waiting for a cool-down: the release goes on by itself. */
const patienceMs = 60_000;

/** The end of the longest cool-down among these addresses that is far enough away to stop waiting; else 0. */
export async function longestCoolDown(ledger: Ledger, ips: readonly string[], now = Date.now()): Promise<number> {
  const ends = await Promise.all(
    ips.map(async (ip) => {
      const row = await ledger.addresses.find(ip);
      if (row?.state !== 'releasing') return 0;
      const integration = await ledger.settings.integrations.find(row.integration);
      return Date.parse(row.since) + (integration?.coolDownMs ?? 0);
    }),
  );
  const last = Math.max(0, ...ends);
  return last - now > patienceMs ? last : 0;
}
