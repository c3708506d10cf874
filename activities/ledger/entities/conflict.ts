import { defineEntity, p } from '@mikro-orm/postgresql';
import { canonicalAddress } from './checks.ts';

/**
 * An address a panel gave to an order although it is on a live service: beside the holder's row, never in it. One open
 * record for an address and an order, for an order must find its own (design.md 3, step 3).
 */
export const ConflictEntity = defineEntity({
  name: 'ConflictEntity',
  tableName: 'conflict',
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    ip: p.text().columnType('inet'),
    /** Where it was offered. */
    integration: p.text(),
    holder: p.text().nullable(),
    holderPtr: p.text().nullable(),
    holderTag: p.text().nullable(),
    orderId: p.text(),
    since: p.text().columnType('timestamptz').defaultRaw('now()'),
    /** Whether it is to be marked in IPmanager: an address held under another integration is only recorded. */
    mark: p.boolean(),
    markedAt: p.text().columnType('timestamptz').nullable(),
    resolvedAt: p.text().columnType('timestamptz').nullable(),
  },
  uniques: [{ name: 'conflict_open', properties: ['ip', 'orderId'], where: 'resolved_at IS NULL' }],
  indexes: [{ name: 'conflict_order', properties: ['orderId'] }],
  checks: [{ name: 'conflict_ip_check', expression: canonicalAddress('ip') }],
});
