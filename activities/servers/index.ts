import { external } from './external/external.ts';
import { ispmanagerBusiness } from './ispmanager/business.ts';
import { ispmanagerLite } from './ispmanager/lite.ts';
import type { ModuleDefinition } from './module-definition.ts';

/** The kinds of server there are, by the name `--module` takes. A new one is one line here. */
export const serverModules: Readonly<Record<string, ModuleDefinition>> = Object.fromEntries(
  [external, ispmanagerBusiness, ispmanagerLite].map((definition) => [definition.name, definition]),
);

export type { ModuleDefinition } from './module-definition.ts';
