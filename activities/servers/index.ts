import { external } from './external/external.ts';
import { ispmanagerBusiness } from './ispmanager/business.ts';
import { ispmanagerLite } from './ispmanager/lite.ts';
import type { ModuleDefinition } from './module-definition.ts';
import { proxmoxVe } from './proxmox-ve/proxmox-ve.ts';
import { vdsmanager4 } from './vdsmanager4/vdsmanager4.ts';
import { vmmanager5 } from './vmmanager5/vmmanager5.ts';
import { vmManager6 } from './vmmanager6/vmmanager6.ts';

/** The kinds of server there are, by the name `--module` takes. A new one is one line here. */
export const serverModules: Readonly<Record<string, ModuleDefinition>> = Object.fromEntries(
  [external, ispmanagerBusiness, ispmanagerLite, proxmoxVe, vdsmanager4, vmmanager5, vmManager6].map((definition) => [
    definition.name,
    definition,
  ]),
);

export type { ModuleDefinition } from './module-definition.ts';
