import type { FaultOptions } from '../../../activities/http/simulator/faults.ts';
import type { Deps } from '../../../activities/deps.ts';
import type { IpManager } from '../../../activities/ipmanager/ip-manager.ts';
import { createIpManager, type IpManagerOptions } from '../../../activities/ipmanager/http/create-ip-manager.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../../activities/ipmanager/simulator/start.ts';
import { createWorld, type SimAddress, type WorldKnobs } from '../../../activities/ipmanager/simulator/world.ts';
import type { RunRef } from '../../../activities/ledger/records.ts';
import type { BeginRun, SyncRun } from '../../../activities/ledger/sync/sync-store.ts';
import { compareRange, type CompareBudget, type Compared } from '../../../activities/sync/compare.ts';
import { finishCompare } from '../../../activities/sync/finish.ts';
import { aRun, openWorld, type World } from '../../ledger/world.ts';

/** Ledger, simulated panel and the comparing activities called directly: no Temporal, but who asks who still runs. */
export interface SyncDesk extends World {
  readonly simulator: IpManagerSimulator;
  readonly deps: Deps;
  /** Runs that are open; all others are closed. */
  readonly open: Set<string>;
  /** Begins a run; the one before is ended first. */
  begin(fields?: Partial<BeginRun>): Promise<SyncRun>;
  /** Compares to the end with small pages, and finishes. */
  sync(fields?: Partial<BeginRun>): Promise<{ readonly compared: Compared; readonly run: SyncRun }>;
  compare(run: string, budget?: CompareBudget, sessions?: Set<string>): Promise<Compared>;
  end(run: SyncRun, state: 'applied' | 'planned' | 'refused' | 'failed'): Promise<void>;
  /** Replaces what the panel holds. */
  hold(rows: readonly Held[]): void;
  /** Another process's connection to the panel, with a session of its own. */
  otherWorker(): void;
}

export type Held = Pick<SimAddress, 'ip'> & Partial<SimAddress>;

export const smallPages: CompareBudget = { pages: 1_000, pageRows: 3 };

const password = 'correct horse';

export async function openDesk(knobs: Partial<WorldKnobs> = {}, hooks: FaultOptions = {}): Promise<SyncDesk> {
  const world = await openWorld();
  const simulator = await startIpManagerSimulator({
    world: createWorld({ networks: ['10.0.0.0/8'], users: [{ name: 'billing', password }], knobs }),
    hooks,
  });
  const open = new Set<string>();
  const opened: IpManager[] = [];
  const connect = (more: Partial<IpManagerOptions> = {}): IpManager => {
    const trust = { ca: null, pin: null, allowPlainHttp: true, allowPrivate: true };
    const made = createIpManager({
      url: simulator.url,
      login: 'billing',
      password,
      trust,
      requestTimeoutMs: 5_000,
      ...more,
    });
    opened.push(made);
    return made;
  };
  let panel = connect();
  const deps = {
    ledger: world.ledger,
    panels: { of: async () => panel },
    runs: {
      closedAt: async ({ runId }: RunRef) => (open.has(runId) ? undefined : new Date(0)),
      abandon: async () => 'closed' as const,
    },
    now: Date.now,
  } as unknown as Deps;
  let sessions = new Set<string>();
  let last: SyncRun | undefined;
  const desk: SyncDesk = {
    ...world,
    simulator,
    deps,
    open,
    async begin(fields = {}) {
      if (last !== undefined) await world.ledger.syncs.setState(last.run, 'failed', null);
      const begun = await world.ledger.syncs.begin({
        integration: 'panel',
        policy: 'all',
        dryRun: false,
        login: 'billing',
        scheduledFor: null,
        run: aRun('sync/panel'),
        ...fields,
      });
      if (begun.kind !== 'begun') throw new Error(`not begun: ${begun.kind}`);
      last = begun.run;
      return begun.run;
    },
    async sync(fields = {}) {
      const { run } = await desk.begin(fields);
      const compared = await desk.compare(run);
      return { compared, run: await finishCompare(deps, run) };
    },
    compare: (run, budget = smallPages, seen = sessions) =>
      compareRange(deps, run, { budget, sessions: seen, signal: new AbortController().signal, beat: () => undefined }),
    async end(run, state) {
      await world.ledger.syncs.setState(run.run, state, null);
    },
    hold(rows) {
      simulator.world.addresses.clear();
      for (const row of rows) {
        const plain = {
          owner: 'billing',
          group: 'public',
          domain: '',
          note: '',
          state: 'allocated',
          freeAt: null,
        } as const;
        simulator.world.addresses.set(row.ip, { ...plain, ...row });
      }
      simulator.world.revision += 1;
    },
    otherWorker() {
      panel = connect();
      sessions = new Set();
    },
    async close() {
      for (const one of opened) await one.close();
      await simulator.close();
      await world.close();
    },
  };
  return desk;
}
