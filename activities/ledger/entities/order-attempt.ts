import { defineEntity, p } from '@mikro-orm/postgresql';
import { OrderEntity } from './order.ts';

/** One sending of an order. The key refuses the second copy of an attempt (zombies, I7: allocations ≤ attempts). */
export const OrderAttemptEntity = defineEntity({
  name: 'OrderAttemptEntity',
  tableName: 'order_attempt',
  properties: {
    orderId: () => p.manyToOne(OrderEntity).fieldName('order_id').mapToPk().primary().deleteRule('no action'),
    attempt: p.integer().primary(),
    workflowId: p.text(),
    runId: p.text(),
    sentAt: p.text().columnType('timestamptz').defaultRaw('now()'),
    result: p.text().nullable(),
    ip: p.text().columnType('inet').nullable(),
    endedAt: p.text().columnType('timestamptz').nullable(),
  },
});
