import { buildConnector } from 'undici';
import type { Failure } from '../../workflows/domain/failure.ts';
import { isIP } from 'node:net';
import type { Trust } from '../servers/server-module.ts';
import { CertificateError, tlsOptions } from './certificate.ts';
import { placeFailure, refusedPlace } from './place.ts';
import { guardedLookup, PlaceError, type Resolve } from './resolve.ts';

export interface ConnectorOptions {
  readonly url: URL;
  readonly trust: Trust;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
}

/** No connection was made, so no byte of a request left: the one kind of failure that is provably "not sent". */
export class ConnectError extends Error {
  readonly failure: Failure;
  readonly retryable: boolean;

  constructor(failure: Failure, retryable: boolean) {
    super(failure.message);
    this.name = 'ConnectError';
    this.failure = failure;
    this.retryable = retryable;
  }
}

/** Makes every connection of one panel: place rules first, then certificate rules, then the socket. */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  let prepared: Promise<buildConnector.connector> | undefined;
  const prepare = async (): Promise<buildConnector.connector> => {
    prepared ??= makeConnector(options);
    try {
      return await prepared;
    } catch (error) {
      prepared = undefined; // a panel that was down when its pin was to be checked may be up now
      throw error;
    }
  };
  return (target, callback) => {
    const fail = (error: unknown): void => callback(asConnectError(error, options.url), null);
    const reason = isIP(target.hostname) === 0 ? undefined : refusedPlace(target.hostname, options.trust);
    if (reason !== undefined) return fail(new PlaceError(placeFailure(target.hostname, reason)));
    const start = (connect: buildConnector.connector): void => {
      connect(target, (...made) => (made[0] === null ? callback(...made) : fail(made[0])));
    };
    prepare().then(start, fail);
    return undefined;
  };
}

async function makeConnector(options: ConnectorOptions): Promise<buildConnector.connector> {
  const lookup = guardedLookup(options.resolve, options.trust);
  const secure = options.url.protocol === 'https:';
  const host = options.url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(options.url.port || (secure ? 443 : 80));
  const tls = secure ? await tlsOptions(options.trust, { host, port, lookup, timeoutMs: options.timeoutMs }) : {};
  return buildConnector({
    ...tls,
    lookup,
    timeout: options.timeoutMs,
    allowH2: false,
    // A resumed TLS session skips checkServerIdentity, so a refused host could be spoken to the second time.
    maxCachedSessions: 0,
  });
}

const untrusted: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is made out to another name',
};

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve now',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  EHOSTUNREACH: 'there is no route',
  ENETUNREACH: 'there is no route',
  ECONNRESET: 'the connection was closed while it was made',
  EPROTO: 'no TLS is spoken there',
};

function asConnectError(error: unknown, url: URL): ConnectError {
  if (error instanceof PlaceError || error instanceof CertificateError) return new ConnectError(error.failure, false);
  const code = codeOf(error);
  const why = untrusted[code];
  if (why !== undefined) return new ConnectError(certificateFailure(url, why), false);
  const seen = unreachable[code] ?? (code.startsWith('ERR_SSL') ? 'no TLS is spoken there' : 'no connection');
  return new ConnectError(
    {
      code: 'panel-unreachable',
      message: `Nothing was sent to ${url.host}: ${seen}`,
      next: 'Check that the panel runs and that this machine may reach it; nothing needs to be undone.',
    },
    true,
  );
}

function certificateFailure(url: URL, why: string): Failure {
  return {
    code: 'panel-certificate',
    message: `Nothing was sent to ${url.host}: its certificate is not trusted, ${why}`,
    next: "Give the panel's own certificate with --ca, or its SHA-256 fingerprint with --pin.",
  };
}

/** Node's error code, also where several addresses were tried (`AggregateError`). The text itself is never shown (I11). */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'errors' in error && Array.isArray(error.errors) ? codeOf(error.errors[0]) : '';
}
