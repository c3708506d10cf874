import type { ServerRow } from './server-row.ts';
import { ispmanager } from './servers/ispmanager.ts';
import { proxmoxVe } from './servers/proxmox-ve.ts';
import { vdsmanager4 } from './servers/vdsmanager4.ts';
import { vmmanager5 } from './servers/vmmanager5.ts';
import { vmmanager6 } from './servers/vmmanager6.ts';

/** Modules that work on a server of their own. A new one is one row. */
export const serverRows: readonly ServerRow[] = [ispmanager, ...proxmoxVe, vdsmanager4, vmmanager5, vmmanager6];
