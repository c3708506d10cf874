import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  changesOf,
  draftRow,
  type PlanRow,
  type Policy,
  rowText,
  type SidesNow,
  whatChanged,
} from '../../workflows/domain/plan.ts';
import { judge } from '../../workflows/domain/judge.ts';
import { planOf } from '../../workflows/domain/planning.ts';
import { seed } from '../support/seed.ts';
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

  const here = { state: 'active', version: 3 } as const;

  test.each<[string, SidesNow['remote'], SidesNow['ledger'], RegExp | undefined]>([
    ['nothing changed', there, here, undefined],
    ['only letters of the PTR', { ...there, ptr: 'WWW.example.com.' }, here, undefined],
    ['the ledger', there, { state: 'releasing', version: 4 }, /its row here changed meanwhile; it is releasing/],
    ['the row is gone', there, null, /no row/],
    ['the tag', { ...there, tag: otherTag }, here, /tag .* is another/],
    ['the tag is gone', { ...there, tag: null }, here, /tag .* is another/],
    ['the group', { ...there, group: 'alias' }, here, /group .* is alias/],
    ['the PTR', { ...there, ptr: 'x.example.com' }, here, /PTR .* reads x\.example\.com/],
    ['the PTR is gone', { ...there, ptr: '' }, here, /PTR .* reads nothing/],
    ['not held any more', null, here, /not held/],
    ['its quarantine ended meanwhile', there, { state: 'released', version: 3 }, undefined],
  ])('is still as planned, or not: %s', (_, remote, ledger, why) => {
    const words = whatChanged(planned, { remote, ledger });
    expect(words).toEqual(why === undefined ? undefined : expect.stringMatching(why));
  });

  test('planned as free: free is as planned, held is not', () => {
    const missing: PlanRow = { ...planned, remote: null };
    expect(whatChanged(missing, { remote: null, ledger: here })).toBeUndefined();
    expect(whatChanged(missing, { remote: there, ledger: here })).toMatch(/held in IPmanager again/);
  });

  test('planned as unknown here: none and one that is only history are as planned, any other is not', () => {
    const stray: PlanRow = { ...planned, version: null };
    expect(whatChanged(stray, { remote: there, ledger: null })).toBeUndefined();
    expect(whatChanged(stray, { remote: there, ledger: { state: 'released', version: 8 } })).toBeUndefined();
    expect(whatChanged(stray, { remote: there, ledger: { state: 'reserved', version: 1 } })).toMatch(/reserved now/);
  });
});

describe('two lists become a plan', () => {
  const stray = { ip: '192.0.2.1', remote: used({ tag: null }), ledger: unknown };
  const inStep = { ip: '192.0.2.2', remote: used(), ledger: row() };
  const missing = { ip: '192.0.2.3', remote: free, ledger: row() };

  test('of what asks for something, in the order of the lists, under the policy', () => {
    const actions = (policy: Policy) => {
      const plan = planOf([stray, inStep, missing], { context: context(), policy });
      return 'rows' in plan && plan.rows.map(({ ip, action }) => [ip, action]);
    };
    expect(actions('all')).toEqual([
      ['192.0.2.1', 'release'],
      ['192.0.2.3', 'occupy'],
    ]);
    expect(actions('owned')).toEqual([
      ['192.0.2.1', 'report'],
      ['192.0.2.3', 'occupy'],
    ]);
  });

  test.each(['malformed', 'duplicate-row'] as const)('I12: one row that is %s refuses them as a whole', (kind) => {
    const odd = { ip: 'x', remote: { kind, text: 'x' }, ledger: unknown };
    const plan = planOf([stray, odd, missing], { context: context(), policy: 'all' });
    expect(plan).toEqual({ refused: { code: kind, message: expect.any(String) } });
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

test('every planned action counts as a change, but for a report', () => {
  expect(changesOf({ release: 2, report: 1, tag: 1 })).toBe(3);
  expect(changesOf({ report: 7 })).toBe(0);
  expect(changesOf({})).toBe(0);
});
