import type { IntegrationRecord, ServerRecord, TariffRecord } from '../../activities/ledger/records.ts';
import { formatDuration } from '../../workflows/domain/duration.ts';

/** What operators set up, as every surface shows it: durations as they are written, no secret anywhere (I11). */
export function integrationView(record: IntegrationRecord) {
  const { coolDownMs, quarantineMs, requestTimeoutMs, fenceMs, createdAt, dialect, dialectOverrides, ...plain } =
    record;
  const { name, url, login, adminLogin, ignoredGroups, policy, timeZone } = plain;
  const { maxAttempts, maxConflicts, onConflict, ca, pin, allowPlainHttp, tagNotKept } = plain;
  const { confirmSightings, releaseLimit, tagImported, thresholds } = plain;
  return {
    name,
    url,
    login,
    adminLogin,
    ignoredGroups,
    policy,
    timeZone,
    coolDown: formatDuration(coolDownMs),
    quarantine: formatDuration(quarantineMs),
    requestTimeout: formatDuration(requestTimeoutMs),
    fence: formatDuration(fenceMs),
    maxAttempts,
    maxConflicts,
    onConflict,
    confirmSightings,
    releaseLimit,
    tagImported,
    ...thresholds,
    ca,
    pin,
    allowPlainHttp,
    dialect: dialect === null ? null : { ...dialect, ...dialectOverrides },
    dialectByHand: dialectOverrides,
    tagNotKept,
    createdAt,
  };
}

export type IntegrationView = ReturnType<typeof integrationView>;

export function serverView(record: ServerRecord) {
  const { name, module, url, login, integration, settings, requestTimeoutMs, ca, pin, allowPlainHttp } = record;
  return {
    name,
    module,
    url,
    login,
    integration,
    settings,
    requestTimeout: formatDuration(requestTimeoutMs),
    ca,
    pin,
    allowPlainHttp,
    createdAt: record.createdAt,
  };
}

export type ServerView = ReturnType<typeof serverView>;

export function tariffView(record: TariffRecord) {
  const { name, dedicated, ipv4, ipv6, group, createdAt } = record;
  return { name, dedicated, ipv4, ipv6, group, createdAt };
}

export type TariffView = ReturnType<typeof tariffView>;
