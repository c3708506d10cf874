import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Dialect } from '../../ipmanager/ip-manager.ts';
import { policies, type IntegrationRecord, type Policy } from '../records.ts';
import { oneOf } from './checks.ts';

/** A named connection to one IPmanager. Passwords are sealed (I11). Durations are milliseconds; bigint comes as text. */
export const IntegrationEntity = defineEntity({
  name: 'IntegrationEntity',
  tableName: 'integration',
  properties: {
    name: p.text().primary(),
    url: p.text(),
    login: p.text(),
    adminLogin: p.text().nullable(),
    passwordSealed: p.text(),
    adminPasswordSealed: p.text().nullable(),
    ignoredGroups: p.array().columnType('text[]').$type<readonly string[]>().defaultRaw(`'{}'::text[]`),
    policy: p.text().$type<Policy>(),
    timeZone: p.text(),
    coolDownMs: p.bigint('string'),
    quarantineMs: p.bigint('string'),
    requestTimeoutMs: p.bigint('string'),
    fenceMs: p.bigint('string'),
    maxAttempts: p.integer(),
    maxConflicts: p.integer(),
    onConflict: p.text().$type<IntegrationRecord['onConflict']>(),
    ca: p.text().nullable(),
    pin: p.text().nullable(),
    allowPlainHttp: p.boolean().defaultRaw('false'),
    dialect: p.json<Dialect>().nullable(),
    dialectOverrides: p.json<Partial<Dialect>>().defaultRaw(`'{}'::jsonb`),
    tagNotKept: p.boolean().defaultRaw('false'),
    /** What decides over a sync of this integration (design.md 5). */
    confirmSightings: p.integer().defaultRaw('1'),
    releaseLimit: p.integer().defaultRaw('100'),
    shrinkRows: p.integer().defaultRaw('10'),
    shrinkPercent: p.double().$type<number>().defaultRaw('5'),
    askRows: p.integer().defaultRaw('10'),
    askPercent: p.double().$type<number>().defaultRaw('1'),
    tagImported: p.boolean().defaultRaw('false'),
    /** When it was added, or its URL or login last changed: what was approved and counted before is of another list. */
    panelSince: p.text().columnType('timestamptz').defaultRaw('now()'),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [{ name: 'integration_panel', properties: ['url', 'login'] }],
  checks: [
    { name: 'integration_policy_check', expression: oneOf('policy', policies) },
    { name: 'integration_on_conflict_check', expression: oneOf('on_conflict', ['mark', 'heal']) },
  ],
});
