import type { IpManager } from './ipmanager/ip-manager.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { RunRef } from './ledger/records.ts';
import type { ModuleCapabilities, ServerModule } from './servers/server-module.ts';

/** What activities work with. Adapters are built in `worker/compose.ts` alone. */
export interface Deps {
  readonly ledger: Ledger;
  readonly panels: {
    of(integration: string): Promise<IpManager>;
    /** The administrator's login, acting as the user (`su`); nothing where none was given. */
    administratorOf(integration: string): Promise<IpManager | undefined>;
  };
  readonly servers: { of(server: string): Promise<ServerModule>; capabilitiesOf(module: string): ModuleCapabilities };
  readonly runs: Runs;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** In place of a run id: whichever run of that workflow id is the newest. */
export const newestRun = '';

/** Who owns a lock or an order can be asked (I6). */
export interface Runs {
  /** When the chain of runs ended; nothing while one of it is running. */
  closedAt(run: RunRef): Promise<Date | undefined>;
  /** Asks a running workflow to abandon; `closed` when none is running, `refused` when it is past that. */
  abandon(workflowId: string): Promise<'asked' | 'closed' | 'refused'>;
}
