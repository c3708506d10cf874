import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Family } from '../../../workflows/domain/address.ts';
import type { StoredOutcome } from '../records.ts';
import { canonicalAddress, oneOf } from './checks.ts';
import { ServiceEntity } from './service.ts';

/**
 * One request for one address. Open: no outcome, no address. `ip` is what it was given and stays when that is released
 * later, so that the same order never takes a second one (I7).
 */
export const OrderEntity = defineEntity({
  name: 'OrderEntity',
  tableName: 'address_order',
  properties: {
    id: p.text().primary(),
    service: () =>
      p.manyToOne(ServiceEntity).fieldName('service').mapToPk().deleteRule('no action').index('address_order_service'),
    /** The life of the service it was written in. */
    generation: p.integer(),
    integration: p.text(),
    family: p.text().$type<Family>(),
    addressGroup: p.text(),
    ptr: p.text().nullable(),
    wanted: p.text().columnType('inet').nullable(),
    tag: p.text().unique('address_order_tag'),
    label: p.text().index('address_order_label'),
    ownerWorkflow: p.text(),
    ownerRun: p.text(),
    attempts: p.integer().defaultRaw('0'),
    ip: p.text().columnType('inet').nullable(),
    outcome: p.json<StoredOutcome>().nullable(),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
    closedAt: p.text().columnType('timestamptz').nullable(),
  },
  indexes: [
    {
      name: 'address_order_open',
      properties: ['integration'],
      where: '(outcome IS NULL) AND (ip IS NULL)',
    },
  ],
  checks: [
    { name: 'address_order_family_check', expression: oneOf('family', ['ipv4', 'ipv6']) },
    { name: 'address_order_wanted_check', expression: canonicalAddress('wanted') },
    { name: 'address_order_ip_check', expression: canonicalAddress('ip') },
  ],
});
