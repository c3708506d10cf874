import { z } from 'zod';
import type { IntegrationFields } from '../../activities/ledger/settings.ts';
import type { IntegrationRecord, SyncSettings } from '../../activities/ledger/records.ts';
import { formatDuration } from '../../workflows/domain/duration.ts';
import { defaultThresholds } from '../../workflows/domain/guard.ts';
import { group, name } from '../../workflows/inputs/fields.ts';
import { accepted } from '../accepted.ts';
import { ca, durationBetween, login, panelUrl, percentage, pin, timeZone, wholeNumber, wrongInput } from './fields.ts';

const policy = z.enum(['observe', 'owned', 'all'], { error: 'accepted: observe, owned or all' });
const onConflict = z.enum(['mark', 'heal'], { error: 'accepted: mark or heal' });
const flag = z.boolean('accepted: true or false');

/** Names of the panel's dialect that can be set by hand (design.md 7). */
const dialectByHand = z.strictObject({
  releaseFunction: z
    .string()
    .regex(/^[a-z][a-z0-9._]{0,63}$/i, "accepted: the name of the panel's function, like ip.delete")
    .optional(),
  tagInAllocation: z.enum(['note', 'domain', 'none'], { error: 'accepted: note, domain or none' }).optional(),
  format: z.enum(['json', 'xml'], { error: 'accepted: json or xml' }).optional(),
});

/** What may be said of an integration. `null` takes a value away. `url` is checked by `panelUrl`. */
export const integrationChange = z.strictObject({
  url: z.string().optional(),
  login: login.optional(),
  adminLogin: login.nullish(),
  ignoredGroups: z.array(group).optional(),
  policy: policy.optional(),
  timeZone: timeZone.optional(),
  coolDown: durationBetween('0', '30d').optional(),
  quarantine: durationBetween('0', '366d').optional(),
  requestTimeout: durationBetween('100ms', '10m').optional(),
  fence: durationBetween('200ms', '1h').optional(),
  maxAttempts: wholeNumber(1, 100).optional(),
  maxConflicts: wholeNumber(1, 1000).optional(),
  onConflict: onConflict.optional(),
  confirmSightings: wholeNumber(1, 366).optional(),
  releaseLimit: wholeNumber(0, 1_000_000).optional(),
  tagImported: flag.optional(),
  shrinkRows: wholeNumber(0, 1_000_000_000).optional(),
  shrinkPercent: percentage().optional(),
  askRows: wholeNumber(0, 1_000_000_000).optional(),
  askPercent: percentage().optional(),
  ca: ca.nullish(),
  pin: pin.nullish(),
  allowPlainHttp: flag.optional(),
  dialect: dialectByHand.optional(),
});

export const newIntegration = integrationChange.extend({ name, url: z.string(), login });

const hour = 3_600_000;

/** The host's zone: where its nights are. */
export function hostTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Defaults of a new integration; what follows from other fields follows in {@link changed}. */
const defaults: IntegrationFields = {
  url: '',
  login: '',
  adminLogin: null,
  ignoredGroups: [],
  policy: 'all',
  timeZone: 'UTC',
  coolDownMs: 0,
  quarantineMs: 24 * hour,
  requestTimeoutMs: 90_000,
  fenceMs: 180_000,
  maxAttempts: 6,
  maxConflicts: 10,
  onConflict: 'mark',
  ca: null,
  pin: null,
  allowPlainHttp: false,
  dialectOverrides: {},
};

/** A new integration as the ledger keeps it. `trustPrivate`: loopback and private ranges may be reached (the CLI). */
export async function integrationFields(input: unknown, trustPrivate: boolean): Promise<IntegrationFields> {
  const value = accepted(newIntegration, input, 'integration');
  return changed({ ...defaults, timeZone: hostTimeZone() }, value, trustPrivate);
}

/** An integration with some of its fields changed. */
export async function changedIntegration(
  before: IntegrationRecord,
  input: unknown,
  trustPrivate: boolean,
): Promise<IntegrationFields> {
  const value = accepted(integrationChange, input, 'integration');
  return changed(before, value, trustPrivate);
}

type Change = z.output<typeof integrationChange>;

