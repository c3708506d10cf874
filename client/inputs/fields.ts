import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { checkPlace, parsePanelUrl, parsePin } from '../../worker/panel-place.ts';
import { IptallyError } from '../../worker/iptally-error.ts';
import { acceptedDuration, parseDuration } from '../../workflows/domain/duration.ts';

/** Fields of what operators set up, shared by the CLI and the HTTP API; the words are those of the workflows' fields. */

/** A duration between two bounds, in milliseconds inside. */
export function durationBetween(least: string, most: string) {
  const [from, to] = [parseDuration(least) ?? 0, parseDuration(most) ?? 0];
  const accepted = `${acceptedDuration}; from ${least} to ${most}`;
  return z
    .string({ error: `accepted: ${accepted}` })
    .transform((value, context) => {
      const ms = parseDuration(value);
      if (ms !== undefined && ms >= from && ms <= to) return ms;
      context.addIssue({ code: 'custom', message: `accepted: ${accepted}` });
      return z.NEVER;
    })
    .describe(accepted);
}

export function wholeNumber(least: number, most: number) {
  const accepted = `a whole number from ${least} to ${most}`;
  const error = `accepted: ${accepted}`;
  return z.int({ error }).min(least, { error }).max(most, { error }).describe(accepted);
}

export function percentage() {
  const accepted = 'a percentage from 0 to 100';
  const error = `accepted: ${accepted}`;
  return z.number({ error }).min(0, { error }).max(100, { error }).describe(accepted);
}

const acceptedLogin = 'one word of at most 100 characters, without spaces or control characters';
export const login = z
  .string({ error: `accepted: ${acceptedLogin}` })
  .regex(/^[^\s\p{Cc}]{1,100}$/u, `accepted: ${acceptedLogin}`)
  .describe(acceptedLogin);

const acceptedZone = 'an IANA time zone name, like Europe/Berlin or UTC';
export const timeZone = z
  .string({ error: `accepted: ${acceptedZone}` })
  .refine(isTimeZone, { error: `accepted: ${acceptedZone}` })
  .describe(acceptedZone);

function isTimeZone(text: string): boolean {
  // Offsets like +02:00 are read by Intl too, but they know no summer time: 03:15 would wander.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const acceptedPin = 'the SHA-256 fingerprint of the certificate: 64 hex digits, with or without colons';
export const pin = z
  .string({ error: `accepted: ${acceptedPin}` })
  .transform((value, context) => {
    const plain = parsePin(value);
    if (plain !== undefined) return (plain.match(/../g) ?? []).join(':');
    context.addIssue({ code: 'custom', message: `accepted: ${acceptedPin}` });
    return z.NEVER;
  })
  .describe(acceptedPin);

const acceptedCa = 'one or more certificates in PEM (-----BEGIN CERTIFICATE-----)';
export const ca = z
  .string({ error: `accepted: ${acceptedCa}` })
  .refine(isCertificate, { error: `accepted: ${acceptedCa}` })
  .describe(acceptedCa);

function isCertificate(pem: string): boolean {
  try {
    return pem.length < 200_000 && new X509Certificate(pem).subject !== undefined && !pem.includes('PRIVATE KEY');
  } catch {
    return false;
  }
}

/**
 * The URL of a panel, canonical: two writings of one URL are one panel. It is not checked by a schema of ours, whose
 * refusal repeats the value: a URL may have a password in it (I11). Names are resolved here as at each connect.
 */
export async function panelUrl(
  text: string,
  trust: { readonly allowPlainHttp: boolean; readonly allowPrivate: boolean },
): Promise<string> {
  const parsed = parsePanelUrl(text, trust);
  if ('failure' in parsed) throw new IptallyError({ ...parsed.failure, exitStatus: 2 });
  const failure = await checkPlace(parsed.url, trust);
  if (failure !== undefined) throw new IptallyError({ ...failure, exitStatus: 2 });
  const { origin, pathname } = parsed.url;
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** A refusal of a value that only stands in the way of another. */
export function wrongInput(field: string, value: string, words: { readonly why: string; readonly accepted: string }) {
  return new IptallyError({
    code: 'invalid-input',
    message: `${field}: ${value}: ${words.why}; accepted: ${words.accepted}`,
    field,
    value,
    accepted: words.accepted,
    next: `correct ${field} and send it again; nothing was done`,
    exitStatus: 2,
  });
}
