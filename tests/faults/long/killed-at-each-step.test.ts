import { describe } from '@jest/globals';
import { claimKilledAtEachStep } from '../support/kill-claims.ts';

describe('the worker is killed at each step of allocation and release, ten times', () => {
  claimKilledAtEachStep(10, 24);
});
