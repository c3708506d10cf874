import type { MigrationObject } from '@mikro-orm/core';
import { AddSettings } from './001-settings.ts';
import { AddServicesAndOrders } from './002-services-and-orders.ts';
import { AddAddresses } from './003-addresses.ts';
import { AddSyncs } from './004-syncs.ts';
import { AddPanelSince } from './005-panel-since.ts';
import { AddDeleteBegun } from './006-delete-begun.ts';

/** Forward steps, oldest first. A step that went out is never changed: what is wrong in it is mended by the next one. */
export const migrationsList: MigrationObject[] = [
  { name: '001-settings', class: AddSettings },
  { name: '002-services-and-orders', class: AddServicesAndOrders },
  { name: '003-addresses', class: AddAddresses },
  { name: '004-syncs', class: AddSyncs },
  { name: '005-panel-since', class: AddPanelSince },
  { name: '006-delete-begun', class: AddDeleteBegun },
];
