import { defineEntity, p } from '@mikro-orm/postgresql';

/** Who had an address, when and why. Only ever added to: grants and a trigger refuse the rest. */
export const AddressHistoryEntity = defineEntity({
  name: 'AddressHistoryEntity',
  tableName: 'address_history',
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    ip: p.text().columnType('inet'),
    at: p.text().columnType('timestamptz').defaultRaw('now()'),
    event: p.text(),
    service: p.text().nullable(),
    customer: p.text().nullable(),
    orderId: p.text().nullable(),
    integration: p.text(),
    workflowId: p.text().nullable(),
    runId: p.text().nullable(),
    reason: p.text().nullable(),
  },
  indexes: [{ name: 'address_history_ip', properties: ['ip', 'id'] }],
  triggers: [
    {
      name: 'address_history_append_only',
      timing: 'before',
      // The migration adds `truncate`, which the catalogue MikroORM compares with does not show.
      events: ['update', 'delete'],
      forEach: 'statement',
      body: `raise exception 'address_history is only ever added to' using errcode = 'insufficient_privilege'`,
    },
  ],
});
