import { defineEntity, p } from '@mikro-orm/postgresql';
import { mostAddresses } from '../../../workflows/domain/states.ts';

/** What a service may have. */
export const TariffEntity = defineEntity({
  name: 'TariffEntity',
  tableName: 'tariff',
  properties: {
    name: p.text().primary(),
    dedicated: p.boolean(),
    ipv4: p.integer(),
    ipv6: p.integer(),
    addressGroup: p.text().nullable(),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    {
      name: 'tariff_addresses_check',
      expression: `(ipv4 >= 0) AND (ipv6 >= 0) AND ((ipv4 + ipv6) <= ${mostAddresses})`,
    },
  ],
});
