// Node runs TypeScript by itself; jest needs its own pass, because it replaces the module loader.
const ts = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
};

/** A project whose suites use PostgreSQL and Temporal. They keep apart by database and task queue. */
export const withServers = (displayName, testMatch, rest = {}) => ({
  ...ts,
  displayName,
  testMatch,
  globalSetup: '<rootDir>/tests/support/up.ts',
  globalTeardown: '<rootDir>/tests/support/down.ts',
  ...rest,
});

const suites = '{local,contract,activities,ledger,workflows,faults,cli,replay}';

export default {
  // More than cores: suites of workflows mostly wait.
  maxWorkers: 3,
  // So do their tests, side by side.
  maxConcurrency: 16,
  testSequencer: '<rootDir>/tests/support/sequencer.mjs',
  // Not a claim: what hangs is to be seen as that, and a busy machine takes its time.
  testTimeout: 150_000,
  projects: [
    { ...ts, displayName: 'unit', testMatch: ['<rootDir>/tests/{domain,unit}/**/*.test.ts'] },
    withServers('integration', [`<rootDir>/tests/${suites}/**/*.test.ts`], {
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/faults/long/'],
    }),
  ],
};
