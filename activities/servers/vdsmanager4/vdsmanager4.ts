import { z } from 'zod';
import type { ModuleDefinition } from '../module-definition.ts';
import { createVdsManager4 } from './create-module.ts';

const capabilities = { addresses: true, lists: true, reported: false, mainAddressStays: true };

const named = (what: string) => z.string({ error: what }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, what);

/** VDSmanager 4 (reference/ispsystem-protocol.md 5.1); its URL is like https://panel.example.com/manager/vdsmgr. */
export const vdsmanager4: ModuleDefinition = {
  name: 'vdsmanager4',
  capabilities,
  needsUrl: true,
  settings: z.strictObject({
    preset: named('the name of a VDS template (vdspreset) of the panel: letters, digits, dot, hyphen, underscore'),
    template: named('the name of a disk template (disktempl) of the panel: letters, digits, dot, hyphen, underscore'),
    owner: named('the user of the panel who is to own all VDSs, the login unless named').optional(),
    /** Whether the lists say how many rows they have is (inferred) for version 4. */
    lists: z
      .enum(['counted', 'whole'], {
        error: 'counted: lists say how many rows there are (the default), or whole: they come whole and do not',
      })
      .optional(),
    /** The name of that form is (inferred). */
    ipmanager: z
      .string()
      .regex(
        /^[a-z][a-z0-9.]{0,40}$/,
        "the function of the panel's IPmanager form, ipmgr unless named, or none: it is not asked for",
      )
      .optional(),
  }),
  create: (connection) => createVdsManager4(connection, capabilities),
};
