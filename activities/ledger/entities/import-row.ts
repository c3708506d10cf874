import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ServiceKind } from '../../../workflows/domain/states.ts';

/** One address of a row that is being imported, or a service without any; gone when the import is over. */
export const ImportRowEntity = defineEntity({
  name: 'ImportRowEntity',
  tableName: 'import_row',
  properties: {
    batch: p.text().primary(),
    line: p.integer().primary(),
    nth: p.integer().primary(),
    service: p.text(),
    kind: p.text().$type<ServiceKind>(),
    domain: p.text(),
    customer: p.text().nullable(),
    server: p.text(),
    tariff: p.text(),
    addressGroup: p.text().nullable(),
    ip: p.text().columnType('inet').nullable(),
    ptr: p.text().nullable(),
    /** What the ledger says against it (postgres/import-checks.ts). */
    problem: p.text().nullable(),
    detail: p.text().nullable(),
  },
});
