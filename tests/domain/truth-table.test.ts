import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { judge, matches, needsFacts, plainlyInStep } from '../../workflows/domain/judge.ts';
import { sighting } from '../../workflows/domain/sighting.ts';
import type { TruthRow } from '../../workflows/domain/truth-row.ts';
import { truthTable } from '../../workflows/domain/truth-table.ts';
import type { TruthCase } from './support/truth-case.ts';
import { boundCases } from './support/truth-cases-bound.ts';
import { restCases } from './support/truth-cases-rest.ts';
import { truthTableMarkdown } from './support/truth-table-markdown.ts';

const cases = { ...restCases, ...boundCases };
const keyOf = (row: TruthRow): string => `${row.remote} | ${row.ledger} | ${row.and ?? ''}`.trimEnd();
const rows = truthTable.map((row) => [keyOf(row), row] as const);
const all = Object.values(cases).flat();

const seenIn = ({ sides: [remote, ledger], facts, context }: TruthCase) => sighting({ remote, ledger }, facts, context);

/** What a table without judge's own code answers. */
const firstOf = (table: readonly TruthRow[], one: TruthCase): TruthRow | undefined =>
  table.find((row) => matches(row, seenIn(one)));

describe('the truth table', () => {
  test('each of its rows has cases, and each case a row', () => {
    expect(Object.keys(cases).toSorted()).toEqual(rows.map(([key]) => key).toSorted());
    expect(new Set(rows.map(([key]) => key)).size).toBe(truthTable.length);
  });

  describe.each(rows)('%s', (key, row) => {
    test.each((cases[key] ?? []).map((one) => [one.when, one] as const))('%s', (_, one) => {
      const [remote, ledger] = one.sides;
      const judged = judge({ remote, ledger }, one.facts, one.context);
      const [discrepancy, action, policyAction = null] = one.is;
      expect(judged).toMatchObject({ discrepancy, action, policyAction });
      expect(firstOf(truthTable, one)).toBe(row);
      expect(judged.refusesRun).toBe(remote.kind === 'malformed' || remote.kind === 'duplicate-row');
      expect(judged.reason).not.toMatch(/undefined|null|NaN|\[object/);
      expect(judged.reason.length).toBeGreaterThan(3);
    });
  });

  test.each(rows)('a case turns red without the row %s, and when its condition is turned round', (_, row) => {
    const turned = (table: readonly TruthRow[]): boolean =>
      all.some((one) => {
        const now = firstOf(table, one);
        return now?.discrepancy !== one.is[0] || now.action !== firstOf(truthTable, one)?.action;
      });
    expect(turned(truthTable.filter((one) => one !== row))).toBe(true);
    const other: TruthRow = { ...row, when: (seen) => !(row.when?.(seen) ?? true) };
    expect(turned(truthTable.map((one) => (one === row ? other : one)))).toBe(true);
  });

  test('a row whose condition always holds turns a case red, but where none follows it', () => {
    const loosened = truthTable.filter((row) => row.when !== undefined);
    for (const row of loosened) {
      const loose = truthTable.map((one) => (one === row ? { ...row, when: () => true } : one));
      const red = all.some(
        (one) => firstOf(loose, one) !== firstOf(truthTable, one) && firstOf(loose, one)?.discrepancy !== one.is[0],
      );
      expect([keyOf(row), red]).toEqual([keyOf(row), true]);
    }
  });

  test('the docs show this very table', () => {
    const docs = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
    const section = docs.split(/^## /m).find((part) => part.startsWith('The truth table\n'));
    expect(section).toContain(`\n${truthTableMarkdown()}`);
  });
});

describe('the hot path', () => {
  test('what is plainly in step has nothing to do in any case of the table', () => {
    const plain = all.filter(({ sides: [remote, ledger], context }) => plainlyInStep(remote, ledger, context));
    expect(plain.length).toBeGreaterThan(10);
    for (const one of plain) expect([one.when, one.facts.openConflict ? null : one.is[1]]).toEqual([one.when, null]);
  });

  test('an address in step is seen to be so without a question', () => {
    const inStep = (cases['used | active/reserved | else'] ?? []).find(({ when }) => when === 'in step');
    const [remote, ledger] = inStep?.sides ?? [];
    if (inStep === undefined || remote === undefined || ledger === undefined) throw new Error('no such case');
    expect(plainlyInStep(remote, ledger, inStep.context)).toBe(true);
    expect(needsFacts({ remote, ledger }, inStep.context)).toBe(false);
  });
});
