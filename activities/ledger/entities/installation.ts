import { defineEntity, p } from '@mikro-orm/postgresql';

/** One row: the name of this installation in tags. It never changes, or every tag in every panel would be a stranger's. */
export const InstallationEntity = defineEntity({
  name: 'InstallationEntity',
  tableName: 'installation',
  properties: {
    /** Always 1: the key that makes a second installation impossible. */
    one: p.integer().primary().autoincrement(false),
    id: p.text(),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    { name: 'installation_one_check', expression: 'one = 1' },
    { name: 'installation_id_check', expression: `id ~ '^[0-9a-f]{12}$'::text` },
  ],
});
