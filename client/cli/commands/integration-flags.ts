import { readFileSync } from 'node:fs';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { errorCode } from '../../../worker/local/values.ts';
import type { SecretFlags } from '../passwords.ts';
import { decimal, gathered, numeric } from '../program.ts';

/** What may be said of an integration on the command line, for `add` and `edit` alike. */
export interface IntegrationFlags extends SecretFlags {
  readonly url?: string;
  readonly login?: string;
  readonly adminLogin?: string | false;
  readonly ignoreGroup?: readonly string[];
  readonly ignoreGroups?: boolean;
  readonly policy?: string;
  readonly timeZone?: string;
  readonly coolDown?: string;
  readonly quarantine?: string;
  readonly requestTimeout?: string;
  readonly fence?: string;
  readonly maxAttempts?: number | string;
  readonly maxConflicts?: number | string;
  readonly onConflict?: string;
  readonly confirmSightings?: number | string;
  readonly releaseLimit?: number | string;
  readonly tagImported?: boolean;
  readonly shrinkRows?: number | string;
  readonly shrinkPercent?: number | string;
  readonly askRows?: number | string;
  readonly askPercent?: number | string;
  readonly ca?: string | false;
  readonly pin?: string | false;
  readonly allowPlainHttp?: boolean;
  readonly dialect?: readonly string[];
  readonly test?: boolean;
}

/** As far as commander's command is needed here. */
interface Options {
  option(flags: string, description: string): unknown;
  option(flags: string, description: string, parse: (value: string, before: never) => unknown): unknown;
}

export function withIntegrationFlags(command: Options): void {
  command.option('--url <url>', 'address of the panel, like https://panel.example.com:1500/ipmgr');
  command.option('--login <login>', 'user login: its account exists for billing alone');
  command.option(
    '--admin-login <login>',
    'administrator login, for the sync only: it has rights over addresses of everybody (the policy is then owned)',
  );
  command.option(
    '--ignore-group <group>',
    'address group the sync leaves alone; may be repeated; edit adds it to those ignored before',
    gathered,
  );
  command.option('--policy <policy>', 'what the sync may release: observe, owned or all');
  command.option('--time-zone <zone>', "where 03:15 is, like Europe/Berlin (default: this host's)");
  command.option('--cool-down <duration>', 'wait before an address goes back (default 0)');
  command.option('--quarantine <duration>', 'how long nobody else gets it afterwards (default 24h)');
  command.option('--request-timeout <duration>', 'longest wait for one answer of the panel (default 90s)');
  command.option('--fence <duration>', 'after it no sent call can have an effect (default: twice the request timeout)');
  command.option('--max-attempts <n>', 'requests one order may send (default 6)', numeric);
  command.option('--max-conflicts <n>', 'addresses one order may mark (default 10)', numeric);
  command.option('--on-conflict <what>', 'mark: a person resolves it; heal: when the server confirms (default mark)');
  withSyncFlags(command);
  command.option('--ca <file>', "certificate to trust, PEM: the panel's own or its authority's");
  command.option('--pin <fingerprint>', "SHA-256 fingerprint of the panel's certificate");
  command.option('--allow-plain-http', 'speak to the panel without TLS: the password travels in clear');
  command.option(
    '--dialect <key=value>',
    'set a name of the protocol by hand: releaseFunction, tagInAllocation, format',
    gathered,
  );
  command.option('--no-test', 'save without asking the panel');
  withSecretFlags(command);
  command.option('--admin-password-file <file>', "file with the administrator's password");
}

/** What decides over the nightly sync (design.md 5). */
function withSyncFlags(command: Options): void {
  command.option(
    '--confirm-sightings <n>',
    'nights a release must have been due before it is made (default 1)',
    numeric,
  );
  command.option(
    '--release-limit <n>',
    'most releases of one sync; the rest waits for the next (default 100)',
    numeric,
  );
  command.option('--tag-imported', 'let the sync tag addresses that were imported: one call for each (default no)');
  command.option(
    '--shrink-rows <n>',
    'a list that fell by more than this or the percentage is refused (default 10)',
    numeric,
  );
  command.option('--shrink-percent <n>', 'the same, in percent of the last good sync (default 5)', decimal);
  command.option(
    '--ask-rows <n>',
    'more changes of one kind than this or the percentage need approval (default 10)',
    numeric,
  );
  command.option('--ask-percent <n>', 'the same, in percent of the ledger (default 1)', decimal);
}

