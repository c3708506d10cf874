import { defineEntity, p } from '@mikro-orm/postgresql';
import { IntegrationEntity } from './integration.ts';

/** A place services are set up on. The password or token of its module is sealed (I11). */
export const ServerEntity = defineEntity({
  name: 'ServerEntity',
  tableName: 'server',
  properties: {
    name: p.text().primary(),
    module: p.text(),
    url: p.text().nullable(),
    login: p.text().nullable(),
    secretSealed: p.text().nullable(),
    integration: () =>
      p.manyToOne(IntegrationEntity).fieldName('integration').mapToPk().nullable().deleteRule('no action'),
    settings: p.json<Record<string, string>>().defaultRaw(`'{}'::jsonb`),
    requestTimeoutMs: p.bigint('string'),
    ca: p.text().nullable(),
    pin: p.text().nullable(),
    allowPlainHttp: p.boolean().defaultRaw('false'),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
});
