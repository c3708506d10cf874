import type { ModuleDefinition } from '../module-definition.ts';
import { createProxmoxVe } from './create-module.ts';
import { proxmoxSettings } from './settings.ts';

/** A running virtual machine keeps its addresses until it is stopped, so a service that is removed goes first. */
const capabilities = { addresses: true, lists: true, reported: false, mainAddressStays: true };

/** Proxmox VE: containers and virtual machines, and the OpenVZ containers of versions 2 and 3 (reference 5.4). */
export const proxmoxVe: ModuleDefinition = {
  name: 'proxmox-ve',
  capabilities,
  needsUrl: true,
  settings: proxmoxSettings,
  create: (connection) => createProxmoxVe(connection, capabilities),
};
