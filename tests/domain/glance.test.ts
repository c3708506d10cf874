import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Context, LedgerSide } from '../../workflows/domain/discrepancy.ts';
import { glanceIp, inStepAtAGlance, isGlanceOf } from '../../workflows/domain/glance.ts';
import { plainlyInStep } from '../../workflows/domain/judge.ts';
import { seed } from '../support/seed.ts';
import { looks } from './support/sync-looks.ts';
import { installation, now, row, used } from './support/sync-sides.ts';

const ip = '192.0.2.1';
const context: Context = { integration: 'main', installation, ignoredGroups: new Set(), tagImported: false, now };

/** As the ledger tells it, of live addresses of the integration alone. */
function glanceOf(side: LedgerSide, { integration }: Context): string | undefined {
  if (side.kind === 'unknown' || side.integration !== integration) return undefined;
  if (side.state === 'reserved') return ip;
  if (side.ptr !== null && side.ptrSeen === null) return ip;
  return side.state === 'active' ? `${ip}\t${side.tag ?? ''}\t${side.ptr ?? ''}` : undefined;
}

test('what is in step at a glance is plainly in step', () => {
  const property = fc.property(looks, ({ sides: { remote, ledger }, context: seen }) => {
    const glance = glanceOf(ledger, seen);
    if (glance === undefined || (remote.kind !== 'used' && remote.kind !== 'free')) return true;
    return !inStepAtAGlance({ ip, remote, glance }, seen) || plainlyInStep(remote, ledger, seen);
  });
  const failing = fc.defaultReportMessage(fc.check(property, { seed, numRuns: 10_000 }));
  expect(failing).toBeUndefined();
});

test.each([
  ['tag and PTR as the ledger has them', row(), used(), true],
  ['an imported address without a tag', row({ tag: null }), used({ tag: null }), true],
  ['no PTR on either side', row({ ptr: null }), used({ ptr: '' }), true],
  ['another tag', row(), used({ tag: `iptally:${installation}:00000000000000ff` }), false],
  ['no tag where there was one', row(), used({ tag: null }), false],
  ['another PTR', row(), used({ ptr: 'new.example.com' }), false],
  ['a PTR that was never read', row({ ptrSeen: null }), used(), false],
  ['one that is reserved', row({ state: 'reserved' }), used(), false],
  ['one the remote has free', row(), { kind: 'free' as const }, false],
])('at a glance, %s: settled %s', (_what, ledger, remote, settled) => {
  const glance = glanceOf(ledger, context) ?? '';
  if (remote.kind !== 'used' && remote.kind !== 'free') throw new Error('no side of an address');
  expect(inStepAtAGlance({ ip, remote, glance }, context)).toBe(settled);
});

test('a glance is of its address, not of one that begins like it', () => {
  expect(glanceIp(`${ip}\t\t`)).toBe(ip);
  expect(glanceIp(ip)).toBe(ip);
  expect(isGlanceOf('192.0.2.10\t\t', ip)).toBe(false);
  expect(isGlanceOf('192.0.2.10', ip)).toBe(false);
  expect(isGlanceOf(`${ip}\t\t`, ip)).toBe(true);
});
