import type { Fault, SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import { serverModules } from '../../../activities/servers/index.ts';
import { startIspManagerSimulator } from '../../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld } from '../../../activities/servers/ispmanager/simulator/world.ts';
import type { ServerConnection, ServerModule } from '../../../activities/servers/server-module.ts';
import { canary, openTrust, type Panels } from './panels.ts';

/** One server with its simulator, as the contract suite drives it. */
interface ServerUnderTest {
  module(connection?: Partial<ServerConnection>): ServerModule;
  /** Decides faults of the simulator. */
  onRequest(hook: (request: SimulatedRequest) => Fault | undefined): void;
  /** Every change that was really made, by purpose. */
  changes(): number;
  lateWorkDone(): Promise<void>;
  /** Makes somebody else on the server use an address. */
  occupy(ip: string): void;
  /** Forgets all sessions, as a restart of the panel does. */
  restart(): void;
}

export interface ServerRow {
  readonly name: string;
  /** A setting that names something the server does not have. */
  readonly unknownPreset: Readonly<Record<string, string>>;
  /** A login without the right to set services up. */
  readonly powerless: string;
  start(panels: Panels): Promise<ServerUnderTest>;
}

export function connectionTo(url: string | null, more: Partial<ServerConnection> = {}): ServerConnection {
  return {
    name: 'web1',
    url,
    login: 'root',
    secret: canary,
    settings: {},
    requestTimeoutMs: 1_200,
    trust: openTrust,
    ...more,
  };
}

export function moduleNamed(name: string, connection: ServerConnection): ServerModule {
  const definition = serverModules[name];
  if (definition === undefined) throw new Error(`no module ${name}`);
  return definition.create(connection);
}

const ispmanager: ServerRow = {
  name: 'ispmanager-business',
  unknownPreset: { preset: 'no-such-preset' },
  powerless: 'plain',
  async start(panels) {
    const world = createIspWorld({
      logins: [
        { name: 'root', password: canary, level: 30 },
        { name: 'plain', password: canary, level: 16 },
      ],
      addresses: [{ ip: '198.51.100.2', role: 'shared' }],
      users: [{ name: 'oldsite', fullname: 'Old Site Ltd', preset: 'start', domain: 'oldsite.example' }],
    });
    const server = panels.keep(await startIspManagerSimulator({ world }));
    const changing = new Set(['create', 'write', 'release']);
    return {
      module: (connection) => panels.keep(moduleNamed('ispmanager-business', connectionTo(server.url, connection))),
      onRequest: (hook) => {
        server.faults.hook = hook;
      },
      changes: () => server.log.filter((record) => record.worked && changing.has(record.purpose)).length,
      lateWorkDone: () => server.lateWorkDone(),
      occupy: (ip) => void world.addresses.set(ip, { ip, role: 'assigned', owner: 'oldsite', onInterface: false }),
      restart: () => server.loseSessions(),
    };
  },
};

/** Modules that work on a server of their own. A new one is one row. */
export const serverRows: readonly ServerRow[] = [ispmanager];
