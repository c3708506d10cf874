import { describe } from '@jest/globals';
import { claimKilledAtEachStep } from './support/kill-claims.ts';
import { shortKillCases } from './support/kill-cases.ts';

describe('the worker is killed once behind each step of allocation and release', () => {
  claimKilledAtEachStep({ cases: shortKillCases, times: 1, lanes: 8 });
});
