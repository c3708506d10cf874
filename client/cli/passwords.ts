import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { IptallyError } from '../../worker/iptally-error.ts';
import { errorCode } from '../../worker/local/values.ts';

/**
 * Where a secret comes from. Never from an argument: those stand in the process list and in the shell's history. A
 * secret is kept nowhere but in the value handed back (I11).
 */
export interface SecretFlags {
  readonly passwordStdin?: boolean | undefined;
  readonly passwordFile?: string | undefined;
  readonly adminPasswordFile?: string | undefined;
  readonly tokenFile?: string | undefined;
}

export interface Wanted {
  /** What a person is asked for, like `Password of billing at https://…`. Without it the secret may be missing. */
  readonly password?: string | undefined;
  readonly admin?: string | undefined;
  /** There is an administrator login: the second line of stdin is its password. */
  readonly adminLogin?: boolean;
}

export interface Secrets {
  readonly password: string | undefined;
  readonly adminPassword: string | undefined;
}

interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whether a secret is named or asked for: what could not be sealed need not be typed. */
export function asksForSecrets(flags: SecretFlags, wanted: Wanted): boolean {
  const { passwordStdin, passwordFile, adminPasswordFile, tokenFile } = flags;
  const named = passwordStdin ?? passwordFile ?? adminPasswordFile ?? tokenFile;
  return (named ?? wanted.password ?? wanted.admin) !== undefined;
}

/** The secrets that were given; a person at a terminal is asked for those that are needed and missing. */
export async function readSecrets(flags: SecretFlags, wanted: Wanted, streams: Streams = process): Promise<Secrets> {
  const given = await givenSecrets(flags, wanted.adminLogin === true || wanted.admin !== undefined, streams);
  const password = given.password ?? (await prompted(wanted.password, streams));
  const adminPassword = given.adminPassword ?? (await prompted(wanted.admin, streams));
  // A stdin that was named and is empty is a mistake, also where nothing need be given.
  const needed = wanted.password !== undefined || (flags.passwordStdin === true && adminPassword === undefined);
  if (needed && password === undefined) throw missing('password', 'IPTALLY_PASSWORD');
  if (wanted.admin !== undefined && adminPassword === undefined) {
    throw missing('admin password', 'IPTALLY_ADMIN_PASSWORD');
  }
  return { password, adminPassword };
}

async function givenSecrets(flags: SecretFlags, admin: boolean, streams: Streams): Promise<Secrets> {
  const lines = flags.passwordStdin === true ? await linesOf(streams.stdin) : [];
  const password =
    full(lines[0]) ?? fromFile(flags.passwordFile ?? flags.tokenFile) ?? full(streams.env['IPTALLY_PASSWORD']);
  const adminPassword = admin
    ? (full(lines[1]) ?? fromFile(flags.adminPasswordFile) ?? full(streams.env['IPTALLY_ADMIN_PASSWORD']))
    : undefined;
  return { password, adminPassword };
}

async function linesOf(stdin: NodeJS.ReadableStream): Promise<readonly string[]> {
  return (await readAll(stdin)).split(/\r?\n/);
}

function full(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

/** One line end is stripped, which editors and `echo` add; all else belongs to the secret. */
function fromFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return full(readFileSync(path, 'utf8').replace(/\r?\n$/, ''));
  } catch (error) {
    throw new IptallyError({
      code: 'file-not-readable',
      message: `${path} cannot be read: ${errorCode(error) ?? 'unknown'}`,
      value: path,
      accepted: 'a file this user may read, with the secret in its first line',
      next: 'correct the path or the rights of the file, then run the command again',
      exitStatus: 2,
    });
  }
}

/** Only on a terminal at both ends: elsewhere the prompt would write escapes and end the process (stack.md 9). */
async function prompted(message: string | undefined, streams: Streams): Promise<string | undefined> {
  if (message === undefined || streams.stdin.isTTY !== true || streams.stdout.isTTY !== true) return undefined;
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message });
  if (isCancel(answer)) {
    throw new IptallyError({ code: 'cancelled', message: 'no password was given', next: 'run the command again' });
  }
  return full(answer);
}

function missing(what: 'password' | 'admin password', variable: string): IptallyError {
  const file = what === 'password' ? '--password-file FILE' : '--admin-password-file FILE';
  const line = what === 'password' ? 'its first line' : 'its second line';
  return new IptallyError({
    code: 'password-missing',
    message: `no ${what} was given, and there is no terminal to ask for it`,
    field: what === 'password' ? 'password' : 'adminPassword',
    accepted: `--password-stdin (${line}), ${file}, or ${variable}`,
    next: `give the ${what} in one of these ways, never as an argument`,
    exitStatus: 2,
  });
}
