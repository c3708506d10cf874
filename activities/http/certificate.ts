import type { X509Certificate } from 'node:crypto';
import { isIP, type LookupFunction } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import type { Failure } from '../../workflows/domain/failure.ts';
import type { Trust } from '../servers/server-module.ts';

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly timeoutMs: number;
}

/** What of a TLS connection's options a panel's trust decides. */
export interface TrustOptions {
  readonly ca?: string;
  readonly allowPartialTrustChain?: boolean;
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** A certificate that is not the one we were told to trust. Nothing was sent. */
export class CertificateError extends Error {
  readonly failure: Failure;

  constructor(message: string, next: string) {
    super(message);
    this.name = 'CertificateError';
    this.failure = { code: 'panel-certificate', message, next };
  }
}

/** `AA:BB:…` (SHA-256) as every form of it is compared: 64 upper-case hex digits. */
export function parsePin(text: string): string | undefined {
  const plain = text
    .trim()
    .replace(/^sha-?256[:=/]/i, '')
    .replaceAll(':', '')
    .toUpperCase();
  return /^[0-9A-F]{64}$/.test(plain) ? plain : undefined;
}

/**
 * The TLS options that uphold a panel's trust. A pin alone needs the certificate itself as `ca`: checking the pin while
 * verification is off has no effect, the password would be sent (reference/reliability.md 5.2, ran). So it is fetched
 * first by a connection that sends no request byte.
 */
export async function tlsOptions(trust: Trust, target: TlsTarget): Promise<TrustOptions> {
  if (trust.pin === null) return trust.ca === null ? {} : anchored(trust.ca);
  const pin = parsePin(trust.pin);
  if (pin === undefined) {
    throw new CertificateError(
      'The pinned fingerprint is not SHA-256',
      'Give 64 hex digits, like AA:BB:…, with --pin.',
    );
  }
  const ca = trust.ca ?? (await pinnedCertificate(target, pin));
  return { ...anchored(ca), checkServerIdentity: (_host, certificate) => pinProblem(certificate, pin) };
}

/** Only this certificate, or what it signed, is trusted; it may be a leaf that another authority signed. */
function anchored(ca: string): TrustOptions {
  return { ca, allowPartialTrustChain: true };
}

function pinProblem(certificate: PeerCertificate, pin: string): Error | undefined {
  return parsePin(certificate.fingerprint256) === pin ? undefined : pinMismatch(certificate.fingerprint256);
}

function pinMismatch(seen: string): CertificateError {
  return new CertificateError(
    `The panel shows another certificate than the pinned one: ${seen}`,
    'If the panel was given a new certificate on purpose, pin that fingerprint with --pin.',
  );
}

async function pinnedCertificate(target: TlsTarget, pin: string): Promise<string> {
  const certificate = await peerCertificate(target);
  if (parsePin(certificate.fingerprint256) !== pin) throw pinMismatch(certificate.fingerprint256);
  return certificate.toString();
}

/**
 * What certificate a host shows. Verification is off here and only here: this connection carries no byte of a request,
 * it is closed as soon as the certificate is seen.
 */
export function peerCertificate(target: TlsTarget): Promise<X509Certificate> {
  return new Promise((settle, fail) => {
    const socket = connect({
      host: target.host,
      port: target.port,
      lookup: target.lookup,
      servername: isIP(target.host) === 0 ? target.host : '',
      rejectUnauthorized: false,
    });
    socket.setTimeout(target.timeoutMs, () => socket.destroy(timedOut()));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) fail(new CertificateError('The panel shows no certificate', 'Check the URL.'));
      else settle(certificate);
    });
  });
}

function timedOut(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });
}
