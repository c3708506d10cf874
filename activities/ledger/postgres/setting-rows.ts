import type { IntegrationRecord, ServerRecord, SyncSettings, TariffRecord } from '../records.ts';
import type { Row } from './tables.ts';
import { time } from './values.ts';

/** Rows of what operators set up, as the port hands them out: without their sealed secrets (I11). */

export function integrationRecord(row: Row<'integration'>): IntegrationRecord {
  return {
    name: row.name,
    url: row.url,
    login: row.login,
    adminLogin: row.admin_login,
    ignoredGroups: row.ignored_groups,
    policy: row.policy,
    timeZone: row.time_zone,
    coolDownMs: Number(row.cool_down_ms),
    quarantineMs: Number(row.quarantine_ms),
    requestTimeoutMs: Number(row.request_timeout_ms),
    fenceMs: Number(row.fence_ms),
    maxAttempts: row.max_attempts,
    maxConflicts: row.max_conflicts,
    onConflict: row.on_conflict,
    ca: row.ca,
    pin: row.pin,
    allowPlainHttp: row.allow_plain_http,
    dialect: row.dialect,
    dialectOverrides: row.dialect_overrides,
    tagNotKept: row.tag_not_kept,
    createdAt: time(row.created_at),
    confirmSightings: row.confirm_sightings,
    releaseLimit: row.release_limit,
    thresholds: {
      shrinkRows: row.shrink_rows,
      shrinkPercent: row.shrink_percent,
      askRows: row.ask_rows,
      askPercent: row.ask_percent,
    },
    tagImported: row.tag_imported,
  };
}

/** Only what is given: the rest keeps its value, or the column's default. */
export function syncColumns(fields: Partial<SyncSettings>) {
  const { confirmSightings, releaseLimit, thresholds, tagImported } = fields;
  return {
    ...(confirmSightings === undefined ? {} : { confirm_sightings: confirmSightings }),
    ...(releaseLimit === undefined ? {} : { release_limit: releaseLimit }),
    ...(thresholds === undefined
      ? {}
      : {
          shrink_rows: thresholds.shrinkRows,
          shrink_percent: thresholds.shrinkPercent,
          ask_rows: thresholds.askRows,
          ask_percent: thresholds.askPercent,
        }),
    ...(tagImported === undefined ? {} : { tag_imported: tagImported }),
  };
}

export function serverRecord(row: Row<'server'>): ServerRecord {
  return {
    name: row.name,
    module: row.module,
    url: row.url,
    login: row.login,
    integration: row.integration,
    settings: row.settings,
    requestTimeoutMs: Number(row.request_timeout_ms),
    ca: row.ca,
    pin: row.pin,
    allowPlainHttp: row.allow_plain_http,
    createdAt: time(row.created_at),
  };
}

export function tariffRecord(row: Row<'tariff'>): TariffRecord {
  return {
    name: row.name,
    dedicated: row.dedicated,
    ipv4: row.ipv4,
    ipv6: row.ipv6,
    group: row.address_group,
    createdAt: time(row.created_at),
  };
}
