import type { ServerRow } from './server-row.ts';
import { ispmanager } from './servers/ispmanager.ts';

/** Modules that work on a server of their own. A new one is one row. */
export const serverRows: readonly ServerRow[] = [ispmanager];
