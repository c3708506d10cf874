import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { retrySetupUpdate, workflowIds } from '../../../workflows/contract.ts';
import type { ProvisionServiceInput } from '../../../workflows/inputs/inputs.ts';
import type { provisionService, removeService } from '../../../workflows/index.ts';
import type { Engine } from '../../support/engine.ts';
import { service } from '../../support/orders.ts';
import { answered, attach, persistently, started, typeOf } from './customer.ts';
import type { ServerPanel } from './server-panel.ts';

/** What becomes of an order in the end. */
export type Fate =
  | 'stays'
  /** Removed once it is active. */
  | 'goes'
  /** Removed while it is being set up. */
  | 'goes-early';

export interface ServerOrder {
  readonly panel: ServerPanel;
  readonly input: ProvisionServiceInput;
  readonly fate: Fate;
  readonly patienceMs: number;
}

const tariffs = ['one', 'both', 'two'] as const;

/** Three tariffs of one or two addresses; of four services one is removed when it is active and one before. */
export function orderFor(panel: ServerPanel, n: number, random: number): ServerOrder {
  const fate = n % 2 === 1 ? 'stays' : n % 4 === 0 ? 'goes' : 'goes-early';
  const id = `${panel.name}-${n}`;
  const tariff = tariffs[n % 3] ?? 'one';
  const input = service(id, { server: panel.name, tariff, kind: panel.kind, customer: `c-${n % 5}` });
  return { panel, input, fate, patienceMs: Math.round(random * 3_000) };
}

/** How it ended: `active`, `removed`, or what went wrong. */
export async function play(engine: Engine, { input, fate, patienceMs }: ServerOrder): Promise<string> {
  const handle = await persistently(() => started(engine, input));
  if (fate === 'goes-early') {
    await answered(() => attach(engine, input));
    await sleep(patienceMs);
    return remove(engine, input.service.id);
  }
  try {
    await persistently(() => handle.result());
  } catch (error) {
    return typeOf(error);
  }
  return fate === 'goes' ? remove(engine, input.service.id) : 'active';
}

async function remove(engine: Engine, id: string): Promise<string> {
  const handle = await persistently(() =>
    engine.client.workflow.start<typeof removeService>('removeService', {
      workflowId: workflowIds.removeService(id),
      taskQueue: engine.taskQueue,
      args: [{ service: id, reason: 'contract ended' }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout: '5s',
    }),
  );
  try {
    const { kept } = await persistently(() => handle.result());
    return kept.length === 0 ? 'removed' : `kept ${JSON.stringify(kept)}`;
  } catch (error) {
    return typeOf(error);
  }
}

export interface Operator {
  readonly retries: number;
  stop(): Promise<void>;
}

/** A person who looks at what waits, mends in the panel what only a person can, and has the set-up tried again. */
export function startOperator(engine: Engine, panels: readonly ServerPanel[]): Operator {
  const asked = new Set<string>();
  let retries = 0;
  const over = new AbortController();
  const retry = async (id: string): Promise<void> => {
    asked.add(id);
    const handle = engine.client.workflow.getHandle<typeof provisionService>(workflowIds.provisionService(id));
    try {
      await handle.executeUpdate(retrySetupUpdate, { updateId: randomUUID() });
      retries += 1;
    } catch {
      // It goes on by itself, or is being removed: the next round looks again.
    } finally {
      asked.delete(id);
    }
  };
  const rounds = async (): Promise<void> => {
    while (!over.signal.aborted) {
      for (const { id } of await engine.ledger.services.list({ state: 'waiting' })) {
        if (asked.has(id)) continue;
        for (const panel of panels) panel.mend?.();
        void retry(id);
      }
      await sleep(300);
    }
  };
  const working = rounds();
  return {
    get retries() {
      return retries;
    },
    async stop() {
      over.abort();
      await working;
    },
  };
}
