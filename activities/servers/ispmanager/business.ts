import { z } from 'zod';
import type { ModuleDefinition } from '../module-definition.ts';
import { createIspManager } from './create-module.ts';

const capabilities = { addresses: true, lists: true, reported: false };

/** ispmanager business and host: dedicated addresses are role *assigned* with an owner (documented: reference 4.7). */
export const ispmanagerBusiness: ModuleDefinition = {
  name: 'ispmanager-business',
  capabilities,
  needsUrl: true,
  settings: z.strictObject({
    preset: z.string().min(1).max(100).optional(),
    webdomain: z.enum(['on', 'off']).optional(),
    emaildomain: z.enum(['on', 'off']).optional(),
  }),
  create: (connection) => createIspManager(connection, capabilities),
};
