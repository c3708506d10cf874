/**
 * The order suites begin in: those that wait longest first, so that none of them is what a whole run waits for at its end.
 * jest itself goes by the size of the files, and a suite that kills workers for two minutes is a file of ten lines.
 */
const early = [
  'faults/killed-at-each-step',
  'faults/panels-under-faults',
  'workflows/sync-unclear',
  'cli/sync',
  'cli/services',
  'workflows/sync-live',
  'cli/settings',
  'contract/server-module',
  'cli/demo',
  'faults/',
  'cli/',
  'local/',
  'workflows/',
];

const turnOf = ({ path }) => {
  const at = early.findIndex((part) => path.includes(`/tests/${part}`));
  return at === -1 ? early.length : at;
};

export default class Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => turnOf(one) - turnOf(other) || one.path.localeCompare(other.path));
  }

  allFailedTests(tests) {
    return this.sort(tests);
  }

  shard(tests) {
    return tests;
  }

  cacheResults() {}
}
