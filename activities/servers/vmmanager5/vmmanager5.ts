import { z } from 'zod';
import type { ModuleDefinition } from '../module-definition.ts';
import { createVmManager5 } from './create-module.ts';

const capabilities = { addresses: true, lists: true, reported: false, mainAddressStays: true };

const named = (pattern: RegExp, accepted: string) => z.string({ error: accepted }).regex(pattern, accepted);

/** VMmanager 5, KVM and OVZ (reference/ispsystem-protocol.md 5.2). */
export const vmmanager5: ModuleDefinition = {
  name: 'vmmanager5',
  capabilities,
  needsUrl: true,
  settings: z.strictObject({
    preset: named(/^\S(.{0,98}\S)?$/, 'the name of a preset of the panel, at most 100 characters'),
    template: named(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      'the id of an operating system template with its repository, like ISPsystem__Debian-11-x86_64',
    ),
    node: named(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
      'auto, which is the default, or the name or number of a cluster node: letters, digits, dot, hyphen, underscore',
    ).optional(),
    user: named(
      /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,99}$/,
      'the name of a user of the panel who is to own all machines; left out, each service gets a user of its own',
    ).optional(),
    group: named(
      /^[A-Za-z0-9_-]{1,60}$/,
      'the group (iptype) addresses are added with, public unless named: letters, digits, hyphen, underscore',
    ).optional(),
  }),
  create: (connection) => createVmManager5(connection, capabilities),
};
