import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Reason } from '../../../workflows/domain/failure.ts';
import { serviceKinds, serviceStates, type ServiceKind, type ServiceState } from '../../../workflows/domain/states.ts';
import { oneOf } from './checks.ts';

/** What a customer ordered. Never deleted: a removed one may begin a new life under its id. */
export const ServiceEntity = defineEntity({
  name: 'ServiceEntity',
  tableName: 'service',
  properties: {
    id: p.text().primary(),
    kind: p.text().$type<ServiceKind>(),
    domain: p.text(),
    customer: p.text().nullable(),
    /** By name, without a foreign key: a removed service keeps the names of a server and a tariff that are gone. */
    server: p.text().index('service_server'),
    tariff: p.text(),
    state: p.text().$type<ServiceState>(),
    generation: p.integer().defaultRaw('1'),
    reason: p.json<Reason>().nullable(),
    workflowId: p.text().nullable(),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [
    { name: 'service_kind_check', expression: oneOf('kind', serviceKinds) },
    { name: 'service_state_check', expression: oneOf('state', serviceStates) },
  ],
});
