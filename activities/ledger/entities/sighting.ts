import { defineEntity, p } from '@mikro-orm/postgresql';

/** How often an address was seen as it is, on different dates: what `confirmSightings` counts (design.md 5). */
export const SightingEntity = defineEntity({
  name: 'SightingEntity',
  tableName: 'sighting',
  properties: {
    integration: p.text().primary(),
    ip: p.text().columnType('inet').primary(),
    tag: p.text().nullable(),
    addressGroup: p.text(),
    ptr: p.text(),
    dates: p.integer().defaultRaw('1'),
    lastDate: p.text(),
    lastRun: p.text(),
  },
});
