import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Home, openHome, PROJECT } from '../../worker/local/home.ts';
import { takeHome } from '../../worker/local/home-lock.ts';
import { openPortBook } from '../../worker/local/ports.ts';
import { outsideBase, postmasterPid } from '../../worker/local/postgres-place.ts';
import { type Postgres, startPostgres } from '../../worker/local/postgres.ts';
import { commandLine, endProcess, readRecord, stillRuns } from '../../worker/local/processes.ts';
import { suiteNamespaces } from './namespaces.ts';
import { findTemporal } from '../../worker/local/temporal-binary.ts';
import { startTemporal, type Temporal } from '../../worker/local/temporal.ts';

const PREFIX = 'iptally-tests-';
const WORKFLOWS = join(PROJECT, 'workflows', 'index.ts');

/** A throw-away home in the temporary folder, which PostgreSQL's user can walk into also when we are root. */
export function temporaryHome(): string {
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(path, 0o711);
  return path;
}

/** Starts what the suites share and publishes it by `process.env`, which jest hands to its workers. */
export async function startServers(): Promise<void> {
  await removeLeftovers();
  const home = openHome(temporaryHome());
  // The lock tells the next run whether this one still lives: a killed run leaves its servers behind.
  await takeHome(home);
  const ports = openPortBook(home.ports);
  const bundle = join(home.path, 'workflows.js');
  const say = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  const [postgres, temporal, bundled] = await Promise.all([
    startPostgres({ home, ports, note: () => {}, volatile: true }),
    findTemporal({ progress: say }).then((binary) =>
      startTemporal({ home, ports, binary, inMemory: true, alsoNamespaces: suiteNamespaces }),
    ),
    bundleWorkflows(bundle),
  ]);
  publish({ home, postgres, temporal });
  process.env['IPTALLY_TEST_WORKFLOW_BUNDLE'] = bundled === undefined ? bundle : '';
  process.env['IPTALLY_TEST_WORKFLOW_BUNDLE_ERROR'] = bundled ?? '';
}

function publish(servers: { readonly home: Home; readonly postgres: Postgres; readonly temporal: Temporal }): void {
  Object.assign(process.env, {
    IPTALLY_TEST_HOME: servers.home.path,
    IPTALLY_TEST_DATABASE_URL: servers.postgres.migrationUrl,
    IPTALLY_TEST_APPLICATION_URL: servers.postgres.applicationUrl,
    IPTALLY_TEST_TEMPORAL_ADDRESS: servers.temporal.address,
  });
}

/** Stops them and removes their home. */
export async function stopServers(): Promise<void> {
  const path = process.env['IPTALLY_TEST_HOME'];
  if (path !== undefined) await removeHome(path);
}

/** What a suite needs to know about them. */
export interface TestServers {
  readonly databaseUrl: string;
  readonly applicationUrl: string;
  readonly temporalAddress: string;
  /** The file with all workflows, for `workflowBundle: { codePath }`; throws when they did not bundle. */
  readonly workflowBundle: string;
}

/** The addresses published by the global set-up. */
export function testServers(): TestServers {
  const read = (name: string): string => {
    const value = process.env[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set: run this suite by "npm test"`);
    return value;
  };
  return {
    databaseUrl: read('IPTALLY_TEST_DATABASE_URL'),
    applicationUrl: read('IPTALLY_TEST_APPLICATION_URL'),
    temporalAddress: read('IPTALLY_TEST_TEMPORAL_ADDRESS'),
    get workflowBundle() {
      const error = process.env['IPTALLY_TEST_WORKFLOW_BUNDLE_ERROR'];
      if (error !== undefined && error !== '') throw new Error(`the workflows do not bundle: ${error}`);
      return read('IPTALLY_TEST_WORKFLOW_BUNDLE');
    },
  };
}

/** Bundles all workflows into one file; answers why it could not, so that suites without workflows still run. */
async function bundleWorkflows(into: string): Promise<string | undefined> {
  if (!existsSync(WORKFLOWS)) return 'there is no workflows/index.ts';
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  try {
    const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: new DefaultLogger('ERROR') });
    writeFileSync(into, code);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Ends what a killed run left behind and removes its home. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const owner = readRecord(join(path, 'lock'));
    // Without a lock it may be a run that is just starting: left alone.
    if (owner !== undefined && !stillRuns(owner)) await removeHome(path);
  }
}

/** Ends the servers of a throw-away home and removes it. */
export async function removeHome(path: string): Promise<void> {
  const base = existsSync(join(path, 'postgres', 'data')) ? join(path, 'postgres') : outsideBase(path);
  const postgres = postmasterPid(join(base, 'data'));
  if (postgres !== undefined && commandLine(postgres).includes(base)) {
    await endProcess(postgres, { signal: 'SIGINT', graceMs: 5_000 });
  }
  const temporal = readRecord(join(path, 'temporal', 'pid.json'));
  // In memory there is nothing to lose, and an orderly end takes a second.
  if (temporal !== undefined && stillRuns(temporal))
    await endProcess(temporal.pid, { signal: 'SIGKILL', graceMs: 2_000 });
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  if (base === outsideBase(path)) rmSync(base, { recursive: true, force: true });
}
