import type { ModuleDefinition } from '../module-definition.ts';
import { createVmManager6 } from './create-module.ts';
import { vmManager6Settings } from './settings.ts';

/** Whether a machine may lose its last address is not known, so a service that is removed goes first (inferred). */
const capabilities = { addresses: true, lists: true, reported: false, mainAddressStays: true };

/** VMmanager 6: virtual machines, each with the addresses IPmanager gave; the login is an administrator's email address. */
export const vmManager6: ModuleDefinition = {
  name: 'vmmanager6',
  capabilities,
  needsUrl: true,
  settings: vmManager6Settings,
  create: (connection) => createVmManager6(connection, capabilities),
};
