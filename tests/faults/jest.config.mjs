import { withServers } from '../../jest.config.mjs';

// The long ones, on their own: each kills processes for minutes, so one at a time and with much patience.
export default {
  ...withServers('faults', ['<rootDir>/tests/faults/long/**/*.test.ts']),
  rootDir: '../..',
  maxWorkers: 1,
  testTimeout: 900_000,
};
