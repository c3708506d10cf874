import type { SecretFlags } from '../passwords.ts';
import { usage } from '../errors.ts';
import { gathered } from '../program.ts';
import { certificate, pairs } from './integration-flags.ts';

/** What may be said of a server on the command line. */
export interface ServerFlags extends SecretFlags {
  readonly module?: string;
  readonly url?: string;
  readonly login?: string;
  readonly integration?: string | false;
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly requestTimeout?: string;
  readonly ca?: string | false;
  readonly pin?: string | false;
  readonly allowPlainHttp?: boolean;
  readonly test?: boolean;
}

interface Options {
  option(flags: string, description: string): unknown;
  option(flags: string, description: string, parse: (value: string, before: never) => unknown): unknown;
}

export function withServerFlags(command: Options): void {
  command.option('--url <url>', "address of the server's panel");
  command.option('--login <login>', 'login there');
  command.option('--integration <name>', 'where its services get their addresses from');
  command.option('--set <key=value>', 'a setting of the module; may be repeated', gathered);
  command.option('--request-timeout <duration>', 'longest wait for one answer (default 90s)');
  command.option('--ca <file>', "certificate to trust, PEM: the panel's own or its authority's");
  command.option('--pin <fingerprint>', "SHA-256 fingerprint of the panel's certificate");
  command.option('--allow-plain-http', 'speak to the panel without TLS: the password travels in clear');
  command.option('--token-file <file>', 'file with an API token, for modules that take one');
  command.option('--no-test', 'save without asking the server');
}

/** The flags as the shared schema reads them. */
export function serverInput(flags: ServerFlags): Readonly<Record<string, unknown>> {
  const { url, login, integration, set, unset, requestTimeout, ca, pin, allowPlainHttp } = flags;
  const given = pairs(set ?? [], 'set');
  const away = Object.fromEntries((unset ?? []).map((key) => [key, null]));
  const both = Object.keys(given).find((key) => key in away);
  if (both !== undefined) throw usage(`--set ${both} and --unset ${both} exclude each other`, 'iptally server edit');
  return {
    url,
    login,
    requestTimeout,
    allowPlainHttp,
    integration: integration === false ? null : integration,
    settings: set === undefined && unset === undefined ? undefined : { ...away, ...given },
    ca: ca === false ? null : ca === undefined ? undefined : certificate(ca),
    pin: pin === false ? null : pin,
  };
}