export function withSecretFlags(command: Options): void {
  command.option(
    '--password-stdin',
    "read the password from stdin (with --admin-login the administrator's from the second line)",
  );
  command.option('--password-file <file>', 'file with the password');
}

/** Ways to take a value away, for `edit`. */
export function withRemovalFlags(command: Options): void {
  command.option('--no-admin-login', 'forget the administrator login');
  command.option('--no-ignore-groups', 'forget the groups ignored so far; those of --ignore-group take their place');
  command.option('--no-ca', 'trust what this machine trusts');
  command.option('--no-pin', 'trust what this machine trusts');
  command.option('--no-allow-plain-http', 'refuse plain http again');
  command.option('--no-tag-imported', 'leave imported addresses without a tag again');
}

/** The flags as the shared schema reads them. `ignored`: the groups that are ignored so far. */
export function integrationInput(
  flags: IntegrationFlags,
  ignored: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const { adminLogin, ca, pin, dialect } = flags;
  return {
    url: flags.url,
    login: flags.login,
    policy: flags.policy,
    timeZone: flags.timeZone,
    coolDown: flags.coolDown,
    quarantine: flags.quarantine,
    requestTimeout: flags.requestTimeout,
    fence: flags.fence,
    maxAttempts: flags.maxAttempts,
    maxConflicts: flags.maxConflicts,
    onConflict: flags.onConflict,
    confirmSightings: flags.confirmSightings,
    releaseLimit: flags.releaseLimit,
    tagImported: flags.tagImported,
    shrinkRows: flags.shrinkRows,
    shrinkPercent: flags.shrinkPercent,
    askRows: flags.askRows,
    askPercent: flags.askPercent,
    allowPlainHttp: flags.allowPlainHttp,
    ignoredGroups: ignoredGroups(flags, ignored),
    adminLogin: adminLogin === false ? null : adminLogin,
    ca: ca === false ? null : ca === undefined ? undefined : certificate(ca),
    pin: pin === false ? null : pin,
    dialect: dialect === undefined ? undefined : pairs(dialect, 'dialect'),
  };
}

/** One that is given joins those before: a group that fell out unsaid would be open to the sync's releases again. */
function ignoredGroups(
  { ignoreGroup, ignoreGroups }: IntegrationFlags,
  ignored: readonly string[],
): readonly string[] | undefined {
  const kept = ignoreGroups === false ? [] : ignored;
  return ignoreGroup === undefined && ignoreGroups !== false
    ? undefined
    : [...new Set([...kept, ...(ignoreGroup ?? [])])];
}

/** `key=value` texts as one object. A key that is given twice is a slip: neither value wins silently. */
export function pairs(texts: readonly string[], field: string): Record<string, string> {
  const read = new Map<string, string>();
  for (const text of texts) {
    const [, key, value] = /^([A-Za-z]\w*)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined) throw badPair(field, text, 'has no name before an equals sign');
    if (read.has(key)) throw badPair(field, text, `gives ${key} a second time`);
    read.set(key, value);
  }
  return Object.fromEntries(read);
}

function badPair(field: string, text: string, why: string): IptallyError {
  return new IptallyError({
    code: 'invalid-input',
    message: `${field}: "${text}" ${why}`,
    field,
    value: text,
    accepted: 'name=value, each name once; the name of letters, digits and underscores',
    next: `correct it and run the command again; nothing was done`,
    exitStatus: 2,
  });
}

export function certificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new IptallyError({
      code: 'file-not-readable',
      message: `${file} cannot be read: ${errorCode(error) ?? 'unknown'}`,
      field: 'ca',
      value: file,
      accepted: 'a file with certificates in PEM, which this user may read',
      next: 'correct the path, then run the command again; nothing was done',
      exitStatus: 2,
    });
  }
}
