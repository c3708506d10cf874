import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, begin } from '../../../workflows/domain/allocation.ts';
import { check } from '../../domain/support/allocation-scenes.ts';
import { report, seed } from '../../support/seed.ts';

const runs = 1_000_000;

describe('the protocol of one order, against a model', () => {
  test.each([0, 1, 2, 3, 4])('holds over a million scenes (seed + %i)', (more) => {
    const details = check({ begin, advance }, runs, seed + more);
    report('allocation model', { from: seed + more, runs: details.numRuns, failed: details.failed });
    expect(fc.defaultReportMessage(details)).toBeUndefined();
  });
});
