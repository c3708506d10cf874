import { describe } from '@jest/globals';
import { claimOrdersUnderFaults } from './support/storm-claims.ts';

describe('80 orders, 20 at a time, under every fault, the worker killed three times', () => {
  claimOrdersUnderFaults({ orders: 80, rate: 0.05, kills: 3, killEveryMs: 2_500 });
});
