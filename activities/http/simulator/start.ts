import type { CallRecord } from './call-record.ts';
import { createFaults, type FaultOptions, type Faults } from './faults.ts';
import { startSimulatorServer, type SimulatedPanel, type SimulatorServerOptions } from './server.ts';
import { createStateFile, readState } from './state-file.ts';

/** What every simulator may be told. */
export interface SimulatorOptions<World, Hooks extends FaultOptions = FaultOptions> extends Pick<
  SimulatorServerOptions<unknown>,
  'port' | 'tls'
> {
  /** Kept up to date with every answered change, so that a kill loses nothing a client was told. */
  readonly stateFile?: string;
  readonly world?: World;
  readonly hooks?: Hooks;
}

/** A panel on this machine. Its world may be looked at and changed at any time. */
export interface Simulator<World> {
  /** As a hoster gives it. */
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly faults: Faults;
  /** Every request that came, oldest first. */
  readonly log: readonly CallRecord[];
  /** Forgets all sessions, as a restart of the panel does. */
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** What makes one kind of panel. */
interface PanelKind<World, Call> {
  readonly world: World;
  /** Puts what an earlier run left into the world; nothing when there is none. */
  readonly restore: (world: World, state: unknown) => void;
  readonly stateText: (world: World) => string;
  /** `saved` is awaited after work and before its answer. */
  readonly panel: (saved: () => Promise<void>) => SimulatedPanel<Call>;
  /** Behind host and port, in the URL a hoster gives. */
  readonly path: string;
}

/** Starts a simulated panel: its world as it was left, faults on demand, and all that changes kept on disk. */
export async function startSimulator<World extends { readonly revision: number }, Call>(
  { port, tls, stateFile, hooks }: SimulatorOptions<World>,
  kind: PanelKind<World, Call>,
): Promise<Simulator<World>> {
  const { world } = kind;
  kind.restore(world, readState(stateFile));
  const faults = createFaults(hooks);
  const state = createStateFile({
    file: stateFile,
    revision: () => world.revision,
    text: () => kind.stateText(world),
  });
  const panel = kind.panel(() => state.saved());
  const server = await startSimulatorServer({
    panel,
    faults,
    ...(port === undefined ? {} : { port }),
    ...(tls === undefined ? {} : { tls }),
  });
  return {
    url: `${server.origin}${kind.path}`,
    port: server.port,
    world,
    faults,
    log: server.log,
    loseSessions: () => panel.loseSessions(),
    lateWorkDone: () => server.lateWorkDone(),
    close: () => server.close(),
  };
}
