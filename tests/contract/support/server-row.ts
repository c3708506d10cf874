import type { CallRecord } from '../../../activities/http/simulator/call-record.ts';
import type { Fault, SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import { serverModules } from '../../../activities/servers/index.ts';
import type { ServerConnection, ServerModule } from '../../../activities/servers/server-module.ts';
import type { ServiceKind } from '../../../workflows/domain/states.ts';
import { canary, openTrust, type Panels } from './panels.ts';

/** One server with its simulator, as the contract suite drives it. */
export interface ServerUnderTest {
  module(connection?: Partial<ServerConnection>): ServerModule;
  /** Decides faults of the simulator. */
  onRequest(hook: (request: SimulatedRequest) => Fault | undefined): void;
  /** Every request so far. */
  readonly log: readonly CallRecord[];
  /** Services there, whoever has made them: what was made twice shows. */
  count(): number;
  lateWorkDone(): Promise<void>;
  /** Makes somebody else on the server use an address. */
  occupy(ip: string): void;
  /** Forgets all sessions, as a restart of the panel does. */
  restart(): void;
  /** Stops what runs, where an address goes from a stopped machine only. */
  readonly stop?: () => void;
  /** No room is left for anything new. */
  fillDisk(): void;
  /** How tasks go from now on; null where every call answers when its work is done. */
  readonly tasks: {
    /** The next task that makes or changes something ends badly, with these words. */
    failNext(words: string): void;
    /** Tasks begun from now on never end, until `goOn`. */
    hang(): void;
    goOn(): void;
  } | null;
}

export interface ServerRow {
  readonly name: string;
  readonly kind: ServiceKind;
  /** Settings every module of this row is made with. */
  readonly settings: Readonly<Record<string, string>>;
  /** A setting (template, preset) whose value the server does not have: `no-such-…`. */
  readonly unknown: Readonly<Record<string, string>>;
  /** A login without the right to set services up; what of the connection says so. */
  readonly powerless: Partial<ServerConnection>;
  /** Whether the server works on in tasks once a call has answered. */
  readonly inTasks: boolean;
  /** How many changes of the server a set-up with two addresses, a removal of one and a removal of the service need. */
  readonly leastChanges: number;
  start(panels: Panels): Promise<ServerUnderTest>;
}

export function connectionTo(url: string | null, more: Partial<ServerConnection> = {}): ServerConnection {
  return {
    name: 'web1',
    url,
    login: 'root',
    secret: canary,
    settings: {},
    // More than any answer takes, also on a busy machine: a call's looks have half of it.
    requestTimeoutMs: 20_000,
    trust: openTrust,
    ...more,
  };
}

export function moduleNamed(name: string, connection: ServerConnection): ServerModule {
  const definition = serverModules[name];
  if (definition === undefined) throw new Error(`no module ${name}`);
  return definition.create(connection);
}
