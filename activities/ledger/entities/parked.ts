import { defineEntity, p } from '@mikro-orm/postgresql';
import { canonicalAddress } from './checks.ts';

/** An address a panel offered although our quarantine or our release of it runs: kept held until that ends (I9). */
export const ParkedEntity = defineEntity({
  name: 'ParkedEntity',
  tableName: 'parked',
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    ip: p.text().columnType('inet'),
    orderId: p.text(),
    integration: p.text(),
    since: p.text().columnType('timestamptz').defaultRaw('now()'),
    endedAt: p.text().columnType('timestamptz').nullable(),
  },
  uniques: [{ name: 'parked_open', properties: ['ip', 'orderId'], where: 'ended_at IS NULL' }],
  checks: [{ name: 'parked_ip_check', expression: canonicalAddress('ip') }],
});
