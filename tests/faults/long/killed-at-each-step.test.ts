import { describe } from '@jest/globals';
import { claimKilledAtEachStep } from '../support/kill-claims.ts';
import { killCases } from '../support/kill-cases.ts';

describe('the worker is killed ten times at each step of allocation and release', () => {
  claimKilledAtEachStep({ cases: killCases, times: 10, lanes: 6 });
});
