import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RemoteAddress } from '../../activities/ipmanager/ip-manager.ts';
import { unlikeOf } from '../../activities/sync/merge.ts';
import { glanceIp } from '../../workflows/domain/glance.ts';
import { compareIps } from '../../workflows/domain/ip-order.ts';
import { seed } from '../support/seed.ts';

/** Few networks with many neighbours, so that both sides meet; `.1` and `.10` to tell a start from a whole address. */
const ips = fc.uniqueArray(
  fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 120 })).map(([net, n]) => `10.0.${net}.${n}`),
    fc.integer({ min: 1, max: 40 }).map((n) => `2001:db8::${n.toString(16)}`),
  ),
  { maxLength: 60 },
);
const rows = ips.map((some) =>
  some.toSorted(compareIps).map((ip): RemoteAddress => ({ ip, group: 'public', ptr: '', note: '', state: 'held' })),
);
const glances = fc.tuple(ips, fc.integer({ min: 1, max: 7 })).map(([some, size]) =>
  chunked(
    some.toSorted(compareIps).map((ip, n) => (n % 3 === 0 ? ip : `${ip}\ttag\tptr`)),
    size,
  ),
);

function chunked(all: readonly string[], size: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}

async function* inChunks(chunks: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  yield* chunks;
}

test('every address of either side is looked at once, in order, with what the other side says of it', async () => {
  await fc.assert(
    fc.asyncProperty(rows, glances, async (remote, chunks) => {
      const looked = new Map<string, string | undefined>();
      const found = await unlikeOf(remote, inChunks(chunks), ({ ip }, glance) => {
        if (looked.has(ip)) throw new Error(`${ip} was looked at twice`);
        looked.set(ip, glance);
        return glance?.endsWith('\tptr') === true;
      });
      const ledger = new Map(chunks.flat().map((glance) => [glanceIp(glance), glance]));
      expect(looked).toEqual(new Map(remote.map(({ ip }) => [ip, ledger.get(ip)])));
      const there = new Set(remote.map(({ ip }) => ip));
      const unlike = [...new Set([...there, ...ledger.keys()])]
        .filter((ip) => !there.has(ip) || ledger.get(ip)?.endsWith('\tptr') !== true)
        .toSorted(compareIps);
      expect(found.unlike.map(({ ip }) => ip)).toEqual(unlike);
      expect(found.unlike.filter((one) => one.remote === undefined).every(({ ip }) => !there.has(ip))).toBe(true);
      expect(found.glances).toBe(ledger.size);
    }),
    { seed },
  );
});
