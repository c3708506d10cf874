import { describe } from '@jest/globals';
import { claimOrdersUnderFaults } from '../support/storm-claims.ts';

describe('2,000 orders, 20 at a time, under every fault, the worker killed twenty times', () => {
  claimOrdersUnderFaults({ orders: 2_000, rate: 0.05, kills: 20, killEveryMs: 12_000 });
});
