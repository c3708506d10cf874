import { z } from 'zod';
import type { ModuleDefinition } from '../module-definition.ts';
import type { ServerModule } from '../server-module.ts';

/**
 * The provisioning system sets services up itself and reports with `setupFinished`. Removal and further addresses need
 * no report: it learns of them from our answers (design.md 3, "Cost").
 */
export const external: ModuleDefinition = {
  name: 'external',
  capabilities: { addresses: true, lists: false, reported: true },
  needsUrl: false,
  settings: z.strictObject({}),
  create: () => module,
};

const module: ServerModule = {
  capabilities: external.capabilities,
  setUp: async () => ({ kind: 'awaiting-report' }),
  addAddress: async () => ({ kind: 'done' }),
  removeAddress: async () => ({ kind: 'done' }),
  addressesOf: async () => undefined,
  remove: async () => ({ kind: 'done' }),
  progressOf: async () => ({ kind: 'awaiting-report' }),
  test: async () => ({
    product: 'external',
    version: null,
    rights: 'the provisioning system sets services up and reports',
    missing: [],
  }),
  close: async () => undefined,
};
