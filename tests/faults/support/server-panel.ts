import type { Faults } from '../../../activities/http/simulator/faults.ts';
import type { ServerFields } from '../../../activities/ledger/settings.ts';
import type { ServiceName } from '../../../activities/servers/server-module.ts';
import type { ServiceKind } from '../../../workflows/domain/states.ts';

/** A server panel under faults: what the ledger is told of it, and what its simulator's own world says is there. */
export interface ServerPanel {
  /** Its name in the ledger, and what the names of its services begin with. */
  readonly name: string;
  readonly kind: ServiceKind;
  readonly fields: Partial<ServerFields>;
  readonly secret: string;
  readonly simulator: {
    readonly faults: Faults;
    lateWorkDone(): Promise<void>;
    close(): Promise<void>;
  };
  /** Every machine, guest or user, by what proves whose it is, with the addresses it uses. */
  things(): readonly Thing[];
  /** What proves that a thing is this service's. */
  proofOf(service: ServiceName): string;
  /** What the panel keeps apart from its machines: their owners, their addresses' rows. */
  beside?(): readonly Thing[];
  /** The next task ends badly, with these words. Nothing where the panel works without tasks. */
  readonly failNext?: (words: string) => void;
  /** What a person does in the panel about machines whose making failed. */
  readonly mend?: () => void;
}

export interface Thing {
  readonly proof: string;
  readonly addresses: readonly string[];
}

/** How long a task of a panel works. */
export const taskMs = 150;
