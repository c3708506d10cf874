import type { ModuleDefinition } from '../module-definition.ts';
import { createIspManager } from './create-module.ts';
import { ispManagerSettings } from './settings.ts';

const capabilities = { addresses: true, lists: true, reported: false };

/** ispmanager business and host: dedicated addresses are role *assigned* with an owner (documented: reference 4.7). */
export const ispmanagerBusiness: ModuleDefinition = {
  name: 'ispmanager-business',
  capabilities,
  needsUrl: true,
  settings: ispManagerSettings,
  create: (connection) => createIspManager(connection, capabilities),
};
