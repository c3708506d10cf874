/** Exit statuses of commands (design.md 7): 1 failed, 2 wrong usage or input, 3 refused or needs approval, 4 out of reach. */
export type ExitStatus = 1 | 2 | 3 | 4;

const wrongInput = `usage invalid-input unknown-field workflow-id-mismatch password-missing file-not-readable
  temporal-config-invalid invalid-database-url invalid-metrics-address invalid-log-level deployment-incomplete
  invalid-url url-has-credentials url-not-allowed plain-http-not-allowed no-such-module`;

/** Nothing was done, because a rule or the state of things forbids it. */
const refused = `refused exists in-use same-panel
  order-differs order-in-use order-closed order-superseded
  removing service-removing service-removed tariff-exceeded too-many-addresses
  address-protected address-quarantined address-in-use address-in-conflict address-in-flight address-not-held
  address-not-ours address-not-given not-yours no-conflict ptr-change-running
  other-checksum other-panel not-waiting sync-contended import-running
  nothing-to-keep nothing-to-steer too-late nothing-to-retry set-up-finished`;

/** Something the command needs does not answer, or cannot be used. */
const outOfReach = `no-database no-temporal no-master-key master-key-unusable metrics-address-unusable
  ledger-unreachable ledger-not-migrated ledger-is-newer temporal-unreachable temporal-denied no-such-namespace no-worker
  panel-unreachable panel-no-answer panel-answer-cut panel-status panel-certificate panel-blocks-us`;

const listed = (codes: string, status: ExitStatus) => codes.split(/\s+/).map((code) => [code, status] as const);

const statuses: ReadonlyMap<string, ExitStatus> = new Map([
  ...listed(wrongInput, 2),
  ...listed(refused, 3),
  ...listed(outOfReach, 4),
]);

/** The one map from a failure's code to the exit status of the command that ends with it. */
export function exitStatusOf(code: string): ExitStatus {
  return statuses.get(code) ?? 1;
}