async function changed(before: IntegrationFields, change: Change, allowPrivate: boolean): Promise<IntegrationFields> {
  const { coolDown, quarantine, requestTimeout, fence, dialect, url, ca: newCa, pin: newPin } = change;
  if (newCa && newPin) {
    throw wrongInput('pin', newPin, { why: 'a certificate file is given too', accepted: '--ca or --pin, not both' });
  }
  const adminLogin = or(change.adminLogin, before.adminLogin);
  const fields: IntegrationFields = {
    url: before.url,
    login: change.login ?? before.login,
    adminLogin,
    ignoredGroups: change.ignoredGroups ?? before.ignoredGroups,
    policy: change.policy ?? policyWith(adminLogin, before),
    timeZone: change.timeZone ?? before.timeZone,
    maxAttempts: change.maxAttempts ?? before.maxAttempts,
    maxConflicts: change.maxConflicts ?? before.maxConflicts,
    onConflict: change.onConflict ?? before.onConflict,
    allowPlainHttp: change.allowPlainHttp ?? before.allowPlainHttp,
    coolDownMs: coolDown ?? before.coolDownMs,
    quarantineMs: quarantine ?? before.quarantineMs,
    ...patience(before, requestTimeout, fence),
    ...syncSettings(before, change),
    // One of both is trusted: giving one takes the other away.
    ca: newCa === undefined ? (newPin ? null : before.ca) : newCa,
    pin: newPin === undefined ? (newCa ? null : before.pin) : newPin,
    dialectOverrides: { ...before.dialectOverrides, ...byHand(dialect ?? {}) },
  };
  const { allowPlainHttp } = fields;
  const wanted = url ?? (allowPlainHttp === before.allowPlainHttp ? undefined : before.url);
  return wanted === undefined ? fields : { ...fields, url: await panelUrl(wanted, { allowPlainHttp, allowPrivate }) };
}

/** Once an administrator login comes, `all` must be chosen on purpose (design.md 5). */
function policyWith(adminLogin: string | null, before: IntegrationFields): IntegrationFields['policy'] {
  const comes = before.adminLogin === null && adminLogin !== null;
  return comes && before.policy === 'all' ? 'owned' : before.policy;
}

/** The fence follows the timeout unless it was set apart; it is never shorter than twice the timeout (design.md 2). */
function patience(
  before: Pick<IntegrationFields, 'requestTimeoutMs' | 'fenceMs'>,
  requestTimeout: number | undefined,
  fence: number | undefined,
): Pick<IntegrationFields, 'requestTimeoutMs' | 'fenceMs'> {
  const requestTimeoutMs = requestTimeout ?? before.requestTimeoutMs;
  const follows = before.fenceMs === 2 * before.requestTimeoutMs;
  const fenceMs = fence ?? (follows ? 2 * requestTimeoutMs : before.fenceMs);
  if (fenceMs >= 2 * requestTimeoutMs) return { requestTimeoutMs, fenceMs };
  const least = formatDuration(2 * requestTimeoutMs);
  throw wrongInput('fence', formatDuration(fenceMs), {
    why:
      `shorter than twice the request timeout of ${formatDuration(requestTimeoutMs)}: ` +
      `a late answer could still take an address after it`,
    accepted: `${least} or more`,
  });
}

/** What decides over syncs; what nobody ever said is left to the ledger's defaults. */
function syncSettings(before: Partial<SyncSettings>, change: Change): Partial<SyncSettings> {
  const { confirmSightings, releaseLimit, tagImported, shrinkRows, shrinkPercent, askRows, askPercent } = change;
  const said = Object.entries({ shrinkRows, shrinkPercent, askRows, askPercent }).filter(
    ([, value]) => value !== undefined,
  );
  const base = before.thresholds ?? defaultThresholds;
  return {
    ...(confirmSightings === undefined ? {} : { confirmSightings }),
    ...(releaseLimit === undefined ? {} : { releaseLimit }),
    ...(tagImported === undefined ? {} : { tagImported }),
    ...(said.length === 0 ? {} : { thresholds: { ...base, ...Object.fromEntries(said) } }),
  };
}

function byHand(set: z.output<typeof dialectByHand>): IntegrationFields['dialectOverrides'] {
  const { releaseFunction, tagInAllocation, format } = set;
  return {
    ...(releaseFunction === undefined ? {} : { releaseFunction }),
    ...(tagInAllocation === undefined ? {} : { tagInAllocation }),
    ...(format === undefined ? {} : { format }),
  };
}

/** What was said, or what was before; `null` was said too. */
export function or<Value>(said: Value | undefined, before: Value): Value {
  return said === undefined ? before : said;
}
