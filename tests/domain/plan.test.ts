import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  changesOf,
  countRows,
  draftRow,
  inPlanOrder,
  type PlanRow,
  rowText,
  stillAsPlanned,
  whatChanged,
  withRow,
} from '../../workflows/domain/plan.ts';
import { judge } from '../../workflows/domain/judge.ts';
import { randomOf, seed } from '../support/seed.ts';
import { context, facts, free, ourTag, otherTag, row, unknown, used } from './support/sync-sides.ts';

const planned: PlanRow = {
  ip: '192.0.2.1',
  discrepancy: 'ptr-drift',
  action: 'write-ptr',
  reason: 'the PTR differs',
  remote: { tag: ourTag, group: 'public', ptr: 'www.example.com' },
  version: 3,
};
const there = planned.remote;
if (there === null) throw new Error('held');

describe('a plan row', () => {
  test('holds what both sides looked like', () => {
    const sides = { remote: used({ ptr: 'old.example.com' }), ledger: row({ ptrSeen: 'old.example.com' }) };
    expect(draftRow('192.0.2.1', sides, judge(sides, facts(), context()))).toEqual({
      ip: '192.0.2.1',
      discrepancy: 'ptr-drift',
      action: 'write-ptr',
      reason: 'PTR there old.example.com, here www.example.com, last read old.example.com: ours was never written',
      policyAction: null,
      remote: { tag: ourTag, group: 'public', ptr: 'old.example.com' },
      version: 3,
    });
  });

  test('is none where there is nothing to do, and has no version where there is no row', () => {
    const inStep = { remote: used(), ledger: row() };
    expect(draftRow('192.0.2.1', inStep, judge(inStep, facts(), context()))).toBeUndefined();
    const missing = { remote: free, ledger: row() };
    expect(draftRow('192.0.2.1', missing, judge(missing, facts(), context()))?.remote).toBeNull();
    const orphan = { remote: used({ tag: otherTag }), ledger: unknown };
    const judged = judge(orphan, facts({ tagOf: 'closed-order' }), context());
    expect(draftRow('192.0.2.1', orphan, judged)).toMatchObject({ version: null, action: 'release' });
  });

  test.each<[string, PlanRow['remote'], number | null, RegExp | null]>([
    ['nothing changed', there, 3, null],
    ['only letters of the PTR', { ...there, ptr: 'WWW.example.com.' }, 3, null],
    ['the ledger', there, 4, /ledger/],
    ['the row is gone', there, null, /ledger/],
    ['the tag', { ...there, tag: otherTag }, 3, /tag .*0002, not .*0001/],
    ['the tag is gone', { ...there, tag: null }, 3, /tag there is gone/],
    ['the group', { ...there, group: 'alias' }, 3, /alias, not public/],
    ['the PTR', { ...there, ptr: 'x.example.com' }, 3, /x\.example\.com, not www/],
    ['the PTR is gone', { ...there, ptr: '' }, 3, /PTR there is gone/],
    ['not held any more', null, 3, /not held/],
  ])('is still as planned, or not: %s', (_, remoteNow, version, why) => {
    expect(stillAsPlanned(planned, remoteNow, version)).toBe(why === null);
    const words = whatChanged(planned, remoteNow, version);
    if (why === null) expect(words).toBeNull();
    else expect(words).toMatch(why);
  });

  test('planned as free: free is as planned, held is not', () => {
    const missing: PlanRow = { ...planned, remote: null };
    expect(stillAsPlanned(missing, null, 3)).toBe(true);
    expect(whatChanged(missing, there, 3)).toMatch(/held there now/);
  });
});

describe('the checksum', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 12 });
  const remotes = fc.option(fc.record({ tag: fc.option(texts), group: texts, ptr: texts }));
  const rows: fc.Arbitrary<PlanRow> = fc.record({
    ip: texts,
    discrepancy: fc.constantFrom('orphan' as const, 'missing' as const),
    action: fc.constantFrom('release' as const, 'occupy' as const),
    reason: texts,
    remote: remotes,
    version: fc.option(fc.nat()),
  });

  test('rows of different texts differ, and no text runs into the next', () => {
    const property = fc.property(fc.array(rows, { maxLength: 4 }), fc.array(rows, { maxLength: 4 }), (one, other) => {
      const [left, right] = [one, other].map((list) => list.map(rowText).join(''));
      return (left === right) === (JSON.stringify(one) === JSON.stringify(other));
    });
    expect(fc.defaultReportMessage(fc.check(property, { seed, numRuns: 5_000 }))).toBeUndefined();
  });

  test('the text of a row is for ever: a plan approved before an upgrade is approved after it', () => {
    const text =
      '["192.0.2.1","ptr-drift","write-ptr","the PTR differs",["iptally:aaaaaaaaaaaa:0000000000000001","public","www.example.com"],3]\n';
    expect(rowText(planned)).toBe(text);
    expect(rowText({ ...planned, remote: null, version: null })).toBe(
      '["192.0.2.1","ptr-drift","write-ptr","the PTR differs",null,null]\n',
    );
    expect(createHash('sha256').update(rowText(planned)).digest('hex')).toHaveLength(64);
  });

  test.each<[string, Partial<PlanRow>]>([
    ['ip', { ip: '192.0.2.2' }],
    ['discrepancy', { discrepancy: 'missing' }],
    ['action', { action: 'adopt-ptr' }],
    ['reason', { reason: 'another' }],
    ['remote', { remote: { ...there, ptr: '' } }],
    ['version', { version: 4 }],
  ])('another %s is another text', (_, but) => {
    expect(rowText({ ...planned, ...but })).not.toBe(rowText(planned));
  });
});

describe('counts and order', () => {
  const rows = (['release', 'report', 'release', 'tag'] as const).map((action) => ({ action }));

  test('every planned action counts, and a report changes nothing', () => {
    expect(countRows(rows)).toEqual({ release: 2, report: 1, tag: 1 });
    expect(rows.reduce(withRow, {})).toEqual(countRows(rows));
    expect(changesOf(countRows(rows))).toBe(3);
    expect(changesOf({ report: 7 })).toBe(0);
    expect(changesOf({})).toBe(0);
  });

  test('addresses in their order, what is none of them last', () => {
    const ordered = ['9.0.0.1', '10.0.0.1', '10.0.0.10', '2001:db8::2', '2001:db8::10', '10.0.0.0/24', '9.0.0.0/24'];
    const random = randomOf(seed);
    for (let n = 0; n < 20; n += 1) {
      const mixed = ordered.map((ip) => ({ ip, at: random() })).toSorted((one, other) => one.at - other.at);
      expect(mixed.toSorted(inPlanOrder).map(({ ip }) => ip)).toEqual(ordered);
    }
  });
});
