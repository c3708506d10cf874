import { loadClientConfigProfile } from '@temporalio/envconfig';
import { IptallyError } from '../iptally-error.ts';

/** A Temporal that is run elsewhere; then no local server is started at all. */
export interface ExternalTemporal {
  readonly address: string;
  readonly namespace: string;
}

/**
 * The Temporal named by `TEMPORAL_ADDRESS` or by Temporal's own configuration file. A profile without an address names
 * none: what else it holds (a key, a certificate) must not reach the local server.
 */
export function externalTemporal(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ExternalTemporal | undefined {
  try {
    const { address, namespace } = loadClientConfigProfile({ overrideEnvVars: definedOnly(env) });
    return address === undefined || address === '' ? undefined : { address, namespace: namespace ?? 'iptally' };
  } catch {
    // The library's words may quote the file, which may hold an API key (I11).
    throw new IptallyError({
      code: 'temporal-config-invalid',
      message: "Temporal's own configuration cannot be read.",
      field: 'TEMPORAL_CONFIG_FILE',
      value: env['TEMPORAL_CONFIG_FILE'] ?? 'temporalio/temporal.toml',
      accepted: 'a TOML file with the profile that TEMPORAL_PROFILE names',
      next: 'Mend the file or TEMPORAL_PROFILE, or set TEMPORAL_ADDRESS and TEMPORAL_CONFIG_FILE=/dev/null.',
      exitStatus: 2,
    });
  }
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
}

/**
 * An environment without another Temporal's settings: a key or a certificate meant for that would make a client speak
 * TLS to the local server, and a broken configuration file would stop its command line tool.
 */
export function withoutTemporal(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const others = Object.entries(definedOnly(env)).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(others), TEMPORAL_CONFIG_FILE: '/dev/null' };
}
