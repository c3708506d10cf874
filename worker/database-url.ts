import { IptallyError } from './iptally-error.ts';

/** What the URL of a database names, decoded. */
export interface DatabasePlace {
  readonly host: string;
  readonly database: string;
  readonly user: string;
  /** Nothing when it is empty. */
  readonly password: string | undefined;
}

/**
 * Reads the URL of a database once, at the edge. What is wrong with it is nearly always a password with a character that
 * URLs give a meaning; the URL itself is never shown (I11).
 */
export function parseDatabaseUrl(
  field: 'DATABASE_URL' | 'IPTALLY_MIGRATION_DATABASE_URL',
  text: string,
): DatabasePlace {
  try {
    const { protocol, host, pathname, search, hash, username, password } = new URL(text);
    const database = decodeURIComponent(pathname.slice(1));
    if (!/^postgres(ql)?:$/.test(protocol) || database === '') throw new TypeError('not of a database');
    // `user:12/34@host` reads as a host named `user`: the rest of the password is where it must not be.
    if (hash !== '' || (pathname + search).includes('@')) throw new TypeError('cut');
    return {
      host,
      database,
      user: decodeURIComponent(username),
      password: password === '' ? undefined : decodeURIComponent(password),
    };
  } catch {
    throw new IptallyError({
      code: 'invalid-database-url',
      message: `${field} is no URL of a PostgreSQL database`,
      field,
      accepted: 'postgres://user:password@host:5432/database, special characters percent-encoded',
      next: 'percent-encode the password (# is %23, / is %2F, ? is %3F, @ is %40, % is %25), then run it again',
      exitStatus: 2,
    });
  }
}
