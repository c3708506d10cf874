import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Family } from '../../../workflows/domain/address.ts';
import { addressStates, type AddressState } from '../../../workflows/domain/states.ts';
import type { RunRef } from '../records.ts';
import { canonicalAddress, familyOfColumn, oneOf } from './checks.ts';
import { ServiceEntity } from './service.ts';

/** A PTR change that runs: whose it is, and what to put back. */
export interface PtrChange extends RunRef {
  readonly before: string | null;
}

/** The states in which a row is the one that counts for its address. */
const current = addressStates.filter((state) => state !== 'released');

/**
 * One life of one address; a released one stays as history. The unique index is what guarantees I1. It carries what a
 * sync reads, so that the ledger is read in address order from the index alone (reference/performance.md 2.2).
 */
export const AddressEntity = defineEntity({
  name: 'AddressEntity',
  tableName: 'address',
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    ip: p.text().columnType('inet'),
    family: p.text().$type<Family>(),
    state: p.text().$type<AddressState>(),
    service: () => p.manyToOne(ServiceEntity).fieldName('service').mapToPk().nullable().deleteRule('no action'),
    /** The service it was taken off, the state it had there, and the life of that service: what `keep` puts back. */
    formerService: p.text().nullable(),
    formerState: p.text().$type<AddressState>().nullable(),
    generation: p.integer().nullable(),
    customer: p.text().nullable(),
    integration: p.text(),
    addressGroup: p.text(),
    orderId: p.text().nullable().index('address_order_id'),
    tag: p.text().nullable(),
    label: p.text().nullable(),
    untagged: p.boolean().defaultRaw('false'),
    protected: p.boolean().defaultRaw('false'),
    ptr: p.text().nullable(),
    ptrSeen: p.text().nullable(),
    ptrChange: p.json<PtrChange>().nullable(),
    quarantineUntil: p.text().columnType('timestamptz').nullable(),
    /** From here on its delete may have been sent. */
    deleteBegunAt: p.text().columnType('timestamptz').nullable(),
    version: p.integer().defaultRaw('1'),
    since: p.text().columnType('timestamptz').defaultRaw('now()'),
    createdAt: p.text().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [
    {
      name: 'address_current',
      properties: ['ip'],
      include: [
        'service',
        'integration',
        'addressGroup',
        'state',
        'tag',
        'untagged',
        'protected',
        'ptr',
        'ptrSeen',
        'version',
        'orderId',
        'quarantineUntil',
      ],
      where: oneOf('state', current),
    },
  ],
  indexes: [
    { name: 'address_ip', properties: ['ip', 'id'] },
    { name: 'address_service', properties: ['service'], where: 'service IS NOT NULL' },
    { name: 'address_former_service', properties: ['formerService'], where: `state = 'releasing'::text` },
  ],
  checks: [
    { name: 'address_ip_check', expression: canonicalAddress('ip') },
    { name: 'address_family_check', expression: familyOfColumn('family', 'ip') },
    { name: 'address_state_check', expression: oneOf('state', addressStates) },
    // A service holds exactly its reserved and active rows: nothing releasing can be on a service (I4).
    {
      name: 'address_bound_check',
      expression: `(service IS NOT NULL) = (${oneOf('state', ['reserved', 'active'])})`,
    },
    {
      name: 'address_quarantine_check',
      expression: `(state <> 'quarantined'::text) OR (quarantine_until IS NOT NULL)`,
    },
  ],
});
