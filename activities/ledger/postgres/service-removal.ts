import { LedgerContractBroken } from '../contract-broken.ts';
import type { RemovalStart, Services } from '../ledger.ts';
import { addressRecord, bound, selectAddresses } from './address-rows.ts';
import { orderRecord, storeOutcome } from './order-rows.ts';
import { lockService, serviceRecord, settingOf, type ServiceRow } from './service-rows.ts';
import type { Db } from './tables.ts';

/**
 * From here on steps 1 and 4 of every allocation for the service are refused (design.md 3). Again is harmless, also after
 * the life it was begun for ended otherwise and another one began: that one is not touched.
 */
export async function beginRemoval(db: Db, request: Parameters<Services['beginRemoval']>[0]): Promise<RemovalStart> {
  const service = await lockService(db, request.service);
  if (service === undefined) return { kind: 'no-such' };
  if (service.state === 'removed' || service.generation > (request.generation ?? service.generation))
    return { kind: 'removed-already' };
  const setting = await settingOf(db, service);
  // A server or tariff that is in use cannot be removed, so this is a hole in our own rules.
  if ('missing' in setting) throw new LedgerContractBroken('no-such-server', setting.name);
  const removing = await db
    .updateTable('service')
    .set((eb) => ({
      state: 'removing' as const,
      // Said again each round: what the removal waits for by now stands there.
      reason: (service.state === 'removing' ? service.reason : null) ?? { code: 'removing', message: request.reason },
      workflow_id: request.run.workflowId,
      updated_at: eb.fn<string>('now'),
    }))
    .where('id', '=', service.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return {
    kind: 'removing',
    service: serviceRecord(removing),
    ...setting,
    addresses: await addressesToRelease(db, service.id),
    openOrders: (await openOrdersOf(db, service.id)).map(orderRecord),
  };
}

/** `removed` and a new generation, so that orders of a later life have new ids. */
export async function finishRemoval(
  db: Db,
  request: Parameters<Services['finishRemoval']>[0],
): Promise<'removed' | 'holds-addresses'> {
  const service = await lockService(db, request.service);
  if (service === undefined) throw new LedgerContractBroken('no-such-service', request.service);
  // Said again after its answer was lost, and ordered again meanwhile: this is the next life, which nobody removes.
  if (service.state !== 'removing') return 'removed';
  if (await holdsAddress(db, service)) return 'holds-addresses';
  // Orders whose run ended without closing them: nobody may take them over any more, and open they would keep their
  // integration from being removed. What may still land for them carries a closed order's tag: an orphan for the sync.
  for (const order of await openOrdersOf(db, service.id)) {
    await storeOutcome(db, order, {
      code: 'service-removed',
      message: `The service ${service.id} was removed before the order ${order.id} had an address.`,
      field: 'service',
      value: service.id,
      next: 'Order again under a new order id.',
    });
  }
  await db
    .updateTable('service')
    .set((eb) => ({
      state: 'removed' as const,
      generation: eb('generation', '+', 1),
      reason: null,
      updated_at: eb.fn<string>('now'),
    }))
    .where('id', '=', service.id)
    .execute();
  return 'removed';
}

async function holdsAddress(db: Db, service: ServiceRow): Promise<boolean> {
  const held = await db
    .selectFrom('address')
    .select('id')
    .where('service', '=', service.id)
    .where('state', 'in', bound)
    .limit(1)
    .executeTakeFirst();
  return held !== undefined;
}

/** Those bound to it, and those whose release runs already: the removal joins it. */
async function addressesToRelease(db: Db, service: string) {
  const rows = await selectAddresses(db)
    .where((eb) =>
      eb.or([
        eb('address.service', '=', service),
        eb.and([eb('address.former_service', '=', service), eb('address.state', '=', 'releasing')]),
      ]),
    )
    .orderBy('address.ip')
    .execute();
  return rows.map(addressRecord);
}

function openOrdersOf(db: Db, service: string) {
  return db
    .selectFrom('address_order')
    .selectAll()
    .where('service', '=', service)
    .where('outcome', 'is', null)
    .where('ip', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}
