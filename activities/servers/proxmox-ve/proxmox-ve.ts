import type { ModuleDefinition } from '../module-definition.ts';
import { createProxmoxVe } from './create-module.ts';
import { proxmoxSettings } from './settings.ts';

const capabilities = { addresses: true, lists: true, reported: false };

/** Proxmox VE: containers and virtual machines, and the OpenVZ containers of versions 2 and 3 (reference 5.4). */
export const proxmoxVe: ModuleDefinition = {
  name: 'proxmox-ve',
  capabilities,
  needsUrl: true,
  settings: proxmoxSettings,
  create: (connection) => createProxmoxVe(connection, capabilities),
};
