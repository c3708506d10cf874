import { describe } from '@jest/globals';
import { claimKilledAtEachStep } from '../support/kill-claims.ts';
import { killCases } from '../support/kill-cases.ts';

/** Ten, unless asked for less on a busy machine. */
const times = Number(process.env['IPTALLY_KILLS'] ?? 10);

describe(`the worker is killed ${times} times at each step of allocation and release`, () => {
  claimKilledAtEachStep({ cases: killCases, times, lanes: 6 });
});
