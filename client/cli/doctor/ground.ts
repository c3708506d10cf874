import { type Config, requireDatabase, requireTemporal } from '../../../worker/config.ts';
import { checkDatabase, type DatabaseCheck } from '../../../worker/database-check.ts';
import { parseDatabaseUrl } from '../../../worker/database-url.ts';
import { deploymentIn } from '../../../worker/deployment.ts';
import { readStack } from '../../../worker/local/stack-file.ts';
import { taskQueue } from '../../../workflows/contract.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { idleVersions } from '../../deployments.ts';
import { missingSearchAttributes } from '../../search-attributes.ts';
import type { Place } from '../../with-connection.ts';
import type { Session } from '../session.ts';
import { type Check, failed, ok, warn } from './check.ts';

/** What iptally stands on: Node, its home, PostgreSQL, Temporal. */
export function checkNode(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 24) return ok('node', process.version);
  return {
    name: 'node',
    state: 'fail',
    detail: `${process.version} is too old`,
    next: 'install Node 24, or run npm ci',
  };
}

export function checkHome({ home }: Config): Check {
  const stack = readStack(home);
  if (stack === undefined) return ok('home', `${home}: no stack runs here`);
  return ok('home', `${home}: a stack runs, process ${stack.pid}`);
}

export async function checkTables(config: Config): Promise<readonly Check[]> {
  let url: string;
  try {
    url = requireDatabase(config);
  } catch (error) {
    return [failed('database', error)];
  }
  let found: DatabaseCheck;
  try {
    found = await checkDatabase(url);
  } catch {
    return [failed('database', noAnswer(url))];
  }
  const { server, role, missing, mayChangeTables } = found;
  return [
    ok('database', `PostgreSQL ${server}, role ${role}`),
    missing.length === 0
      ? ok('migrations', 'every table and column of this version is there')
      : {
          name: 'migrations',
          state: 'fail',
          detail: `${missing.length} columns are not there or not granted, like ${missing.slice(0, 3).join(', ')}`,
          next: 'run "iptally migrate" with IPTALLY_MIGRATION_DATABASE_URL',
        },
    mayChangeTables
      ? warn(
          'rights',
          `the role ${role} may make tables`,
          'use a role of its own for the application: "iptally migrate" with IPTALLY_MIGRATION_DATABASE_URL grants its rights',
        )
      : ok('rights', `the role ${role} may not change tables`),
  ];
}

function noAnswer(url: string): IptallyError {
  const { host, database } = parseDatabaseUrl('DATABASE_URL', url);
  return new IptallyError({
    code: 'ledger-unreachable',
    message: `PostgreSQL at ${host}/${database} does not answer, or refuses the login`,
    next: 'see that it runs and that DATABASE_URL is right, or start the stack with "iptally up"',
  });
}

export async function checkTemporal(session: Session): Promise<readonly Check[]> {
  const { namespace, temporalOptions: connectionOptions } = session.config;
  try {
    const address = requireTemporal(session.config);
    const missing = await missingSearchAttributes({ address, namespace, connectionOptions });
    const workers = await (await session.client()).workers();
    return [
      ok('temporal', `${address}, namespace ${namespace}`),
      missing.length === 0
        ? ok('search attributes', 'all registered')
        : {
            name: 'search attributes',
            state: 'fail',
            detail: `missing: ${missing.join(', ')}`,
            next: 'run "iptally migrate"',
          },
      workers.length > 0
        ? ok('workers', `${workers.length} on ${taskQueue}: ${workers.join(', ')}`)
        : {
            name: 'workers',
            state: 'fail',
            detail: `none polls ${taskQueue}: everything waits`,
            next: 'start one with "iptally worker"',
          },
      ...(await checkVersions({ address, namespace, connectionOptions })),
    ];
  } catch (error) {
    return [failed('temporal', error)];
  }
}

/** A versioned worker polls, and gets nothing, until its version is made current. */
async function checkVersions(place: Place): Promise<readonly Check[]> {
  try {
    const idle = await idleVersions(place, deploymentIn(process.env));
    return idle.map(({ message, next }) => warn('deployment', message, next));
  } catch (error) {
    return [failed('deployment', error)];
  }
}
