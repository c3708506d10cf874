import { defineEntity, p } from '@mikro-orm/postgresql';

/** A lock outlives processes and has an owner that can be asked (I6): `address/<ip>`, `sync/<integration>`. */
export const LockEntity = defineEntity({
  name: 'LockEntity',
  tableName: 'lock',
  properties: {
    key: p.text().primary(),
    ownerWorkflow: p.text(),
    ownerRun: p.text(),
    reason: p.text(),
    since: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
});
