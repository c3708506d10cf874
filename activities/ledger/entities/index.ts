import { AddressEntity } from './address.ts';
import { AddressHistoryEntity } from './address-history.ts';
import { ConflictEntity } from './conflict.ts';
import { ImportRowEntity } from './import-row.ts';
import { InstallationEntity } from './installation.ts';
import { IntegrationEntity } from './integration.ts';
import { LockEntity } from './lock.ts';
import { OrderAttemptEntity } from './order-attempt.ts';
import { OrderEntity } from './order.ts';
import { ParkedEntity } from './parked.ts';
import { ServerEntity } from './server.ts';
import { ServiceEntity } from './service.ts';
import { SightingEntity } from './sighting.ts';
import { SyncItemEntity } from './sync-item.ts';
import { SyncRunEntity } from './sync-run.ts';
import { TariffEntity } from './tariff.ts';

export const entities = [
  InstallationEntity,
  IntegrationEntity,
  ServerEntity,
  TariffEntity,
  ServiceEntity,
  OrderEntity,
  OrderAttemptEntity,
  AddressEntity,
  AddressHistoryEntity,
  ConflictEntity,
  ParkedEntity,
  LockEntity,
  SyncRunEntity,
  SyncItemEntity,
  SightingEntity,
  ImportRowEntity,
];
