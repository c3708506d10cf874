import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseDatabaseUrl } from './database-url.ts';
import { IptallyError } from './iptally-error.ts';
import { homePath } from './local/home.ts';
import { readStack } from './local/stack-file.ts';

/** Where things are: flag → environment → live `stack.json` → default (design.md 8). */
export interface Config {
  /** Application role. Nothing when neither flag, environment nor a live stack names one. */
  readonly databaseUrl: string | undefined;
  readonly migrationUrl: string | undefined;
  readonly temporalAddress: string | undefined;
  readonly namespace: string;
  /** TLS, API key and headers of Temporal's own configuration; never those of another server. */
  readonly temporalOptions: TemporalOptions;
  readonly webUi: string | undefined;
  readonly masterKeyFile: string | undefined;
  readonly home: string;
}

export interface TemporalOptions {
  readonly tls?: NonNullable<ConnectionOptions['tls']>;
  readonly apiKey?: string;
  readonly metadata?: NonNullable<ConnectionOptions['metadata']>;
}

/** What a command line may say; the rest comes from the environment and from the stack that runs. */
export interface ConfigFlags {
  readonly databaseUrl?: string | undefined;
  readonly temporalAddress?: string | undefined;
  readonly namespace?: string | undefined;
  readonly masterKeyFile?: string | undefined;
  readonly home?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultNamespace = 'iptally';

export function readConfig(flags: ConfigFlags = {}, env: Environment = process.env): Config {
  const home = flags.home === undefined ? homePath(env) : resolve(flags.home);
  const stack = readStack(home);
  const named = given(flags.databaseUrl) ?? given(env['DATABASE_URL']);
  return {
    home,
    databaseUrl: named ?? stack?.databaseUrl,
    migrationUrl: given(env['IPTALLY_MIGRATION_DATABASE_URL']),
    // The key of a home opens what that home's database holds; another database has been sealed with another key.
    masterKeyFile:
      given(flags.masterKeyFile) ??
      given(env['IPTALLY_MASTER_KEY_FILE']) ??
      (named === undefined && stack !== undefined ? join(home, 'master.key') : undefined),
    ...temporalOf(flags, env, stack),
  };
}

interface KnownTemporal {
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly webUi?: string | null | undefined;
}

function temporalOf(
  flags: ConfigFlags,
  env: Environment,
  stack: KnownTemporal | undefined,
): Pick<Config, 'temporalAddress' | 'namespace' | 'temporalOptions' | 'webUi'> {
  const own = temporalsOwn(env);
  const named = given(flags.temporalAddress) ?? own.address;
  const address = named ?? stack?.temporalAddress;
  // The namespace and the Web UI of the stack belong to the stack's server alone.
  const same = stack !== undefined && stack.temporalAddress === address ? stack : undefined;
  const webUi = given(env['IPTALLY_WEB_UI']) ?? same?.webUi ?? undefined;
  return {
    temporalAddress: address,
    namespace: given(flags.namespace) ?? own.namespace ?? same?.namespace ?? defaultNamespace,
    // A key goes to the server it stands beside, and to no other: a flag may name one (I11).
    temporalOptions: named !== undefined && named === (own.address ?? named) ? own.options : {},
    webUi,
  };
}

/** Temporal's own environment variables and configuration file. */
function temporalsOwn(env: Environment): {
  readonly address: string | undefined;
  readonly namespace: string | undefined;
  readonly options: TemporalOptions;
} {
  try {
    const disableFile = namesEmptyFile(env['TEMPORAL_CONFIG_FILE']);
    const { namespace, connectionOptions } = loadClientConnectConfig({ overrideEnvVars: set(env), disableFile });
    const { address, apiKey, tls, metadata } = connectionOptions;
    return {
      address: given(address),
      namespace: given(namespace),
      options: {
        ...(typeof apiKey === 'string' ? { apiKey } : {}),
        ...(tls === undefined || tls === null ? {} : { tls }),
        ...(metadata === undefined ? {} : { metadata }),
      },
    };
  } catch {
    // The library quotes the file, which may hold an API key (I11).
    throw new IptallyError({
      code: 'temporal-config-invalid',
      message: "Temporal's own configuration cannot be read",
      field: 'TEMPORAL_CONFIG_FILE',
      value: env['TEMPORAL_CONFIG_FILE'] ?? 'temporalio/temporal.toml',
      accepted: 'a TOML file with the profile that TEMPORAL_PROFILE names',
      next: 'mend the file or TEMPORAL_PROFILE, or set TEMPORAL_ADDRESS and TEMPORAL_CONFIG_FILE=/dev/null',
      exitStatus: 2,
    });
  }
}

/** The library breaks on a file without a profile; /dev/null is the usual way to say "none". */
function namesEmptyFile(path: string | undefined): boolean {
  if (path === undefined || path === '') return false;
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (!found.isFile() || found.size === 0);
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function set(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** Throws `invalid-database-url` where it cannot be read as one: here, before a driver says so with the password in it. */
export function requireDatabase(config: Config): string {
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) {
    parseDatabaseUrl('DATABASE_URL', databaseUrl);
    return databaseUrl;
  }
  throw new IptallyError({
    code: 'no-database',
    message: `no database is known: neither DATABASE_URL is set nor does a stack run in ${config.home}`,
    field: 'DATABASE_URL',
    accepted: 'a PostgreSQL URL like postgres://user:password@host:5432/iptally',
    next: 'start the stack of this machine with "iptally up", or set DATABASE_URL',
    exitStatus: 4,
  });
}

export function requireTemporal(config: Config): string {
  if (config.temporalAddress !== undefined) return config.temporalAddress;
  throw new IptallyError({
    code: 'no-temporal',
    message: `no Temporal is known: neither TEMPORAL_ADDRESS is set nor does a stack run in ${config.home}`,
    field: 'TEMPORAL_ADDRESS',
    accepted: 'host:port of a Temporal frontend, like 127.0.0.1:7233',
    next: 'start the stack of this machine with "iptally up", or set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE)',
    exitStatus: 4,
  });
}

/** The file with the key that stored passwords are sealed with. */
export function requireMasterKey(config: Config): string {
  const { masterKeyFile } = config;
  if (masterKeyFile !== undefined && existsSync(masterKeyFile)) return masterKeyFile;
  throw new IptallyError({
    code: 'no-master-key',
    message:
      masterKeyFile === undefined
        ? 'no master key is known: IPTALLY_MASTER_KEY_FILE is not set'
        : `the master key file ${masterKeyFile} is not there`,
    field: 'IPTALLY_MASTER_KEY_FILE',
    ...(masterKeyFile === undefined ? {} : { value: masterKeyFile }),
    accepted: 'a file with 32 random bytes in base64, readable by this user',
    next:
      'start the stack of this machine with "iptally up", which makes one, or set IPTALLY_MASTER_KEY_FILE ' +
      '(a new one: openssl rand -base64 32)',
    exitStatus: 4,
  });
}
